/** Runs for people: tables, pages, files. */
export { ANSWER_FORMATS, type AnswerFormat, exportAnswers } from "./answers.ts";
export { table as csvTable } from "./csv.ts";
export {
  CORPUS_DIFFERENCES,
  type DifferenceColumns,
  differenceMethod,
  runsCompared,
  TASK_DIFFERENCES,
} from "./differences.ts";
export { EXPORT_FORMATS, type ExportFormat, type ExportOptions, exportRuns } from "./export.ts";
export { methodOf } from "./method.ts";
export { RUN_COLUMNS, SIZE_COLUMNS, TASK_COLUMNS, type TableColumn, withoutUnknownSizes } from "./tables.ts";
