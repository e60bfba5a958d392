/** A run as a terminal shows it: a table of results, the map of domains, and how the numbers were made. */

import { type Run, type RunRow, type RunTaskRow, runRows, taskRows } from "../../evaluate/index.ts";
import {
  methodOf,
  RUN_COLUMNS,
  SIZE_COLUMNS,
  TASK_COLUMNS,
  type TableColumn,
  withoutUnknownSizes,
} from "../../report/index.ts";
import {
  displayWidth,
  distinctLabels,
  formatNumber,
  formatRate,
  shorten,
  shortenMiddle,
  visible,
} from "../../text/index.ts";

/** Widest column of names. */
const WIDEST_NAME = 32;

type Columns<Row> = readonly TableColumn<Row>[];

/** Names of models beside each other: what they share gives way where there is little room. */
const MODEL = "model";

/** Widest names in a terminal of this width. */
const mostOf = (width: number): number => Math.min(WIDEST_NAME, Math.max(12, Math.floor(width / 4)));

const name = (text: string): string => visible(text);

const RUNS: Columns<RunRow> = [
  ["corpus", ({ corpus }) => name(corpus)],
  ["model", ({ model }) => name(model)],
  ...SIZE_COLUMNS,
  ...RUN_COLUMNS,
  ["speed", ({ tokensRun, totalMs }) => formatRate((1000 * tokensRun) / totalMs, "tok")],
];
const TASKS: Columns<RunTaskRow> = [
  ["task", ({ task }) => name(task)],
  ["model", ({ model }) => name(model)],
  ...SIZE_COLUMNS,
  ...TASK_COLUMNS,
];
/** Columns of names, which stand in front. */
const NAMES = 2;

export function renderRun(
  run: Run,
  stream: { isTTY?: boolean | undefined; columns?: number | undefined },
): string {
  const rows = runRows(run);
  const width = stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;
  const lines =
    rows.length > 0 ? fitTables(rows, named(withoutUnknownSizes(rows, RUNS), rows, width), width, NAMES) : [];
  const answers = taskRows(run);
  if (answers.length > 0) {
    const known = withoutUnknownSizes(answers, TASKS).filter(([, cell]) =>
      answers.some((row) => cell(row) !== MISSING),
    );
    lines.push(
      ...(rows.length > 0 ? [""] : []),
      ...fitTables(answers, named(known, answers, width), width, NAMES),
    );
  }
  return [...lines, "", ...methodOf([run]).map(visible), ""].join("\n");
}

const MISSING = formatNumber(null);

/** Columns whose names have the room that there is. */
function named<Row>(columns: Columns<Row>, rows: readonly Row[], width: number): Columns<Row> {
  const most = mostOf(width);
  return columns.map(([heading, cell], i) => {
    if (i >= NAMES) return [heading, cell];
    const names = rows.map(cell);
    const labels =
      heading === MODEL
        ? distinctLabels(names, (one) => displayWidth(one) <= most).map((one) => shortenMiddle(one, most))
        : names.map((one) => shorten(one, most));
    return [heading, (row) => labels[names.indexOf(cell(row))]!];
  });
}

/** A column of words, which stand to the left wherever it is. */
const REMARKS = "remarks";

/**
 * A table that goes on below itself where the terminal has no room for all columns: half a number would be a wrong one. Columns of
 * names stand in front of each part.
 * @param width of the terminal.
 * @param names how many columns from the first on are names.
 */
export function fitTables<Row>(
  rows: readonly Row[],
  columns: Columns<Row>,
  width: number,
  names: number,
): string[] {
  const front = columns.slice(0, names);
  const lines: string[] = [];
  for (let next = names; next < columns.length; ) {
    const isName = (column: number) => column < names || part[column]?.[0] === REMARKS;
    let part = [...front, columns[next++]!];
    for (; next < columns.length; next++) {
      const wider = [...part, columns[next]!];
      if (table(rows, wider, isName).some((line) => displayWidth(line) > width)) break;
      part = wider;
    }
    lines.push(...(lines.length > 0 ? [""] : []), ...table(rows, part, isName));
  }
  return columns.length > names ? lines : table(rows, columns, names);
}

/**
 * Columns of names to the left, of numbers to the right.
 * @param names how many columns from the first on are names, or which ones.
 */
export function table<Row>(
  rows: readonly Row[],
  columns: Columns<Row>,
  names: number | ((column: number) => boolean) = NAMES,
): string[] {
  const isName = typeof names === "number" ? (column: number) => column < names : names;
  const cells = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, cell]) => cell(row))),
  ];
  const widths = columns.map((_, i) =>
    cells.reduce((widest, line) => Math.max(widest, displayWidth(line[i]!)), 0),
  );
  return cells.map((line) =>
    line
      .map((cell, i) => {
        const space = " ".repeat(widths[i]! - displayWidth(cell));
        return isName(i) ? cell + space : space + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}
