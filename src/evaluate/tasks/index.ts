export type { FewShot, FewShotSampler } from "./few-shot.ts";
export { type ReadTaskOptions, readTask, type TaskRow, taskFromRows } from "./read-task.ts";
export {
  type ChoiceScore,
  type RunTaskOptions,
  runTask,
  type TaskResult,
} from "./run-task.ts";
export {
  type Accuracy,
  type AccuracyRule,
  type MultipleChoiceSummary,
  summarise,
  type TargetPerplexity,
  type TargetSummary,
  type TaskSummary,
} from "./summarise.ts";
export type { Task, TaskFormName, TaskItem, TaskKind } from "./task.ts";
