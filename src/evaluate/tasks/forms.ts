/** From a row of a data file to a question: which form it has, and what it says. */
import { isWellFormed } from "../../core/index.ts";
import { nearestNames } from "../../text/index.ts";
import { isObject, type Row, type RowContent, structured, type TaskForm } from "./form.ts";
import { LM_EVAL_FORMS } from "./forms-lm-eval.ts";
import { OWN_FORMS } from "./forms-own.ts";
import { labelOf } from "./labels.ts";
import type { TaskItem } from "./task.ts";

/** Every form that `readTask` knows, in the order in which they are tried. */
export const TASK_FORMS: readonly TaskForm[] = [...LM_EVAL_FORMS, ...OWN_FORMS];

/** Fields that say where a row is from and nothing of the question: they may stand in a row of any form. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  ...[
    "id",
    "_id",
    "idx",
    "index",
    "ind",
    "qid",
    "uid",
    "question_id",
    "source",
    "split",
    "__index_level_0__",
  ],
  ...["", "Unnamed: 0"], // pandas' index in a CSV
]);

/** Fields by which a question is named, the first that is there. */
const NAMES = ["id", "_id", "qid", "question_id", "qID", "task_id", "example_id", "pair_id", "idx"];

/** The name by which a person asks for a form: "hellaswag-prepared". */
export function formSlug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

/** The form of that name, whatever stands between its words; `null` where there is none. */
export function formNamed(name: string): TaskForm | null {
  const slug = formSlug(name);
  return (
    TASK_FORMS.find((form) => [form.name, ...(form.aliases ?? [])].some((own) => formSlug(own) === slug)) ??
    null
  );
}

/** Names of forms that look like the one asked for. */
export function formsLike(name: string): string[] {
  return nearestNames(
    formSlug(name),
    TASK_FORMS.map((form) => formSlug(form.name)),
  );
}

/** "arc (lm-eval)": whose way of asking it is. */
export function recipeOf(name: string, source: string | null): string {
  const tool = /^(lm-eval|llama\.cpp)\b/.exec(source ?? "")?.[1];
  return `${name} (${tool ?? (source === null ? "ours" : "ours, after lm-eval")})`;
}

const has = (row: Row, field: string): boolean => Object.hasOwn(row, field) && row[field] !== undefined;

/**
 * ARC, OpenBookQA and CommonsenseQA as first released: the question is an object with its choices. Without CommonsenseQA's concept
 * it may be of either other set, which ask differently: it then has the fields of both, and a person has to say which it is.
 */
function flattened(row: Row): Row {
  const question = structured(row.question);
  if (!isObject(question) || typeof question.stem !== "string") return row;
  const { stem, ...others } = question;
  const flat = { ...row, ...others, question: stem };
  return "question_concept" in others ? flat : { ...flat, question_stem: stem };
}

/** Fields of a form that a row lacks; of several names for one field, one has to be there. */
function missingFrom(row: Row, form: TaskForm): string[] {
  return form.fields.filter((field) => !field.split("|").some((name) => has(row, name)));
}

/** Fields of a row that a form does not know. What is `null` is not there. */
function unknownTo(row: Row, { fields, optional = [] }: TaskForm): string[] {
  const known = new Set([
    ...fields.map((field) => field.split("|").find((name) => has(row, name))),
    ...optional,
    ...BOOKKEEPING,
  ]);
  return Object.keys(row).filter((field) => !known.has(field) && row[field] != null);
}

/** The form of a row: the first that needs no more fields than it has, and knows them all; `null`: none does. */
export function formOf(given: Row): TaskForm | null {
  const row = flattened(given);
  return (
    TASK_FORMS.find((form) => missingFrom(row, form).length === 0 && unknownTo(row, form).length === 0) ??
    null
  );
}

/** How many forms are told of that a row nearly has. */
const NEAR = 3;

/** Whether it is a row that both ARC and OpenBookQA publish: a person has to say which. */
export function isOfTwoSets(row: Row): boolean {
  return row.question_stem === undefined && "question_stem" in flattened(row);
}

