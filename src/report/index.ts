/** Pages and exports for people. */
export { comparisonPage } from "./comparison-page.ts";
export { EXPORT_FORMATS, type ExportFormat, type ExportOptions, exportRuns, methodOf } from "./export.ts";
export * from "./score/index.ts";
