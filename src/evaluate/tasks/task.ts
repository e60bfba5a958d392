/** What a task is: questions whose answers are judged by their log-likelihood. Types only. */

/**
 * "multiple-choice": one of several choices is right; the model's answer is the one it finds most likely.
 * "target": one text has to follow; how likely it is, and whether the model would have written it itself (LAMBADA).
 */
export type TaskKind = "multiple-choice" | "target";

/** One question. What is scored is each choice after `context + delimiter`. */
export interface TaskItem {
  /** File and line it is from, "hellaswag_val.jsonl:12": for errors and reports. */
  where: string;
  /** What the model reads first. Never empty. */
  context: string;
  /** What may follow: two or more under "multiple-choice", one under "target". None is empty. */
  choices: readonly string[];
  /** Index of the right one. */
  label: number;
  /** What stands between the context and a choice: lm-eval's `target_delimiter`, a space in most tasks. */
  delimiter: string;
}

/** Questions that are judged by log-likelihood: see `readTask`. */
export interface Task {
  /** For people and tables: "hellaswag_val.jsonl". */
  name: string;
  /** Where it is from: path or address. */
  source: string;
  kind: TaskKind;
  /** How items are made of what is stored; a part of every number. */
  form: TaskFormName;
  /**
   * The items in order. May be called again: the same items come, unless the file has changed.
   * @throws SurprisalError TASK_INVALID with file and line; and what reading the file throws.
   */
  items(options?: { signal?: AbortSignal | undefined }): AsyncGenerator<TaskItem>;
}

/** Name of a way to make items of rows, and whose way it is. */
export interface TaskFormName {
  /** "hellaswag", "choices", ... */
  name: string;
  /** The tool, file and version the rule is from; `null`: ours. */
  source: string | null;
}
