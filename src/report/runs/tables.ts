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
import { formatBytes, formatNumber } from "../../text/index.ts";
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

/** Of the model's files: shown where one of the rows knows them. */
export const SIZE_COLUMNS: readonly TableColumn<Pick<RunRow, "modelBytes" | "bitsPerWeight">>[] = [
  ["size", ({ modelBytes }) => formatBytes(modelBytes)],
  ["bits/weight", ({ bitsPerWeight }) => formatNumber(bitsPerWeight, 3)],
];

/** Results of runs as a table of texts; `null` where there are none. */
export function runTable(runs: readonly Run[]): ChartTable | null {
  return tableOf(runs.flatMap(runRows), [
    ["corpus", ({ corpus }) => corpus],
    ["model", ({ model }) => model],
    ...SIZE_COLUMNS,
    ...RUN_COLUMNS,
    ["recipe", ({ recipe, recipeId }) => `${recipe} (${recipeId})`],
  ]);
}

/** Answers to tasks as a table of texts; `null` where there are none. */
export function taskTable(runs: readonly Run[]): ChartTable | null {
  return tableOf(runs.flatMap(taskRows), [
    ["task", ({ task }) => task],
    ["model", ({ model }) => model],
    ...SIZE_COLUMNS,
    ...TASK_COLUMNS,
  ]);
}

/** Columns without those of sizes that no row knows: models behind servers do not say. */
export function withoutUnknownSizes<Row extends RunRow | TaskRow>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
): readonly TableColumn<Row>[] {
  if (rows.some(({ modelBytes, bitsPerWeight }) => modelBytes !== null || bitsPerWeight !== null))
    return columns;
  const sizes = new Set(SIZE_COLUMNS.map(([heading]) => heading));
  return columns.filter(([heading]) => !sizes.has(heading));
}

/** Rows as texts, with the models' names as in the pictures: rows of two runs do not look alike. */
function tableOf<Row extends RunRow | TaskRow>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
): ChartTable | null {
  if (rows.length === 0) return null;
  const shown = withoutUnknownSizes(rows, columns);
  return {
    columns: shown.map(([heading]) => heading),
    rows: labelled(rows).map(({ label, row }) => shown.map(([, text]) => text({ ...row, model: label }))),
  };
}
