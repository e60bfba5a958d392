/** Runs as Markdown. */
import type { ChartTable } from "../../charts/index.ts";
import type { Run } from "../../evaluate/runs/index.ts";
import { visible } from "../../text/index.ts";
import { methodOf } from "./method.ts";
import { runTable, taskTable } from "./tables.ts";

/** Results, answers to tasks, and how the numbers were made. */
export function markdownOf(runs: readonly Run[]): string {
  const tables = [runTable(runs), taskTable(runs)].filter((table) => table !== null);
  const lines = [...tables.flatMap(tableLines), ...methodOf(runs).map((sentence) => `- ${inline(sentence)}`)];
  return `${lines.join("\n")}\n`;
}

function tableLines({ columns, rows }: ChartTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(inline).join(" | ")} |`;
  return [line(columns), `|${columns.map(() => "---").join("|")}|`, ...rows.map(line), ""];
}

/** Any text as text on one line: names of files may hold anything, line ends and terminal sequences too. */
function inline(text: string): string {
  return visible(text.replace(/[\s\p{Cc}]+/gu, " ").trim()).replace(/[\\|`*_<>[\]]/g, "\\$&");
}
