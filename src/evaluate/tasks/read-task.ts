/** Task files: rows of JSONL, CSV, TSV or Parquet, and llama.cpp's own files. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import {
  actualFile,
  type Reading,
  type StoredFile,
  specialFile,
  storedFile,
  tableObjects,
  tooLarge,
} from "../corpora/index.ts";
import { isObject, type Row, type TaskForm } from "./form.ts";
import {
  type BadRow,
  formNamed,
  formOf,
  formSlug,
  formsLike,
  isOfTwoSets,
  nearForms,
  quoted,
  readRow,
  TASK_FORMS,
} from "./forms.ts";
import { type Line, LONGEST_ROW, readLines } from "./lines.ts";
import {
  HELLASWAG_TEXT,
  hellaSwagText,
  isWinograndeLine,
  MULTIPLE_CHOICE_BINARY,
  multipleChoiceBinary,
  type ReadItem,
  WINOGRANDE_CSV,
  winograndeCsv,
} from "./llama-files.ts";
import type { ItemOptions, Task, TaskItem } from "./task.ts";

/** Options of `readTask`. */
export interface ReadTaskOptions {
  /** Name for people. Default: the file's. */
  name?: string | undefined;
  /**
   * Name of the form of the rows (`taskForms`): fields that it does not know are then left aside. Default: told from the first
   * row's fields, all of which the form has to know.
   */
  form?: string | undefined;
  /** Longest row, bytes; a file that is one list may have 4 times as many. Default 16 MiB. */
  maxRowBytes?: number | undefined;
}

/** A row and where it is from. */
export interface TaskRow {
  row: Row;
  where: string;
}

/** A form of rows that `readTask` knows. */
export interface TaskFormDescription {
  /** By which `readTask` and `--form` take it. */
  name: string;
  /** Other names that they take. */
  aliases: readonly string[];
  /** Fields that a row has; "a|b": one of them. */
  fields: readonly string[];
  /** Fields that it may have besides. */
  optional: readonly string[];
  kind: Task["kind"];
  /** The tool, file and version the rule is from; `null`: ours. */
  source: string | null;
}

/** Every form of rows that `readTask` knows, in the order in which they are tried. */
export function taskForms(): TaskFormDescription[] {
  return TASK_FORMS.map(({ name, aliases = [], fields, optional = [], kind, source }) => ({
    name: formSlug(name),
    aliases: aliases.map(formSlug),
    fields,
    optional,
    kind,
    source,
  }));
}

/** Longest file that is one list of rows, in rows of the longest. */
const LIST_ROWS = 4;

/** llama.cpp's files, by name; `null`: rows. */
const LLAMA_FILES = {
  "llama-hellaswag": HELLASWAG_TEXT,
  "llama-winogrande": WINOGRANDE_CSV,
  "llama-multiple-choice": MULTIPLE_CHOICE_BINARY,
} as const;
type LlamaFile = keyof typeof LLAMA_FILES;

/** Names of the forms of llama.cpp's files. */
export const LLAMA_FORMS: readonly string[] = Object.keys(LLAMA_FILES);

/**
 * A task in a file: JSONL, CSV, TSV or Parquet with rows of one of the forms of `taskForms`; the text file that
 * `llama-perplexity --hellaswag` reads (.txt), the CSV of its `--winogrande`, the binary file of its `--multiple-choice` (.bin);
 * packed as corpora may be. The file is read anew each time its items are asked for.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, TASK_INVALID; INVALID_ARGUMENT for a form there is not.
 */
export async function readTask(
  path: string,
  { name = basename(path), form, maxRowBytes: limit = LONGEST_ROW }: ReadTaskOptions = {},
): Promise<Task> {
  await checkThere(path);
  const { file } = await actualFile(storedFile(path), false);
  const llama = await llamaFile(file, form);
  if (llama !== null) {
    const read = (signal?: AbortSignal) =>
      llama === "llama-hellaswag"
        ? hellaSwagText(readLines(file, { limit, signal }))
        : llama === "llama-winogrande"
          ? winograndeCsv(readLines(file, { limit, signal }))
          : multipleChoiceBinary(file, signal);
    const items = ({ signal, onBad }: ItemOptions = {}) => passing(read(signal), null, onBad);
    return { name, source: path, kind: "multiple-choice", form: { ...LLAMA_FILES[llama] }, items };
  }
  const rows =
    file.format === "csv" || file.format === "tsv" || file.format === "parquet"
      ? (signal?: AbortSignal) => tableRows(file, { limit, onNote: () => {}, signal })
      : (signal?: AbortSignal) => jsonRows(readLines(file, { limit, signal }), LIST_ROWS * limit);
  return taskFromRows(path, rows, { name, form });
}

async function checkThere(path: string): Promise<void> {
  const found = await stat(path).catch((error) => readFailure(error, path));
  if (!SurprisalError.isInstance(found)) {
    if (!found.isFile() && !found.isDirectory()) throw specialFile(path, "");
    return;
  }
  if (found.code !== "FILE_NOT_FOUND") return; // of anything else, reading says what is wrong
  throw new SurprisalError({
    code: found.code,
    what: found.what,
    where: path,
    wayOut:
      "Check the path. Questions are read from a file on the disk; of a data set of the hub, fetch its file first (hf download).",
    cause: found,
  });
}

