/** Tables and texts in Markdown. */
import type { ChartTable } from "../charts/index.ts";
import { visible } from "../text/index.ts";

/** A table, and an empty line after it. */
export function markdownTable({ columns, rows }: ChartTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(inline).join(" | ")} |`;
  return [line(columns), `|${columns.map(() => "---").join("|")}|`, ...rows.map(line), ""];
}

/** Any text as text on one line: names of files may hold anything, line ends and terminal sequences too. */
export function inline(text: string): string {
  return visible(text.replace(/[\s\p{Cc}]+/gu, " ").trim()).replace(/[\\|`*_<>[\]]/g, "\\$&");
}
