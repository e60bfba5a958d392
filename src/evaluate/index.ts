export * from "./compare/index.ts";
export type { Corpus, CorpusDocument, CorpusFormat, CorpusRule } from "./corpora/index.ts";
export {
  FINAL_LINE_BREAK_OFF,
  type OpenCorporaOptions,
  openCorpora,
  RULES,
  type RuleName,
  type TextRule,
  takesFinalLineBreakOff,
  withoutFinalLineBreak,
} from "./corpora/index.ts";
export * from "./harness/index.ts";
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
export * from "./scoring/index.ts";
export * from "./tasks/index.ts";
