/** What `surprisal decide` is given in files: questions, states, labelled states. What is in them is checked by the library. */
import { createHash } from "node:crypto";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { LabelledState, Question } from "../../decide/index.ts";
import { decodeText, repeatedKey } from "../../text/index.ts";
import { readGiven } from "../input.ts";

const QUESTIONS_FORM =
  'Questions look like [{"type": "predicate", "instructions": "Is it damaged?"}]: docs/deciding.md.';
const STATE_FORM = 'Rows look like {"state": "..."}: docs/deciding.md.';
const LABELLED_FORM =
  'Rows look like {"state": "...", "question": {...}, "label": true}, or with --questions {"state": "...", "labels": {"q1": true}}: docs/deciding.md.';

/** A state among many. */
export interface StateRow {
  /** Place among the states, from 0. */
  index: number;
  /** The row's own name, where it has one. */
  id: string | number | null;
  where: string;
  state: string;
  /** sha256 of the state, lower-case hex. */
  sha256: string;
}

async function textOf(file: string, maxMib: number | undefined): Promise<string> {
  return decodeText(await readGiven(file, { maxMib }), nameOf(file)).text;
}

const nameOf = (file: string): string => (file === "-" ? "standard input" : file);

/** The state of a file: its text without the line feed at its end. */
export async function readState(file: string, maxMib: number | undefined): Promise<string> {
  return (await textOf(file, maxMib)).replace(/\r?\n$/, "");
}

/** A JSON list of questions, or an object with one. @throws SurprisalError INVALID_ARGUMENT, EMPTY_INPUT */
export async function readQuestions(file: string, maxMib: number | undefined): Promise<Question[]> {
  const where = nameOf(file);
  const bytes = await readGiven(file, { maxMib });
  if (bytes.length === 0) throw empty("There are no questions", where, QUESTIONS_FORM);
  const value = json(decodeText(bytes, where).text, where, "The file is not JSON", QUESTIONS_FORM);
  const list: unknown = isObject(value) ? value.questions : value;
  if (!Array.isArray(list)) throw invalidArgument("There is no list of questions", where, QUESTIONS_FORM);
  return list;
}

/** @throws SurprisalError INVALID_ARGUMENT naming the line; EMPTY_INPUT */
export async function readStates(file: string, maxMib: number | undefined): Promise<StateRow[]> {
  const rows = await objectRows(file, maxMib, STATE_FORM);
  return rows.map(({ row: { state, id }, where }, index) => {
    requireState(state, where, STATE_FORM);
    const own = typeof id === "string" || typeof id === "number" ? id : null;
    return { index, id: own, where, state, sha256: createHash("sha256").update(state).digest("hex") };
  });
}

/** A labelled state with its place in the file. */
export type LabelledRow = LabelledState & { where: string };

/** An error of the library about a row, with file and line in the place of the row's number. */
export function atLine(error: unknown, rows: readonly LabelledRow[]): unknown {
  if (!SurprisalError.isInstance(error)) return error;
  const [, row, rest] = /^rows\[(\d+)\][.,]? ?(.*)$/s.exec(error.where ?? "") ?? [];
  const line = row === undefined ? undefined : rows[Number(row)]?.where;
  return line === undefined ? error : error.at(rest ? `${line}, ${rest}` : line);
}

/**
 * Labelled states; a row with labels by name is one for each.
 * @param questions those that the names are of; `null`: rows have their own.
 * @throws SurprisalError INVALID_ARGUMENT naming the line; EMPTY_INPUT
 */
export async function readLabelled(
  file: string,
  questions: readonly Question[] | null,
  maxMib: number | undefined,
): Promise<LabelledRow[]> {
  const rows = await objectRows(file, maxMib, LABELLED_FORM);
  const byName = new Map(questions?.map((question, i) => [question?.name ?? `q${i + 1}`, question]));
  return rows.flatMap(({ row, where }): LabelledRow[] => {
    const { state, group } = row;
    requireState(state, where, LABELLED_FORM);
    if (group !== undefined && typeof group !== "string" && typeof group !== "number")
      throw invalidArgument("The group is neither a text nor a number", where, LABELLED_FORM);
    if (isObject(row.question))
      return [
        {
          state,
          group,
          where,
          question: row.question as unknown as Question,
          label: labelIn(row.label, where),
        },
      ];
    if (questions === null || !isObject(row.labels))
      throw invalidArgument(
        questions === null ? "The row has no question" : "The row has neither a question nor labels",
        where,
        LABELLED_FORM,
      );
    return Object.entries(row.labels).map(([name, label]) => {
      const question = byName.get(name);
      if (question !== undefined) return { state, group, where, question, label: labelIn(label, where) };
      const names = [...byName.keys()].slice(0, 10).join(", ");
      throw invalidArgument(`There is no question ${JSON.stringify(name)}`, where, `There are ${names}.`);
    });
  });
}

function labelIn(label: unknown, where: string): LabelledState["label"] {
  if (label === null || ["string", "boolean", "number"].includes(typeof label))
    return label as LabelledState["label"];
  throw invalidArgument("The row has no label", where, LABELLED_FORM);
}

interface ObjectRow {
  row: Record<string, unknown>;
  where: string;
}

async function objectRows(file: string, maxMib: number | undefined, form: string): Promise<ObjectRow[]> {
  const bytes = await readGiven(file, { maxMib });
  const content = bytes.length === 0 ? "" : decodeText(bytes, nameOf(file)).text;
  const rows = content.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    const where = `${nameOf(file)}:${i + 1}`;
    const row = json(line, where, "The line is not JSON", form);
    if (!isObject(row)) throw invalidArgument("The row is no object", where, form);
    return [{ row, where }];
  });
  if (rows.length > 0) return rows;
  throw empty("There are no rows", nameOf(file), form);
}

function requireState(state: unknown, where: string, form: string): asserts state is string {
  if (typeof state !== "string")
    throw invalidArgument(state === undefined ? "The row has no state" : "The state is no text", where, form);
}

const empty = (what: string, where: string, wayOut: string): SurprisalError =>
  new SurprisalError({ code: "EMPTY_INPUT", what, where, wayOut });

/** @throws SurprisalError INVALID_ARGUMENT also for a key that is there twice: what it said first would be lost. */
function json(text: string, where: string, what: string, wayOut: string): unknown {
  const value = parsed(text, where, what, wayOut);
  const key = repeatedKey(text);
  if (key === null) return value;
  throw invalidArgument(
    `The field ${JSON.stringify(key)} is twice in one object`,
    where,
    "Leave one of them: only the last would be read.",
  );
}

function parsed(text: string, where: string, what: string, wayOut: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidArgument(`${what}: ${(cause as Error).message}`, where, wayOut, cause);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
