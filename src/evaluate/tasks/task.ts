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
  /** What the set calls it: its `id` or the like. */
  id?: string | undefined;
  /** What the model reads first. Empty only where the set has none (minimal pairs): the model then starts from BOS, else EOS. */
  context: string;
  /**
   * [choices] What the model reads before each choice, where the question is which context fits (Winogrande). The choices
   * are then one text.
   */
  contexts?: readonly string[] | undefined;
  /** What may follow: two or more under "multiple-choice", one under "target". None is empty. */
  choices: readonly string[];
  /** Index of the right one. */
  label: number;
  /** What stands between the context and a choice: lm-eval's `target_delimiter`, a space in most tasks. */
  delimiter: string;
  /** What stands before the examples and the question, with its line breaks: lm-eval's `description`, as MMLU has. */
  description?: string | undefined;
}

/** A question that cannot be asked, in its place among the others. */
export interface BadItem {
  where: string;
  /** What is wrong, a sentence without its full stop: "Choice 1 is empty". */
  problem: string;
}

/** Options of `Task.items`. */
export interface ItemOptions {
  signal?: AbortSignal | undefined;
  /** Told of a question that cannot be asked; the others come. Default: it is thrown, and no more come. */
  onBad?: ((item: BadItem) => void) | undefined;
}

/** What lm-eval's definition of a set says of its answers and examples, besides the items. */
export interface SetRules {
  /**
   * A part of the answer that the item has as its delimiter: LAMBADA's targets begin with their space. It stays where a chat
   * template leaves the delimiter out, and an example has the delimiter before it.
   */
  answerPrefix?: string | undefined;
  /** As many examples are drawn as are wanted, from another split; default: one more, in case the question is among them. */
  examplesApart?: boolean | undefined;
  /** How examples are drawn, where it is not at random. */
  sampler?: "first" | undefined;
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
  /** Default: none. */
  rules?: SetRules | undefined;
  /**
   * The items in order. May be called again: the same items come, unless the file has changed.
   * @throws SurprisalError TASK_INVALID with file and line; and what reading the file throws.
   */
  items(options?: ItemOptions): AsyncGenerator<TaskItem>;
}

/** Name of a way to make items of rows, and whose way it is. */
export interface TaskFormName {
  /** "hellaswag", "choices", ... */
  name: string;
  /** The tool, file and version the rule is from; `null`: ours. */
  source: string | null;
}
