/** Runs as CSV: every column there is, for programs. docs/columns.md lists them. */
import { type Run, runRows, taskRows } from "../../evaluate/runs/index.ts";

/**
 * RFC 4180: corpora and tasks with an empty line between, each with a header; numbers in full precision. A missing number is
 * an empty field.
 */
export function csvOf(runs: readonly Run[]): string {
  return [table(runs.flatMap(runRows)), table(runs.flatMap(taskRows))]
    .filter((part) => part !== "")
    .join("\r\n");
}

/** @param columns in their order; by default those of the first row. Without rows there is nothing, unless they are given. */
export function table<Row extends object>(
  rows: readonly Row[],
  columns: readonly (keyof Row & string)[] = Object.keys(rows[0] ?? {}) as (keyof Row & string)[],
): string {
  if (columns.length === 0) return "";
  const field = (value: unknown) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines: unknown[][] = [[...columns], ...rows.map((row) => columns.map((column) => row[column]))];
  return `${lines.map((line) => line.map(field).join(",")).join("\r\n")}\r\n`;
}
