export * from "./compare/index.ts";
export type { Corpus, CorpusDocument, CorpusFormat, CorpusRule } from "./corpora/index.ts";
export {
  type OpenCorporaOptions,
  openCorpora,
  RULES,
  type RuleName,
  type TextRule,
} from "./corpora/index.ts";
export type { Executor } from "./harness/index.ts";
export {
  type EvaluateHandlers,
  type EvaluateOptions,
  type EvaluateProgress,
  evaluate,
  resumeEvaluation,
  type TaskProgress,
} from "./harness/index.ts";
export * from "./queue/index.ts";
export type {
  DocumentEntry,
  Run,
  RunCorpus,
  RunFailure,
  RunModel,
  RunRequest,
  RunResult,
  RunTask,
  RunTaskResult,
} from "./runs/index.ts";
export {
  capabilitiesOf,
  compareRuns,
  type DomainScore,
  type ListedRun,
  listRuns,
  type ModelCapability,
  newRunFolder,
  otherFileIn,
  queryRuns,
  RUNS_FOLDER,
  type RunDifference,
  type RunRow,
  readRun,
  runFolderNamed,
  runRows,
  SQL_TABLES,
  type SqlAnswer,
  type TaskRow as RunTaskRow,
  taskRows,
} from "./runs/index.ts";
export {
  applyProxyCalibration,
  ByteSurprisal,
  type ComparedSpan,
  type CompressionBaselines,
  type ComputedPerplexity,
  type ComputeOptions,
  calibrateProxy,
  compareSpans,
  compressionBaselines,
  computePerplexity,
  type ProxyCalibration,
  type ProxyEstimate,
  type ProxyModel,
  type ProxyOptions,
  type ProxyPair,
  type ProxyScore,
  type ProxyScoreOptions,
  proxy,
  type ScoreProgress,
  type ScoreTextOptions,
  scoreText,
  scoreTexts,
  type TextScore,
} from "./scoring/index.ts";
export * from "./tasks/index.ts";
