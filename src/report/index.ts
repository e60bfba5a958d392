/** Pages and exports for people. */

export type { BenchFamily, BenchPrice, BenchSection, BenchView } from "./bench/view.ts";
export {
  CALIBRATION_MEASURES,
  calibrationMethod,
  calibrationVerdict,
  measureText,
} from "./calibration/measures.ts";
export type { CalibrationView } from "./calibration/page.ts";
export {
  COMPARISON_FORMATS,
  type ComparisonFormat,
  comparisonMethod,
  comparisonVerdict,
  exportComparison,
} from "./comparison/export.ts";
export { comparedRows, summaryColumns } from "./comparison/summary.ts";
export {
  accountTable,
  chunkTable,
  classTable,
  compressionSentences,
  lineTable,
  type RankedTable,
  yardstickTable,
} from "./compression/tables.ts";
export type { CompressionView } from "./compression/view.ts";
export {
  type AnswerToken,
  type ConfidenceAnswer,
  type ConfidenceView,
  FAMILY_NAMES,
  type MethodEstimate,
  type MethodRanking,
} from "./confidence/view.ts";
export { confidentErrorText } from "./detect/errors.ts";
export { liftText, readShare, signedBits } from "./detect/levels.ts";
export { type MarkedPiece, markedPieces } from "./detect/marked.ts";
export {
  type DetectedAnswer,
  type DetectionView,
  type LiftSentence,
  type LiftToken,
  type ShownDocument,
  SIGNAL_NAMES,
  type SignalRanking,
  type SpanLift,
} from "./detect/view.ts";
export {
  type EntropyPart,
  type EntropyShown,
  type EntropyView,
  type ModelRate,
  nextEntropyText,
  nextTokenText,
  showEntropy,
} from "./entropy/index.ts";
export { ERROR_METHODS, formatEstimate } from "./measures.ts";
export type { PageSection } from "./page/sections.ts";
export {
  benchPage,
  benchPicture,
  calibrationPage,
  comparisonPage,
  compressionPage,
  confidencePage,
  detectionPage,
  differencesPage,
  entropyPage,
  entropyPicture,
  quantisationsPage,
  refinePage,
  refinePicture,
  renderPage,
  scorePage,
  trainPage,
  trainPicture,
} from "./pages.ts";
export {
  quantisationColumns,
  quantisationMethod,
  quantisationRows,
  quantisationVerdict,
} from "./quantisations/table.ts";
export { barAt, countsText, type ShownStep, scaleOf, stepsOfPattern, stepsOfSample } from "./refine/steps.ts";
export {
  fateOf,
  importanceWords,
  REASONS,
  ratioHeading,
  ratioOf,
  ratioText,
  savedShare,
  savedText,
  signedNats,
  worseText,
} from "./refine/words.ts";
export * from "./runs/index.ts";
export * from "./score/index.ts";
export type { TrainView, WatchedRun } from "./train/view.ts";
export { trainFacts } from "./train/words.ts";
export * from "./words/index.ts";
