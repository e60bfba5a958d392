export { AnswerScreen } from "./answer-screen.ts";
export {
  answerStatus,
  answerSummary,
  type SurprisingAnswerToken,
} from "./answer-summary.ts";
export { decideBackground, decideColour } from "./colour.ts";
export {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatRate,
  formatWithError,
} from "./format.ts";
export { renderHtml } from "./html.ts";
export { PieceStream } from "./piece-stream.ts";
export { type Progress, startLine, startProgress } from "./progress.ts";
export { renderRun, table } from "./run.ts";
export { renderScore } from "./terminal.ts";
export { renderTokens } from "./token-list.ts";
export type { ScoreView } from "./view.ts";
export { visible, visibleToken } from "./visible.ts";
export { startWaiting } from "./waiting.ts";
export { wrapWords } from "./wrap.ts";
