export { ANSWER_COLUMNS, type AnswerRow, answerRows } from "./answers.ts";
export { capabilitiesOf, type DomainScore, domainRows, type ModelCapability } from "./capability-map.ts";
export { checksumOf } from "./checksum.ts";
export { compareRunFolders, compareRuns, type RunComparison, type RunDifference } from "./compare.ts";
export { compareRunTasks, type TaskDifference } from "./compare-tasks.ts";
export { damageError } from "./damage.ts";
export { RUN, TOKEN_LOG, TOKENS } from "./files.ts";
export { RunFolder } from "./folder.ts";
export type { DocumentEntry, WindowsEntry } from "./journal.ts";
export { type ListedRun, listRuns } from "./list.ts";
export { RUN_MEASURES, storedTypes, TASK_MEASURES } from "./measures.ts";
export {
  hasDocumentUnits,
  type PairedUnits,
  pairedDifference,
  unitsOfCorpus,
  unitsOfDocument,
} from "./paired-units.ts";
export { newRunFolder, otherFileIn, RUNS_FOLDER, runFolderNamed } from "./place.ts";
export { type CorpusRecord, type RecordOptions, RunRecord, type TaskRecord } from "./record.ts";
export { labelled, modelLabel, type RunRow, runRows, type TaskRow, taskRows, withDomains } from "./rows.ts";
export type {
  PerplexityError,
  Run,
  RunCorpus,
  RunFailure,
  RunModel,
  RunRequest,
  RunResult,
  RunTask,
  RunTaskResult,
} from "./run.ts";
export { readRun } from "./run-file.ts";
export * as shapes from "./shape.ts";
export { queryRuns, SQL_COLUMNS, SQL_TABLES, type SqlAnswer } from "./sql.ts";
export { type Standing, standingsByGroup } from "./standings.ts";
export { collectTokens, MOST_DOCUMENTS, type ModelTokens, type TokenCollection } from "./token-collection.ts";
export { checkTokens, TOKEN_COLUMNS, writeTokens } from "./tokens-parquet.ts";
export { packageVersion } from "./version.ts";
export { hasWholeTokens, readEntries, readWholeRun } from "./whole-run.ts";
