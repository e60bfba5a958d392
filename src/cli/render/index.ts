export { AnswerScreen } from "./answer-screen.ts";
export {
  answerStatus,
  answerSummary,
  type SurprisingAnswerToken,
} from "./answer-summary.ts";
export { renderBench } from "./bench.ts";
export { renderCalibration } from "./calibration.ts";
export { renderCapabilityMap } from "./capability-map.ts";
export { decideBackground, decideColour } from "./colour.ts";
export { compareProgress, renderComparison } from "./comparison.ts";
export {
  type ConfidenceScreen,
  type ListedMethod,
  renderConfidence,
  renderMethodList,
  renderRanking,
} from "./confidence.ts";
export { type CurvesScreen, renderCurves } from "./curves.ts";
export { renderDecisions } from "./decisions.ts";
export {
  type ListedSignal,
  renderConfidentErrors,
  renderDetection,
  renderSignalList,
  renderSignalRanking,
} from "./detection.ts";
export { renderEntropy } from "./entropy.ts";
export { evaluationProgress, taskProgress } from "./evaluation-progress.ts";
export { renderExplanation } from "./explanation.ts";
export { type GenerationProgress, generationProgress } from "./generation-progress.ts";
export { renderInspection } from "./inspection.ts";
export { renderLadder } from "./ladder.ts";
export { descriptionRows, type Row, renderRows } from "./model-info.ts";
export { METHOD_WORDS, renderPacking, renderSalvage, renderUnpacking } from "./packing.ts";
export { renderPairs } from "./pairs.ts";
export { PAQ_COLUMNS, paqSentencesOf, renderPaq } from "./paq.ts";
export { PieceStream } from "./piece-stream.ts";
export { type Progress, startLine, startProgress } from "./progress.ts";
export { renderQuantisations } from "./quantisations.ts";
export { type RefinementScreen, renderRefinement } from "./refine.ts";
export {
  deepConfSentences,
  exitSentences,
  judgedSentence,
  renderRouting,
  routerSentences,
  WAY_COLUMNS,
  type Way,
} from "./routing.ts";
export { fitTables, renderRun, table } from "./run.ts";
export { renderRunDifferences } from "./run-differences.ts";
export { renderRunList } from "./run-list.ts";
export { renderScore } from "./terminal.ts";
export { renderTokens } from "./token-list.ts";
export { startWaiting } from "./waiting.ts";
export { renderWords } from "./words.ts";
