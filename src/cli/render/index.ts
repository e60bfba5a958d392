export { AnswerScreen } from "./answer-screen.ts";
export {
  answerStatus,
  answerSummary,
  type SurprisingAnswerToken,
} from "./answer-summary.ts";
export { decideBackground, decideColour } from "./colour.ts";
export { formatBytes, formatDuration, formatRate, formatWithError } from "./format.ts";
export { renderHtml } from "./html.ts";
export { PieceStream } from "./piece-stream.ts";
export { type Progress, startProgress } from "./progress.ts";
export { renderScore } from "./terminal.ts";
export { renderTokens } from "./token-list.ts";
export type { ScoreView } from "./view.ts";
export { visible, visibleToken } from "./visible.ts";
export { wrapWords } from "./wrap.ts";
