export type { FewShot, FewShotSampler } from "./few-shot.ts";
export { recipeOf as taskRecipe } from "./forms.ts";
export type { ChatPrompts } from "./prompt.ts";
export {
  LLAMA_FORMS,
  type ReadTaskOptions,
  readTask,
  type TaskFormDescription,
  type TaskRow,
  taskForms,
  taskFromRows,
} from "./read-task.ts";
export { type RunTaskOptions, runTask } from "./run-task.ts";
export {
  type Accuracy,
  type AccuracyRule,
  type MultipleChoiceSummary,
  predict,
  summarise,
  type TargetPerplexity,
  type TargetSummary,
  type TaskSummary,
} from "./summarise.ts";
export type { BadItem, ItemOptions, SetRules, Task, TaskFormName, TaskItem, TaskKind } from "./task.ts";
export { badText, type ChoiceScore, questionText, type TaskResult } from "./task-result.ts";
