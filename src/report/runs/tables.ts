/** Runs as tables for people: the measures that have a heading, with their errors, the same everywhere. */
import type { ChartTable } from "../../charts/index.ts";
import {
  labelled,
  RUN_MEASURES,
  type Run,
  type RunRow,
  runRows,
  TASK_MEASURES,
  type TaskRow,
  taskRows,
} from "../../evaluate/runs/index.ts";
import type { MeasureTable } from "../../evaluate/scoring/index.ts";
import { formatMeasure } from "../measures.ts";

/** A column and the text of its cells. */
export type TableColumn<Row> = readonly [heading: string, text: (row: Row) => string];

/** Of each model over each corpus; names of corpus and model come before them. */
export const RUN_COLUMNS: readonly TableColumn<RunRow>[] = columnsOf(RUN_MEASURES);
/** Of each model over each task; names of task and model come before them. */
export const TASK_COLUMNS: readonly TableColumn<TaskRow>[] = columnsOf(TASK_MEASURES);

function columnsOf(table: MeasureTable<never>): TableColumn<object>[] {
  return Object.entries(table).flatMap(([key, measure]): TableColumn<object>[] => {
    const { heading, unit } = measure;
    if (heading === undefined) return [];
    return [[unit === "share" ? `${heading} %` : heading, (row) => formatMeasure(key, measure, row)]];
  });
}

/** Results of runs as a table of texts; `null` where there are none. */
export function runTable(runs: readonly Run[]): ChartTable | null {
  return tableOf(runs.flatMap(runRows), [
    ["corpus", ({ corpus }) => corpus],
    ["model", ({ model }) => model],
    ...RUN_COLUMNS,
    ["recipe", ({ recipe, recipeId }) => `${recipe} (${recipeId})`],
  ]);
}

/** Answers to tasks as a table of texts; `null` where there are none. */
export function taskTable(runs: readonly Run[]): ChartTable | null {
  return tableOf(runs.flatMap(taskRows), [
    ["task", ({ task }) => task],
    ["model", ({ model }) => model],
    ...TASK_COLUMNS,
  ]);
}

/** Rows as texts, with the models' names as in the pictures: rows of two runs do not look alike. */
function tableOf<Row extends RunRow | TaskRow>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
): ChartTable | null {
  if (rows.length === 0) return null;
  return {
    columns: columns.map(([heading]) => heading),
    rows: labelled(rows).map(({ label, row }) => columns.map(([, text]) => text({ ...row, model: label }))),
  };
}
