/** Two runs over the same texts and questions, side by side. */
import type { Run, RunDifference, TaskDifference } from "../../evaluate/index.ts";
import {
  CORPUS_DIFFERENCES,
  type DifferenceColumns,
  differenceMethod,
  runsCompared,
  TASK_DIFFERENCES,
} from "../../report/index.ts";
import { visible } from "../../text/index.ts";
import { table } from "./run.ts";

export function renderRunDifferences(
  base: Run,
  other: Run,
  differences: readonly RunDifference[],
  tasks: readonly TaskDifference[],
): string {
  const lines = [
    ...runsCompared(base, other).map(visible),
    "",
    ...(differences.length > 0 ? tableOf(differences, CORPUS_DIFFERENCES) : []),
    ...(differences.length > 0 && tasks.length > 0 ? [""] : []),
    ...(tasks.length > 0 ? tableOf(tasks, TASK_DIFFERENCES) : []),
    "",
    ...differenceMethod(differences, tasks).map(visible),
  ];
  return `${lines.join("\n")}\n`;
}

function tableOf<Row>(rows: readonly Row[], { columns, names }: DifferenceColumns<Row>): string[] {
  const safe = columns.map(([heading, text]) => [heading, (row: Row) => visible(text(row))] as const);
  return table(rows, safe, names);
}
