/** Two runs over the same texts and questions as a page. */
import type { ChartTable } from "../charts/index.ts";
import type { Run, RunDifference, TaskDifference } from "../evaluate/index.ts";
import { type PageSection, renderPage } from "./page/sections.ts";
import {
  CORPUS_DIFFERENCES,
  type DifferenceColumns,
  differenceMethod,
  runsCompared,
  TASK_DIFFERENCES,
} from "./runs/index.ts";

/** A page of both tables. */
export function differencesPage(
  base: Run,
  other: Run,
  differences: readonly RunDifference[],
  tasks: readonly TaskDifference[],
): string {
  const sections: PageSection[] = [];
  if (differences.length > 0)
    sections.push({ heading: "Texts", table: tableOf(differences, CORPUS_DIFFERENCES) });
  if (tasks.length > 0) sections.push({ heading: "Tasks", table: tableOf(tasks, TASK_DIFFERENCES) });
  sections.push({
    heading: "How the numbers were made",
    text: [...runsCompared(base, other), ...differenceMethod(differences, tasks)],
  });
  const title = base.id === other.id ? base.id : `${base.id} and ${other.id}`;
  return renderPage(title, sections, "± is one standard error.");
}

function tableOf<Row>(rows: readonly Row[], { columns }: DifferenceColumns<Row>): ChartTable {
  return {
    columns: columns.map(([heading]) => heading),
    rows: rows.map((row) => columns.map(([, text]) => text(row))),
  };
}
