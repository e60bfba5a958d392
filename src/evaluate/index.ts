export { ByteSurprisal, type ComparedSpan, compareSpans } from "./byte-surprisal.ts";
export * from "./compare/index.ts";
export { type CompressionBaselines, compressionBaselines } from "./compression.ts";
export type { Corpus, CorpusDocument, CorpusRule } from "./corpus/corpus.ts";
export { type OpenCorporaOptions, openCorpora } from "./corpus/open.ts";
export { RULES, type RuleName, type TextRule } from "./corpus/rules.ts";
export type { CorpusFormat } from "./corpus/stored-file.ts";
export { capabilitiesOf, type DomainScore, type ModelCapability } from "./domains/capability-map.ts";
export type { Executor } from "./harness/engines.ts";
export {
  type EvaluateHandlers,
  type EvaluateOptions,
  type EvaluateProgress,
  evaluate,
  resumeEvaluation,
  type TaskProgress,
} from "./harness/evaluate.ts";
export { type ComputedPerplexity, type ComputeOptions, computePerplexity } from "./perplexity.ts";
export {
  type ProxyModel,
  type ProxyOptions,
  type ProxyScore,
  type ProxyScoreOptions,
  proxy,
} from "./proxy.ts";
export {
  applyProxyCalibration,
  calibrateProxy,
  type ProxyCalibration,
  type ProxyEstimate,
  type ProxyPair,
} from "./proxy-calibration.ts";
export * from "./queue/index.ts";
export { type DecodedText, decodeText } from "./read-text.ts";
export { compareRuns, type RunDifference } from "./runs/compare.ts";
export {
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportOptions,
  exportRuns,
  methodOf,
} from "./runs/export.ts";
export { readRun } from "./runs/folder.ts";
export type { DocumentEntry } from "./runs/journal.ts";
export { type ListedRun, listRuns } from "./runs/list.ts";
export { type RunRow, runRows, type TaskRow as RunTaskRow, taskRows } from "./runs/rows.ts";
export type {
  Run,
  RunCorpus,
  RunFailure,
  RunModel,
  RunRequest,
  RunResult,
  RunTask,
  RunTaskResult,
} from "./runs/run.ts";
export { queryRuns, SQL_TABLES, type SqlAnswer } from "./runs/sql.ts";
export {
  type ScoreProgress,
  type ScoreTextOptions,
  scoreText,
  scoreTexts,
  type TextScore,
} from "./score-text.ts";
export * from "./tasks/index.ts";
