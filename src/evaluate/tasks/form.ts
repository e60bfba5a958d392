/** What a form of rows is, and what several forms need to read theirs. */
import { pythonTrim } from "../../core/index.ts";
import { isPythonLiteral, parsePythonLiteral } from "./python-literal.ts";
import type { TaskKind } from "./task.ts";

/** A row: an object of a JSONL file, or a row of a table. */
export type Row = Readonly<Record<string, unknown>>;

/** What a row says, before it is checked. */
export interface RowContent {
  context: unknown;
  /** A context for each choice, where the question is which context fits. */
  contexts?: readonly unknown[] | undefined;
  choices: unknown;
  /** Number of the right choice, or what the row says of it: see `labelOf`. */
  label: unknown;
  delimiter: string;
  /** What stands before the examples and the question: lm-eval's `description`. */
  description?: string | undefined;
}

/** How a set's rows are made into questions. */
export interface TaskForm {
  name: string;
  /** Other names of it, for `--form`. */
  aliases?: readonly string[] | undefined;
  kind: TaskKind;
  /** The tool, file and version the rule is from; `null`: ours. */
  source: string | null;
  /** Fields that every row of this form has. */
  fields: readonly string[];
  /** Fields that a published row may have besides. */
  optional?: readonly string[] | undefined;
  /** Of the fields, those that go into a prompt as they are: texts. */
  texts?: readonly string[] | undefined;
  /** Whether a label that is text is always the number of a choice, never its text. */
  textLabels?: boolean | undefined;
  /** A question with nothing before its choices: the model starts from BOS, else EOS. */
  emptyContext?: boolean | undefined;
  /** What stands before an answer besides: see `SetRules`. */
  answerPrefix?: string | undefined;
  /** lm-eval's set has a test split, so it draws just as many examples as are wanted, from another split. */
  examplesApart?: boolean | undefined;
  /** How lm-eval draws the examples of this set, where it is not at random. */
  sampler?: "first" | undefined;
  /** @returns what it says, or what is wrong with it. */
  read(row: Row): RowContent | string;
}

/** Where the definitions are from that are read off lm-eval. */
export const LM_EVAL = "lm-eval 0.4.13, lm_eval/tasks";

export const choice = (context: unknown, choices: unknown, label: unknown): RowContent => ({
  context,
  choices,
  label,
  delimiter: " ",
});

/** lm-eval's list "A. ...\nB. ...", each choice on a line. */
export function lettered(choices: readonly unknown[]): string {
  return choices.map((text, i) => `${letterOf(i)}. ${text}\n`).join("");
}

export function letterOf(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

/** "A", "B", ... */
export function letters(count: number): string[] {
  return Array.from({ length: count }, (_, i) => letterOf(i));
}

/** Python's `str.lstrip()`. */
export function pythonTrimStart(text: string): string {
  return pythonTrim(`${text}.`).slice(0, -1); // with an end that stays
}

/** A list or an object; in a CSV it is written as JSON or as Python prints it. Anything else as it is. */
export function structured(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{(]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return isPythonLiteral(value) ? parsePythonLiteral(value) : value;
  }
}

export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