async function llamaFile(file: StoredFile, form: string | undefined): Promise<LlamaFile | null> {
  if (form !== undefined) return LLAMA_FORMS.includes(form) ? (form as LlamaFile) : null;
  if (file.format === "parquet") return null;
  const [, extension] = /\.(txt|bin|csv)(?:\.\w+)?$/i.exec(file.path) ?? [];
  if (extension?.toLowerCase() === "txt") return "llama-hellaswag";
  if (extension?.toLowerCase() === "bin") return "llama-multiple-choice";
  if (extension === undefined) return null;
  for await (const { text } of readLines(file))
    if (text.trim() !== "") return isWinograndeLine(text) ? "llama-winogrande" : null;
  return null;
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
  const strict = wanted === undefined;
  const { kind, answerPrefix, examplesApart, sampler } = form;
  return {
    name,
    source,
    kind,
    form: { name: form.name, source: form.source },
    rules: { answerPrefix, examplesApart, sampler },
    items: ({ signal, onBad } = {}) => passing(itemsIn(rows(signal), form, strict), form, onBad),
  };
}

async function* itemsIn(
  rows: AsyncIterable<TaskRow>,
  form: TaskForm,
  strict: boolean,
): AsyncGenerator<ReadItem> {
  for await (const { row, where } of rows) {
    const item = readRow(row, form, where, strict);
    yield "problem" in item ? { where, bad: item } : { item };
  }
}

/** The items; what cannot be asked is told of, or thrown; a row of another form always is. */
async function* passing(
  read: AsyncIterable<ReadItem>,
  form: TaskForm | null,
  onBad: ItemOptions["onBad"],
): AsyncGenerator<TaskItem> {
  for await (const entry of read)
    if ("item" in entry) yield entry.item;
    else if (onBad && !entry.bad.misfit) onBad({ where: entry.where, problem: entry.bad.problem });
    else throw refused(entry.bad, entry.where, form);
}

function refused({ problem, misfit }: BadRow, where: string, form: TaskForm | null): SurprisalError {
  if (!misfit || !form) return invalid(problem, where, form);
  return new SurprisalError({
    code: "TASK_INVALID",
    what: problem,
    where,
    wayOut: `Make all rows alike, or say --form ${formSlug(form.name)}: it needs {${form.fields.join(", ")}} and leaves other fields aside.`,
  });
}

async function firstForm(source: string, rows: () => AsyncIterable<TaskRow>): Promise<TaskForm> {
  for await (const { row, where } of rows()) {
    const form = formOf(row);
    if (form) return form;
    const near = nearForms(row);
    throw new SurprisalError({
      code: "TASK_INVALID",
      what: `A row with the fields ${quoted(Object.keys(row)) || "(none)"} is no question of a kind that is known`,
      where,
      wayOut: `${near.length > 0 ? `Nearest: ${near.join("; ")}. ` : ""}${isOfTwoSets(row) ? "ARC and OpenBookQA both publish such rows: say --form arc or --form openbookqa" : "--form NAME reads it by hand and leaves other fields aside; `surprisal eval --help` lists the names"}.`,
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
  const form = formNamed(name);
  if (form) return form;
  const like = formsLike(name);
  const known = TASK_FORMS.map((form) => formSlug(form.name)).concat(LLAMA_FORMS);
  throw invalidArgument(
    `There is no form of tasks "${name}"`,
    "form",
    `${like.length > 0 ? `Did you mean ${like.join(" or ")}? ` : ""}Known: ${known.join(", ")}.`,
  );
}

/** MMLU as its authors publish it (hendrycks/test): question, four choices and a letter, without a header. */
function columnsOfMmlu(first: readonly string[]): readonly string[] | null {
  const columns = ["question", "A", "B", "C", "D", "answer"];
  return first.length === columns.length && /^[A-D]$/.test(first.at(-1)!) ? columns : null;
}

async function* tableRows(file: StoredFile, reading: Reading): AsyncGenerator<TaskRow> {
  for await (const { where, object } of tableObjects(file, reading, columnsOfMmlu))
    yield { where, row: plain(object) as Row };
}

/** Parquet's whole numbers of 64 bits as numbers. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value.constructor !== Object) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** Rows of JSONL; blank lines are left out. A file that is one list, as `.json` often is, is read whole. */
async function* jsonRows(lines: AsyncIterable<Line>, limit: number): AsyncGenerator<TaskRow> {
  let list: string[] | null = null;
  let length = 0;
  for await (const { text, where } of lines) {
    if (text.trim() === "") continue;
    if (list) {
      length += text.length;
      if (length > limit)
        throw tooLarge(limit, where, "Make JSON lines of it: jq -c '.[]' FILE", "maxRowBytes");
      list.push(text);
      continue;
    }
    if (/^\s*\[\s*(\{|$)/.test(text)) {
      list = [text];
      continue;
    }
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch (cause) {
      throw invalid(`The line is not JSON: ${(cause as Error).message}`, where, null, cause);
    }
    if (typeof row !== "object" || row === null || Array.isArray(row))
      throw invalid("The line is not a JSON object", where, null);
    yield { row: row as Row, where };
  }
  if (list) yield* listedRows(list.join("\n"));
}

function* listedRows(text: string): Generator<TaskRow> {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw invalid(`The file is no list of JSON objects: ${(cause as Error).message}`, "line 1", null, cause);
  }
  for (const [i, row] of (list as unknown[]).entries()) {
    if (!isObject(row)) throw invalid("The list has something else than objects", `row ${i + 1}`, null);
    yield { row, where: `row ${i + 1}` };
  }
}

function invalid(what: string, where: string, form: TaskForm | null, cause?: unknown): SurprisalError {
  return new SurprisalError({
    code: "TASK_INVALID",
    what,
    where,
    wayOut: form
      ? `Correct the line, or leave it out; it was read as "${form.name}" {${form.fields.join(", ")}}, where a label that is a number counts from 0.`
      : "Correct the line, or leave it out.",
    cause,
  });
}
