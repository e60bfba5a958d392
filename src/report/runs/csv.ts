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

function table<Row extends object>(rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const columns = Object.keys(rows[0]!) as (keyof Row & string)[];
  const field = (value: unknown) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  return `${lines.map((line) => line.map(field).join(",")).join("\r\n")}\r\n`;
}
