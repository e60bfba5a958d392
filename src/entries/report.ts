/** `surprisal/report`: pages and exports for people. */
export {
  comparisonPage,
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportOptions,
  exportRuns,
  type PageSection,
  renderPage,
  type ScoreView,
  scorePage,
} from "../report/index.ts";