/** The forms that a row comes near to, and what keeps it from them, one sentence each; the nearest first. */
export function nearForms(given: Row): string[] {
  const row = flattened(given);
  return TASK_FORMS.flatMap((form) => {
    const [missing, unknown] = [missingFrom(row, form), unknownTo(row, form)];
    const shared = form.fields.length - missing.length;
    return shared > 0 ? [{ form, missing, unknown, shared }] : [];
  })
    .sort(
      (a, b) =>
        a.missing.length - b.missing.length || a.unknown.length - b.unknown.length || b.shared - a.shared,
    )
    .slice(0, NEAR)
    .map(({ form, missing, unknown }) => {
      const lacks = missing.length > 0 ? [`lacks ${quoted(missing)}`] : [];
      const extra = unknown.length > 0 ? [`does not know ${quoted(unknown)}`] : [];
      return `${formSlug(form.name)} ${[...extra, ...lacks].join(" and ")}`;
    });
}

export function quoted(fields: readonly string[]): string {
  return fields.map((field) => `"${field}"`).join(", ");
}

/** A row that cannot be asked. */
export interface BadRow {
  problem: string;
  /** The row is of another form: then more than this row is wrong. */
  misfit: boolean;
}

/**
 * A row as a question.
 * @param strict refuse fields that the form does not know; not where a person has named the form.
 * @returns the question, or what is wrong with the row.
 */
export function readRow(
  given: Row,
  form: TaskForm,
  where: string,
  strict: boolean = true,
): TaskItem | BadRow {
  const row = flattened(given);
  const [missing] = missingFrom(row, form).filter((field) => strict || !isSpare(form, field));
  if (missing !== undefined) {
    const [first, ...others] = missing.split("|");
    const or = others.length > 0 ? ` (or ${others.join(", ")})` : "";
    return { problem: `The field "${first}" is missing${or}`, misfit: false };
  }
  const unknown = strict ? unknownTo(row, form) : [];
  if (unknown.length > 0)
    return {
      problem: `The row has ${unknown.length > 1 ? "fields" : "a field"} that ${formSlug(form.name)} does not know: ${quoted(unknown)}`,
      misfit: true,
    };
  const wrong = form.texts?.find((field) => typeof row[field] !== "string");
  if (wrong !== undefined) return { problem: `The field "${wrong}" is not a text`, misfit: false };
  const content = form.read(row);
  const item = typeof content === "string" ? content : itemOf(content, form, where);
  if (typeof item === "string") return { problem: item, misfit: false };
  const id = idOf(row);
  return id === null ? item : { ...item, id };
}

/** MMLU's subject makes a description, which may be left out where a person says that it is MMLU. */
function isSpare(form: TaskForm, field: string): boolean {
  return form.name === "mmlu" && field === "subject";
}

function idOf(row: Row): string | null {
  const value = NAMES.map((field) => row[field]).find(
    (id) => typeof id === "string" || typeof id === "number",
  );
  return value === undefined ? null : String(value);
}

function itemOf(content: RowContent, form: TaskForm, where: string): TaskItem | string {
  const { context, contexts, delimiter, description } = content;
  const choices = structured(content.choices);
  if (typeof context !== "string") return "The context is not a text";
  if (context.trim() === "" && !form.emptyContext)
    return form.name === "last word" ? "The text has no word before its last one" : "The context is empty";
  if (!Array.isArray(choices)) return "The choices are not a list of texts";
  for (const [i, text] of choices.entries()) {
    const which = form.kind === "target" ? "The target" : `Choice ${i}`;
    if (typeof text !== "string") return `${which} is not a text`;
    if (text.trim() === "") return `${which} is empty`;
  }
  if (form.kind === "multiple-choice" && choices.length < 2)
    return choices.length === 0 ? "There are no choices" : "There is only one choice";
  if (
    ![context, description ?? "", ...(contexts ?? []).map(String), ...(choices as string[])].every(
      isWellFormed,
    )
  )
    return "A text of it holds half a surrogate pair, which no UTF-8 can express";
  const label = labelOf(content.label, choices as string[], form.textLabels);
  if (typeof label === "string") return label;
  return {
    where,
    context,
    choices: choices as string[],
    label,
    delimiter,
    ...(contexts && { contexts: contexts.map(String) }),
    ...(description !== undefined && { description }),
  };
}
