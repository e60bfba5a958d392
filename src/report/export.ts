/** Runs as CSV, Markdown, a page with pictures, and the capability map alone. */

import type { Run } from "../evaluate/runs/index.ts";
import {
  labelled,
  modelLabel,
  type RunRow,
  runRows,
  type TaskRow,
  taskRows,
} from "../evaluate/runs/index.ts";

/** What runs can be written as. */
export const EXPORT_FORMATS = ["csv", "md", "html", "svg"] as const;
/** One of EXPORT_FORMATS. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Options of `exportRuns`. */
export interface ExportOptions {
  /** Folder of each run, in the order of the runs: a page then has pictures of the tokens that are kept there. */
  folders?: readonly (string | undefined)[] | undefined;
}

/**
 * Runs as a table (csv, md), a page (html) or a picture (svg).
 * @param runs their results stand below each other.
 */
export async function exportRuns(
  runs: readonly Run[],
  format: ExportFormat,
  { folders = [] }: ExportOptions = {},
): Promise<string> {
  const rows = runs.flatMap(runRows);
  if (format === "csv")
    return [csv(rows), csv(runs.flatMap(taskRows))].filter((part) => part !== "").join("\r\n");
  if (format === "md") return markdown(runs, rows);
  const { mapPicture, runsPage } = await import("./run-page.ts"); // slow to load
  return format === "svg" ? mapPicture(rows) : runsPage(runs, rows, folders);
}

/** RFC 4180, corpora and tasks with an empty line between, each with a header; numbers in full precision. A missing number is an empty field. */
function csv<Row extends object>(rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const columns = Object.keys(rows[0]!) as (keyof Row & string)[];
  const field = (value: unknown) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  return `${lines.map((line) => line.map(field).join(",")).join("\r\n")}\r\n`;
}

type Columns<Row> = readonly (readonly [heading: string, text: (row: Row) => string])[];

/** Rows as texts, with the models' names as in the pictures: rows of two runs do not look alike. */
function textsOf<Row extends RunRow | TaskRow>(rows: readonly Row[], columns: Columns<Row>): string[][] {
  return labelled(rows).map(({ label, row }) => columns.map(([, text]) => text({ ...row, model: label })));
}

const TASK_COLUMNS: Columns<TaskRow> = [
  ["task", ({ task }) => task],
  ["model", ({ model }) => model],
  ["acc %", ({ acc, accStandardError }) => percent(acc, accStandardError)],
  ["acc_norm %", ({ accNorm, accNormStandardError }) => percent(accNorm, accNormStandardError)],
  [
    "by tokens %",
    ({ accNormTokens, accNormTokensStandardError }) => percent(accNormTokens, accNormTokensStandardError),
  ],
  ["chance %", ({ chance }) => percent(chance, null)],
  ["perplexity", ({ perplexity, perplexityStandardError }) => plusMinus(perplexity, perplexityStandardError)],
  ["questions", ({ questions }) => String(questions)],
];

/** Tasks as a table of texts; `null` where there are none. */
export function taskTable(runs: readonly Run[]): { columns: string[]; rows: string[][] } | null {
  const rows = runs.flatMap(taskRows);
  if (rows.length === 0) return null;
  return {
    columns: TASK_COLUMNS.map(([heading]) => heading),
    rows: textsOf(rows, TASK_COLUMNS),
  };
}

const COLUMNS: Columns<RunRow> = [
  ["corpus", ({ corpus }) => corpus],
  ["model", ({ model }) => model],
  ["perplexity", ({ perplexity, standardError }) => plusMinus(perplexity, standardError)],
  [
    "bits per byte",
    ({ bitsPerByte, bitsPerByteStandardError }) => plusMinus(bitsPerByte, bitsPerByteStandardError),
  ],
  ["per word", ({ wordPerplexity }) => short(wordPerplexity)],
  ["tokens", ({ scored }) => String(scored)],
  ["documents", ({ documents }) => String(documents)],
  ["recipe", ({ recipe, recipeId }) => `${recipe} (${recipeId})`],
];

