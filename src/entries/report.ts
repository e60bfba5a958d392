/** `surprisal/report`: pages and exports for people. */
export {
  ANSWER_FORMATS,
  type AnswerFormat,
  type CalibrationView,
  calibrationPage,
  comparisonPage,
  differencesPage,
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportOptions,
  exportAnswers,
  exportRuns,
  type PageSection,
  renderPage,
  type ScoreView,
  scorePage,
} from "../report/index.ts";
