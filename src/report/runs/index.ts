/** Runs for people: tables, pages, files. */
export { EXPORT_FORMATS, type ExportFormat, type ExportOptions, exportRuns } from "./export.ts";
export { methodOf } from "./method.ts";
export { RUN_COLUMNS, TASK_COLUMNS, type TableColumn } from "./tables.ts";
