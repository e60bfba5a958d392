/** Runs as Markdown. */
import type { Run } from "../../evaluate/runs/index.ts";
import { inline, markdownTable } from "../markdown.ts";
import { methodOf } from "./method.ts";
import { runTable, taskTable } from "./tables.ts";

/** Results, answers to tasks, and how the numbers were made. */
export function markdownOf(runs: readonly Run[]): string {
  const tables = [runTable(runs), taskTable(runs)].filter((table) => table !== null);
  const lines = [
    ...tables.flatMap(markdownTable),
    ...methodOf(runs).map((sentence) => `- ${inline(sentence)}`),
  ];
  return `${lines.join("\n")}\n`;
}
