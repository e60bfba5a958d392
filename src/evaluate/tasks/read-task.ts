/** Task files: JSONL rows, and llama.cpp's text file of HellaSwag. */
import { basename } from "node:path";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { formOf, type Row, readRow, TASK_FORMS, type TaskForm } from "./forms.ts";
import { type Line, readLines } from "./lines.ts";
import type { Task, TaskItem } from "./task.ts";

/** Options of `readTask`. */
export interface ReadTaskOptions {
  /** Name for people. Default: the file's. */
  name?: string | undefined;
  /** Name of the form of the rows (`TASK_FORMS`). Default: told from the first row's fields. */
  form?: string | undefined;
}

/** A row and where it is from. */
export interface TaskRow {
  row: Row;
  where: string;
}

/** llama.cpp's form of HellaSwag: a context, a label and four endings, one line each. */
const TEXT_FORM = {
  name: "hellaswag, llama.cpp's text file",
  source: "llama.cpp 050fc7f, tools/perplexity/perplexity.cpp, hellaswag_score",
};
const LINES_PER_QUESTION = 6;
const LABEL_LINE = 1;

/**
 * A task in a file: JSONL of one of the forms in `TASK_FORMS`, or, where the name ends in .txt, the text file that
 * `llama-perplexity --hellaswag` reads; plain, .gz or .zst. The file is read anew each time its items are asked for.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, TASK_INVALID; INVALID_ARGUMENT for a form there is not.
 */
export async function readTask(
  path: string,
  { name = basename(path), form }: ReadTaskOptions = {},
): Promise<Task> {
  if (/\.txt(\.gz|\.zst)?$/.test(path) && form === undefined)
    return {
      name,
      source: path,
      kind: "multiple-choice",
      form: TEXT_FORM,
      items: ({ signal } = {}) => hellaSwagText(readLines(path, signal)),
    };
  return taskFromRows(path, (signal) => jsonRows(readLines(path, signal)), {
    name,
    form,
  });
}

/**
 * A task in rows of any source, such as a Parquet file of the hub.
 * @param source path or address.
 * @param rows called each time the items are asked for.
 * @throws SurprisalError TASK_INVALID when the first row is of no form that is known.
 */
export async function taskFromRows(
  source: string,
  rows: (signal?: AbortSignal) => AsyncIterable<TaskRow>,
  { name = basename(source), form: wanted }: ReadTaskOptions = {},
): Promise<Task> {
  const form = wanted === undefined ? await firstForm(source, rows) : namedForm(wanted);
  return {
    name,
    source,
    kind: form.kind,
    form: { name: form.name, source: form.source },
    async *items({ signal } = {}) {
      for await (const { row, where } of rows(signal)) {
        const item = readRow(row, form, where);
        if (typeof item === "string") throw invalid(item, where, form);
        yield item;
      }
    },
  };
}

async function firstForm(source: string, rows: () => AsyncIterable<TaskRow>): Promise<TaskForm> {
  for await (const { row, where } of rows()) {
    const form = formOf(row);
    if (form) return form;
    const fields = Object.keys(row).map((field) => `"${field}"`);
    throw new SurprisalError({
      code: "TASK_INVALID",
      what: `A row with the fields ${fields.join(", ") || "(none)"} is no question of a kind that is known`,
      where,
      wayOut: `Known fields: ${TASK_FORMS.map(({ fields }) => `{${fields.join(", ")}}`).join(", ")}.`,
    });
  }
  throw new SurprisalError({
    code: "TASK_INVALID",
    what: "There are no questions in it",
    where: source,
    wayOut:
      'Give one JSON object per line, such as {"context": "...", "choices": ["...", "..."], "label": 0}.',
  });
}

function namedForm(name: string): TaskForm {
  const form = TASK_FORMS.find((known) => known.name === name);
  if (form) return form;
  throw invalidArgument(
    `There is no form of tasks "${name}"`,
    "form",
    `Known: ${TASK_FORMS.map((known) => known.name).join("; ")}.`,
  );
}

/** Rows of JSONL; blank lines are left out. */
async function* jsonRows(lines: AsyncIterable<Line>): AsyncGenerator<TaskRow> {
  for await (const { text, where } of lines) {
    if (text.trim() === "") continue;
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch (cause) {
      throw invalid("The line is not JSON", where, null, cause);
    }
    if (typeof row !== "object" || row === null || Array.isArray(row))
      throw invalid("The line is not a JSON object", where, null);
    yield { row: row as Row, where };
  }
}

async function* hellaSwagText(lines: AsyncIterable<Line>): AsyncGenerator<TaskItem> {
  const form = TASK_FORMS.find(({ name }) => name === "hellaswag, prepared")!;
  let question: Line[] = [];
  let any = false;
  for await (const line of lines) {
    question.push(line);
    if (question.length < LINES_PER_QUESTION) continue;
    const [context, label, ...endings] = question.map(({ text }) => text);
    const { where } = question[0]!;
    const item = readRow({ ctx: context, label: label!.trim(), endings }, form, where);
    if (typeof item === "string")
      throw invalid(item, item.includes("label") ? question[LABEL_LINE]!.where : where, form);
    yield item;
    any = true;
    question = [];
  }
  if (question.length > 0 || !any)
    throw invalid(
      any || question.length > 0
        ? `The number of lines is not a multiple of ${LINES_PER_QUESTION}: ${question.length} are left over`
        : "There are no questions in it",
      question[0]?.where ?? "the file",
      null,
    );
}

function invalid(what: string, where: string, form: TaskForm | null, cause?: unknown): SurprisalError {
  return new SurprisalError({
    code: "TASK_INVALID",
    what,
    where,
    wayOut: form
      ? `Correct the line, or leave it out; it was read as "${form.name}" {${form.fields.join(", ")}}, where a label counts from 0.`
      : "Correct the line, or leave it out.",
    cause,
  });
}
