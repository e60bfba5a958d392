/** Runs as CSV: every column there is, for programs. docs/columns.md lists them. */
import { type Run, runRows, taskRows } from "../../evaluate/runs/index.ts";
import { visible } from "../../text/index.ts";

/**
 * RFC 4180: corpora and tasks with an empty line between, each with a header; numbers in full precision. A missing number is
 * an empty field. A text is safe to open in a spreadsheet; JSON, Parquet and SQL have it as it is.
 */
export function csvOf(runs: readonly Run[]): string {
  return [table(runs.flatMap(runRows)), table(runs.flatMap(taskRows))]
    .filter((part) => part !== "")
    .join("\r\n");
}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

/** Where a cell begins like a formula, also after a semicolon: where a comma is the decimal sign, it parts the cells. */
const FORMULA = /(^|;)(?=["'\s]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20\uFE62\uFE63\uFE66\uFE6B\u2212|%])/gu;

/**
 * A text that a spreadsheet shows and does not carry out: what begins like a formula gets an apostrophe in front, which
 * spreadsheets take for "this is text"; control characters are shown as symbols. Source: OWASP, CSV Injection.
 */
function harmless(text: string): string {
  const shown = visible(text);
  return NUMBER.test(shown) ? shown : shown.replace(FORMULA, "$1'");
}

/** @param columns in their order; by default those of the first row. Without rows there is nothing, unless they are given. */
export function table<Row extends object>(
  rows: readonly Row[],
  columns: readonly (keyof Row & string)[] = Object.keys(rows[0] ?? {}) as (keyof Row & string)[],
): string {
  if (columns.length === 0) return "";
  const field = (value: unknown) => {
    const text =
      typeof value === "string" ? harmless(value) : value === null || value === undefined ? "" : `${value}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines: unknown[][] = [[...columns], ...rows.map((row) => columns.map((column) => row[column]))];
  return `${lines.map((line) => line.map(field).join(",")).join("\r\n")}\r\n`;
}
