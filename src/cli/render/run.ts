/** A run as a terminal shows it: a table of results, the map of domains, and how the numbers were made. */
import { methodOf, type Run, type RunRow, type RunTaskRow, runRows, taskRows } from "../../evaluate/index.ts";
import { formatCount, formatNumber, formatRate, formatWithError } from "./format.ts";
import { displayWidth, shorten, visible } from "./visible.ts";

/** Widest column of names. */
const WIDEST_NAME = 32;

type Column = readonly [heading: string, cell: (row: RunRow) => string];

const NAMES: readonly Column[] = [
  ["corpus", ({ corpus }) => shorten(visible(corpus), WIDEST_NAME)],
  ["model", ({ model }) => shorten(visible(model), WIDEST_NAME)],
];
const NUMBERS: readonly Column[] = [
  ["perplexity", ({ perplexity, stderr }) => formatWithError(perplexity, stderr)],
  ["bits/byte", ({ bitsPerByte, bitsPerByteStderr }) => formatWithError(bitsPerByte, bitsPerByteStderr)],
  ["per word", ({ wordPerplexity }) => formatNumber(wordPerplexity)],
  ["tokens", ({ scored }) => formatCount(scored)],
  ["documents", ({ documents }) => formatCount(documents)],
  ["speed", ({ tokensRun, totalMs }) => formatRate((1000 * tokensRun) / totalMs, "tok")],
];

export function renderRun(run: Run, stream: { isTTY?: boolean; columns?: number }): string {
  const rows = runRows(run);
  const lines = rows.length > 0 ? table(rows, [...NAMES, ...NUMBERS]) : [];
  if (run.taskResults.length > 0)
    lines.push(...(rows.length > 0 ? [""] : []), ...table(taskRows(run), TASKS));
  const recipes =
    rows.length > 0
      ? [...new Set(run.models.map(({ recipe }) => `recipe ${recipe.name} (${recipe.id})`))]
      : [];
  const width = stream.isTTY ? stream.columns || 80 : null;
  return [
    ...lines.map((line) => (width === null ? line : shorten(line, width))),
    "",
    ...recipes,
    ...methodOf([run]).map(visible),
    "",
  ].join("\n");
}

const TASKS: readonly (readonly [heading: string, cell: (row: RunTaskRow) => string])[] = [
  ["task", ({ task }) => shorten(visible(task), WIDEST_NAME)],
  ["model", ({ model }) => shorten(visible(model), WIDEST_NAME)],
  ["acc %", ({ acc, accStderr }) => percent(acc, accStderr)],
  ["acc_norm %", ({ accNorm, accNormStderr }) => percent(accNorm, accNormStderr)],
  ["by tokens %", ({ accNormTokens, accNormTokensStderr }) => percent(accNormTokens, accNormTokensStderr)],
  ["chance %", ({ chance }) => percent(chance, null)],
  ["perplexity", ({ perplexity, perplexityStderr }) => formatWithError(perplexity, perplexityStderr)],
  ["questions", ({ questions }) => formatCount(questions)],
];

function percent(share: number | null, error: number | null): string {
  return share === null ? "" : formatWithError(100 * share, error === null ? null : 100 * error);
}

/** Columns of names to the left, of numbers to the right. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly (readonly [heading: string, cell: (row: Row) => string])[],
  names: number = NAMES.length,
): string[] {
  const cells = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, cell]) => cell(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => displayWidth(line[i]!))));
  return cells.map((line) =>
    line
      .map((cell, i) => {
        const space = " ".repeat(widths[i]! - displayWidth(cell));
        return i < names ? cell + space : space + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}
