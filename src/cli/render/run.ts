/** A run as a terminal shows it: a table of results, the map of domains, and how the numbers were made. */

import { type Run, type RunRow, type RunTaskRow, runRows, taskRows } from "../../evaluate/index.ts";
import { methodOf } from "../../report/index.ts";
import {
  displayWidth,
  formatCount,
  formatNumber,
  formatRate,
  formatWithError,
  shorten,
  visible,
} from "../../text/index.ts";

/** Widest column of names. */
const WIDEST_NAME = 32;

type Column = readonly [heading: string, cell: (row: RunRow) => string];

const NAMES: readonly Column[] = [
  ["corpus", ({ corpus }) => shorten(visible(corpus), WIDEST_NAME)],
  ["model", ({ model }) => shorten(visible(model), WIDEST_NAME)],
];
const NUMBERS: readonly Column[] = [
  ["perplexity", ({ perplexity, standardError }) => formatWithError(perplexity, standardError)],
  [
    "bits/byte",
    ({ bitsPerByte, bitsPerByteStandardError }) => formatWithError(bitsPerByte, bitsPerByteStandardError),
  ],
  ["per word", ({ wordPerplexity }) => formatNumber(wordPerplexity)],
  ["tokens", ({ scored }) => formatCount(scored)],
  ["documents", ({ documents }) => formatCount(documents)],
  ["speed", ({ tokensRun, totalMs }) => formatRate((1000 * tokensRun) / totalMs, "tok")],
];

export function renderRun(
  run: Run,
  stream: { isTTY?: boolean | undefined; columns?: number | undefined },
): string {
  const rows = runRows(run);
  const width = stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;
  const lines = rows.length > 0 ? fitting(rows, [...NAMES, ...NUMBERS], width) : [];
  const answers = taskRows(run);
  if (answers.length > 0) {
    const known = TASKS.filter(([, cell]) => answers.some((row) => cell(row) !== MISSING));
    lines.push(...(rows.length > 0 ? [""] : []), ...fitting(answers, known, width));
  }
  return [...lines, "", ...methodOf([run]).map(visible), ""].join("\n");
}

const TASKS: readonly (readonly [heading: string, cell: (row: RunTaskRow) => string])[] = [
  ["task", ({ task }) => shorten(visible(task), WIDEST_NAME)],
  ["model", ({ model }) => shorten(visible(model), WIDEST_NAME)],
  ["acc %", ({ acc, accStandardError }) => percent(acc, accStandardError)],
  ["acc_norm %", ({ accNorm, accNormStandardError }) => percent(accNorm, accNormStandardError)],
  [
    "by tokens %",
    ({ accNormTokens, accNormTokensStandardError }) => percent(accNormTokens, accNormTokensStandardError),
  ],
  ["chance %", ({ chance }) => percent(chance, null)],
  [
    "perplexity",
    ({ perplexity, perplexityStandardError }) => formatWithError(perplexity, perplexityStandardError),
  ],
  ["questions", ({ questions }) => formatCount(questions)],
];

const MISSING = formatNumber(null);

function percent(share: number | null, error: number | null): string {
  return share === null ? MISSING : formatWithError(100 * share, error === null ? null : 100 * error);
}

type Columns<Row> = readonly (readonly [heading: string, cell: (row: Row) => string])[];

/** A table that leaves out its last columns where the terminal has no room for them: half a number would be a wrong one. */
function fitting<Row>(rows: readonly Row[], columns: Columns<Row>, width: number): string[] {
  const lines = table(rows, columns);
  if (columns.length > NAMES.length + 1 && lines.some((line) => displayWidth(line) > width))
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
  names: number | ((column: number) => boolean) = NAMES.length,
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
