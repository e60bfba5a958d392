/** `surprisal/report`: pages and exports for people. */
export {
  comparisonPage,
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportOptions,
  exportRuns,
  renderHtml,
  type ScoreView,
} from "../report/index.ts";
