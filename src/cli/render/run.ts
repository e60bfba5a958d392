/** A run as a terminal shows it: a table of results, the map of domains, and how the numbers were made. */

import { type Run, type RunRow, type RunTaskRow, runRows, taskRows } from "../../evaluate/index.ts";
import { methodOf, RUN_COLUMNS, TASK_COLUMNS, type TableColumn } from "../../report/index.ts";
import { displayWidth, formatNumber, formatRate, shorten, visible } from "../../text/index.ts";

/** Widest column of names. */
const WIDEST_NAME = 32;

type Columns<Row> = readonly TableColumn<Row>[];

const name = (text: string): string => shorten(visible(text), WIDEST_NAME);

const RUNS: Columns<RunRow> = [
  ["corpus", ({ corpus }) => name(corpus)],
  ["model", ({ model }) => name(model)],
  ...RUN_COLUMNS,
  ["speed", ({ tokensRun, totalMs }) => formatRate((1000 * tokensRun) / totalMs, "tok")],
];
const TASKS: Columns<RunTaskRow> = [
  ["task", ({ task }) => name(task)],
  ["model", ({ model }) => name(model)],
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
  const lines = rows.length > 0 ? fitting(rows, RUNS, width) : [];
  const answers = taskRows(run);
  if (answers.length > 0) {
    const known = TASKS.filter(([, cell]) => answers.some((row) => cell(row) !== MISSING));
    lines.push(...(rows.length > 0 ? [""] : []), ...fitting(answers, known, width));
  }
  return [...lines, "", ...methodOf([run]).map(visible), ""].join("\n");
}

const MISSING = formatNumber(null);

/** A table that leaves out its last columns where the terminal has no room for them: half a number would be a wrong one. */
function fitting<Row>(rows: readonly Row[], columns: Columns<Row>, width: number): string[] {
  const lines = table(rows, columns);
  if (columns.length > NAMES + 1 && lines.some((line) => displayWidth(line) > width))
    return fitting(rows, columns.slice(0, -1), width);
  return lines;
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
