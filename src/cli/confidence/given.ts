/** What `surprisal confidence` is given: a line each, with a question, an answer, samples, numbers, or some of them. */
import { createHash } from "node:crypto";
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import { readMessages } from "../../evaluate/corpora/index.ts";
import type { ChatMessage } from "../../models/index.ts";
import { decodeText } from "../../text/index.ts";
import type { AnswerSample } from "../../uncertainty/index.ts";
import { readGiven } from "../input.ts";
import { grouped } from "./generated.ts";
import { type GivenLine, isObject, type Line, malformed } from "./lines.ts";
import { readRecords, sampleOf } from "./numbers.ts";
import { pairs } from "./pairs.ts";

/** A question with what is known of its answer. */
export interface Item {
  /** `null`: the line has none, only an answer. */
  question: string | readonly ChatMessage[] | null;
  /** `null`: it has to be written. */
  answer: string | null;
  /** The first of the samples is the answer. */
  isFirstSample: boolean;
  /** The answer's tokens with their numbers; `null`: the line has none. */
  records: TokenRecord[] | null;
  samples: AnswerSample[];
  /** Whether the answer is right; `null`: nobody said. */
  correct: boolean | null;
  /** The right answer, to compare with; `null`: not said. */
  expected: string | null;
  group: string | number | null;
}

/** A line, or why it cannot be read. */
export interface ItemRow {
  /** Place among the rows, from 0. */
  index: number;
  /** The line's own name, where it has one. */
  id: string | number | null;
  /** Where it stands, for errors. */
  where: string;
  item: Item | SurprisalError;
  /** The line as it was read, for who knows further fields; `null`: it is no line, or none that can be read. */
  line: Line | null;
  /** sha256 of what it holds, lower-case hex. */
  sha256: string;
}

const FORM =
  'Lines look like {"question": "...", "answer": "...", "samples": ["...", "..."], "logprobs": [...]}: docs/confidence.md.';

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** One question of the command line, or one answer. */
export function itemOf(question: string | null, answer: string | undefined, where = "--prompt"): ItemRow {
  const item = { ...NOTHING, question, answer: answer ?? null };
  return { index: 0, id: null, where, item, line: null, sha256: sha256(JSON.stringify([question, answer])) };
}

/**
 * The lines of a file; rows of `surprisal generate` to one prompt are one line with samples.
 * @returns at least one.
 * @throws SurprisalError EMPTY_INPUT, FILE_NOT_FOUND, INVALID_UTF8, ...; what the first line lacks, where all lack something.
 */
export async function readItems(file: string, maxMib: number | undefined): Promise<ItemRow[]> {
  const where = file === "-" ? "standard input" : file;
  const bytes = await readGiven(file, { maxMib, wayOut: "Cut it into several files" });
  return itemsOf(bytes.length === 0 ? "" : decodeText(bytes, where).text, where);
}

/** The same of lines that are read already. @param where they stand, for errors. */
export function itemsOf(content: string, where: string): ItemRow[] {
  const rows = grouped(pairs(linesOf(content, where))).map(({ line, place, text }, index): ItemRow => {
    const isLine = !(line instanceof SurprisalError);
    const item = isLine ? attempt(() => readItem(line, place)) : line;
    return { index, id: idOf(line), where: place, item, line: isLine ? line : null, sha256: sha256(text) };
  });
  const [first] = rows;
  if (first === undefined)
    throw new SurprisalError({ code: "EMPTY_INPUT", what: "There are no lines", where, wayOut: FORM });
  if (rows.every(({ item }) => item instanceof SurprisalError)) throw first.item;
  return rows;
}

