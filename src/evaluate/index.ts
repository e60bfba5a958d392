export * from "./compare/index.ts";
export type {
  Corpus,
  CorpusDocument,
  CorpusFormat,
  CorpusRule,
  Unreadable,
  UnreadablePart,
} from "./corpora/index.ts";
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
export * from "./quantisations/index.ts";
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
  type AnswerRow,
  answerRows,
  capabilitiesOf,
  compareRunFolders,
  compareRuns,
  compareRunTasks,
  type DomainScore,
  type ListedRun,
  listRuns,
  type ModelCapability,
  newRunFolder,
  otherFileIn,
  type PairedUnits,
  pairedDifference,
  queryRuns,
  RUNS_FOLDER,
  type RunComparison,
  type RunDifference,
  type RunRow,
  readRun,
  readWholeRun,
  runFolderNamed,
  runRows,
  SQL_TABLES,
  type SqlAnswer,
  type Standing,
  type TaskDifference,
  type TaskRow as RunTaskRow,
  taskRows,
} from "./runs/index.ts";
export * from "./scoring/index.ts";
export * from "./tasks/index.ts";
export * from "./words/index.ts";
