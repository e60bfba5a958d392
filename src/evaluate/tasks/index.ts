export { DEFAULT_FEW_SHOT, type FewShot, type FewShotSampler } from "./few-shot.ts";
export { type ReadTaskOptions, readTask, type TaskRow, taskFromRows } from "./read-task.ts";
export {
  type ChoiceScore,
  DEFAULT_ITEMS_PER_BLOCK,
  type RunTaskOptions,
  runTask,
  type TaskResult,
} from "./run-task.ts";
export {
  ACCURACY_RULES,
  type Accuracy,
  type AccuracyRule,
  type MultipleChoiceSummary,
  predict,
  summarise,
  type TargetPerplexity,
  type TargetSummary,
  type TaskSummary,
} from "./summarise.ts";
export type { Task, TaskFormName, TaskItem, TaskKind } from "./task.ts";