function linesOf(content: string, where: string): GivenLine[] {
  if (/^\s*\[/.test(content))
    throw malformed("This is one JSON list, not a line each", where, "Make lines of it: jq -c '.[]' FILE.");
  return content.split("\n").flatMap((text, i) => {
    if (text.trim() === "") return [];
    const place = `${where}:${i + 1}`;
    try {
      const value: unknown = JSON.parse(text);
      const line = isObject(value) ? value : malformed("The line is no object", place, FORM);
      return [{ line, place, text }];
    } catch (cause) {
      const what = `The line is not JSON: ${(cause as Error).message}`;
      return [{ line: malformed(what, place, "Mend the line.", cause), place, text }];
    }
  });
}

const NOTHING: Item = {
  question: null,
  answer: null,
  isFirstSample: false,
  records: null,
  samples: [],
  correct: null,
  expected: null,
  group: null,
};

function readItem(line: Line, where: string): Item {
  const { asked, said } = questionOf(line, where);
  const own = textOf(line, ["answer", "response"], where);
  const samples = samplesOf(line.samples, where);
  const given = own ?? said;
  const isFirstSample = given === null && samples.length > 0;
  const answer = given ?? samples[0]?.text ?? null;
  const records = readRecords(line.tokens ?? line.logprobs, `tokens of ${where}`);
  if (records !== null && answer === null && !records.some(({ text }) => text !== ""))
    throw malformed("The line has numbers of an answer, and no answer", where, FORM);
  const whole =
    answer ??
    records
      ?.filter(({ part = "answer" }) => part === "answer")
      .map(({ text }) => text)
      .join("") ??
    null;
  if (asked === null && whole === null)
    throw malformed(`The line has neither a question nor an answer (it has: ${namesOf(line)})`, where, FORM);
  if (whole !== null && whole.trim() === "" && records === null)
    throw new SurprisalError({ code: "EMPTY_INPUT", what: "The answer is empty", where });
  const { group = null } = line;
  if (group !== null && typeof group !== "string" && typeof group !== "number")
    throw malformed("The group is neither a text nor a number", where, FORM);
  return {
    ...{ question: asked, answer: whole, isFirstSample, records, samples, group },
    correct: correctOf(line.correct ?? line.is_correct ?? null, where),
    expected: textOf(line, ["expected"], where),
  };
}

const namesOf = (line: Line): string => Object.keys(line).slice(0, 8).join(", ") || "nothing";

/** The question; and the answer, where a chat ends with what the assistant said. */
function questionOf(line: Line, where: string): { asked: Item["question"]; said: string | null } {
  const { messages = Array.isArray(line.prompt) ? line.prompt : undefined } = line;
  if (messages === undefined) {
    const isRow = typeof line.prompt === "number"; // of `surprisal generate`: the prompt's place
    const asked = isRow ? null : textOf(line, ["question", "prompt"], where);
    if (asked !== null && asked.trim() === "")
      throw new SurprisalError({ code: "EMPTY_INPUT", what: "The question is empty", where });
    return { asked, said: null };
  }
  const chat = readMessages(messages);
  if (chat === null || typeof chat === "string" || chat.length === 0)
    throw malformed(typeof chat === "string" ? chat : "The messages are no list of messages", where, FORM);
  const last = chat.at(-1)!;
  if (last.role !== "assistant") return { asked: chat, said: null };
  if (chat.length === 1) return { asked: null, said: last.content };
  return { asked: chat.slice(0, -1), said: last.content };
}

function textOf(line: Line, names: readonly string[], where: string): string | null {
  const name = names.find((each) => line[each] !== undefined && line[each] !== null);
  if (name === undefined) return null;
  const value = line[name];
  if (typeof value === "string") return value;
  if (name === "expected" && ["number", "boolean"].includes(typeof value))
    return value === true ? "yes" : value === false ? "no" : String(value);
  throw malformed(`"${name}" is no text`, where, FORM);
}

function samplesOf(value: unknown, where: string): AnswerSample[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformed('"samples" is no list', where, FORM);
  return value.map((each: unknown, i) => sampleOf(each, `sample ${i} of ${where}`));
}

const RIGHT: readonly unknown[] = [true, 1, "true", "yes", "1"];
const WRONG: readonly unknown[] = [false, 0, "false", "no", "0"];

function correctOf(value: unknown, where: string): boolean | null {
  if (value === null) return null;
  const plain = typeof value === "string" ? value.trim().toLowerCase() : value;
  if (RIGHT.includes(plain)) return true;
  if (WRONG.includes(plain)) return false;
  throw malformed(`"correct" is ${JSON.stringify(value)}`, where, "Write true or false, or null.");
}

function idOf(line: Line | SurprisalError): ItemRow["id"] {
  const id = line instanceof SurprisalError ? undefined : line.id;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

/** What `read` gives, or what it throws of ours. */
export function attempt<T>(read: () => T): T | SurprisalError {
  try {
    return read();
  } catch (error) {
    if (SurprisalError.isInstance(error)) return error as SurprisalError;
    throw error;
  }
}