function markdown(runs: readonly Run[], rows: readonly RunRow[]): string {
  // Names of files may hold anything, line ends and terminal sequences too.
  const inline = (text: string) =>
    text
      .replace(/[\s\p{Cc}]+/gu, " ")
      .trim()
      .replace(/[\\|`*_<>[\]]/g, "\\$&");
  const line = (cells: readonly string[]) => `| ${cells.map(inline).join(" | ")} |`;
  const table = (columns: readonly string[], body: readonly (readonly string[])[]) => [
    line(columns),
    `|${columns.map(() => "---").join("|")}|`,
    ...body.map(line),
    "",
  ];
  const tasks = taskTable(runs);
  return `${[
    ...(rows.length > 0
      ? table(
          COLUMNS.map(([heading]) => heading),
          textsOf(rows, COLUMNS),
        )
      : []),
    ...(tasks ? table(tasks.columns, tasks.rows) : []),
    ...methodOf(runs).map((sentence) => `- ${inline(sentence)}`),
  ].join("\n")}\n`;
}

/** What the numbers are, one sentence each. */
export function methodOf(runs: readonly Run[]): string[] {
  return runs.flatMap((run) => {
    const methods = new Set(run.results.map(({ standardErrorMethod }) => ERRORS[standardErrorMethod]));
    const skipped = leftOut(run);
    return [
      `Run ${run.id}, ${run.created}, surprisal ${run.version}${run.status === "complete" ? "" : `: ${run.status}`}.`,
      ...run.models.flatMap(({ identity, recipe }, i) => {
        const scored = run.results.some(({ model }) => model === i);
        const parts = [
          ...(scored ? [`recipe ${recipe.name ?? "own"} (${recipe.id})`] : []),
          ...(identity.sha256 ? [`sha256 ${identity.sha256.slice(0, 12)}`] : []),
        ];
        return `Model ${modelLabel(run, i)}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}.`;
      }),
      ...[...methods].map((method) => `± is one standard error: ${method}.`),
      ...run.corpora.map(({ name, sha256, rule }) => `${name}: ${rule.name}, sha256 ${sha256.slice(0, 12)}.`),
      ...run.tasks.map(({ name, form, fewShot, sha256 }) => {
        const shots = fewShot ? `${fewShot.count} example${fewShot.count === 1 ? "" : "s"}` : "no examples";
        return `${name}: form ${form.name}, ${shots}, sha256 ${sha256.slice(0, 12)}.`;
      }),
      ...(run.tasks.length > 0 ? ["± of an accuracy is the sample standard error, as in lm-eval."] : []),
      ...run.failures.map(({ reference, what }) => `${reference} failed: ${what}.`),
      ...(skipped > 0
        ? [`Left out, too short to score: ${skipped} document${skipped === 1 ? "" : "s"}.`]
        : []),
      ...run.notes,
    ];
  });
}

/** Documents that hold nothing to score, each once: of a corpus, as many as of the model that leaves out most. */
function leftOut({ corpora, results }: Run): number {
  const most = corpora.map(() => 0);
  for (const { corpus, skipped } of results) most[corpus] = Math.max(most[corpus]!, skipped);
  return most.reduce((sum, skipped) => sum + skipped, 0);
}

const ERRORS: Record<string, string> = {
  "document-bootstrap": "bootstrap over documents",
  "block-bootstrap": "bootstrap over blocks of tokens",
  "llama.cpp": "llama.cpp's formula, which takes tokens for independent",
};

/** Cut where the error has two significant digits: "23.59 ± 0.72", "1.06e5 ± 4.3e3". */
function plusMinus(value: number | null, error: number | null): string {
  if (value === null || !error || !Number.isFinite(value) || !Number.isFinite(error)) return short(value);
  if (value >= LARGE) return `${short(value)} ± ${exponential(error, 2)}`;
  const decimals = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return `${value.toFixed(decimals)} ± ${error.toFixed(decimals)}`;
}

function percent(share: number | null, error: number | null): string {
  return plusMinus(share === null ? null : 100 * share, error === null ? null : 100 * error);
}

/** From here on with an exponent, as in the terminal. */
const LARGE = 1e5;

function exponential(value: number, digits: number): string {
  return value.toExponential(digits - 1).replace("e+", "e");
}

function short(value: number | null): string {
  if (value === null) return "–";
  if (value === Number.POSITIVE_INFINITY) return "∞";
  return value >= LARGE ? exponential(value, 4) : String(Number(value.toPrecision(4)));
}
