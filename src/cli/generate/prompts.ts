/** Prompts: one that a person wrote, or those of a file: a line each, or rows of JSON lines. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";
import { readMessages } from "../../evaluate/corpora/index.ts";
import type { ChatMessage } from "../../models/index.ts";
import { decodeText } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { readGiven } from "../input.ts";

/** A prompt, or why there is none. */
export interface PromptRow {
  /** Place among the prompts, from 0. */
  index: number;
  /** The row's own name, where it has one. */
  id: string | number | null;
  /** Where it stands, for errors. */
  where: string;
  prompt: string | readonly ChatMessage[] | SurprisalError;
  /** sha256 of the prompt as JSON, lower-case hex; of what cannot be read, of its line. */
  sha256: string;
}

/** What a person said about the prompts. */
export interface PromptsGiven {
  prompt: string | undefined;
  text: string | undefined;
  field: string | undefined;
  split: Split;
  chat: boolean;
  system: string | undefined;
  maxMib: number | undefined;
}

export const SPLITS = ["lines", "blank-lines", "none"] as const;
type Split = (typeof SPLITS)[number];

/** Fields that are looked for, in this order. */
const FIELDS = ["messages", "prompt", "text"];
const ENDINGS = /\.(?:jsonl|ndjson|txt)$/i;
const JSON_LINES = /\.(?:jsonl|ndjson)$/i;
const TEXT = /\.txt$/i;

/**
 * @returns at least one.
 * @throws SurprisalError USAGE, EMPTY_INPUT, FILE_NOT_FOUND, INVALID_UTF8, ...; what the first row lacks, where all lack something.
 */
export async function readPrompts(given: PromptsGiven): Promise<PromptRow[]> {
  const rows = await rowsOf(given);
  const [first] = rows;
  if (!first)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There is no prompt",
      where: given.prompt ?? "standard input",
      wayOut: "Give a text, or a file with a prompt a line.",
    });
  if (rows.every(({ prompt }) => prompt instanceof SurprisalError)) throw first.prompt;
  return rows;
}

async function rowsOf(given: PromptsGiven): Promise<PromptRow[]> {
  const { prompt, text, split, field } = given;
  if (text !== undefined) {
    if (prompt !== undefined) throw usage("Give a prompt or --text, not both", prompt);
    if (field !== undefined) throw usage("--field needs rows of JSON lines", "--text");
    return [row(0, null, "--text", text, given)];
  }
  const isFile = prompt === undefined || prompt === "-" || ENDINGS.test(prompt) || existsSync(prompt);
  if (!isFile) {
    if (field !== undefined) throw usage("--field needs rows of JSON lines", "the prompt");
    return [row(0, null, "the prompt", prompt, given)];
  }
  if (prompt === undefined && process.stdin.isTTY)
    throw usage("There is no prompt: write one, name a file, or pipe one in");
  const file = prompt ?? "-";
  const where = file === "-" ? "standard input" : file;
  const bytes = await readGiven(file, {
    maxMib: given.maxMib,
    wayOut: "Cut it into several files",
    wayOutWhenMissing: "Check the name; where these are the words to write on from, use --text.",
  });
  if (bytes.length === 0) return [];
  const content = decodeText(bytes, where).text;
  const asRows = JSON_LINES.test(file) || (!TEXT.test(file) && looksLikeRows(content));
  if (!asRows && field !== undefined) throw usage("--field needs rows of JSON lines", where);
  return asRows ? jsonRows(content, where, given) : textRows(content, where, split, given);
}

/** The first line that is not blank is a JSON object. */
function looksLikeRows(content: string): boolean {
  const first = /^\s*(\{.*)$/m.exec(content)?.[1];
  if (first === undefined || !content.trimStart().startsWith("{")) return false;
  try {
    JSON.parse(first);
    return true;
  } catch {
    return false;
  }
}

function textRows(content: string, where: string, split: Split, given: PromptsGiven): PromptRow[] {
  const whole = content.replaceAll("\r\n", "\n");
  const pieces =
    split === "none" ? [whole.replace(/\n$/, "")] : whole.split(split === "lines" ? "\n" : /\n(?:[ \t]*\n)+/);
  const rows: PromptRow[] = [];
  for (const [i, piece] of pieces.entries()) {
    const text = split === "blank-lines" ? piece.replace(/^\n+|\n+$/g, "") : piece;
    if (text.trim() === "") continue;
    const place = split === "lines" ? `${where}:${i + 1}` : where;
    rows.push(row(rows.length, null, place, text, given));
  }
  return rows;
}

function jsonRows(content: string, where: string, given: PromptsGiven): PromptRow[] {
  if (/^\s*\[/.test(content))
    throw malformed("This is one JSON list, not a row a line", where, "Make lines of it: jq -c '.[]' FILE.");
  const rows: PromptRow[] = [];
  for (const [i, line] of content.split("\n").entries()) {
    if (line.trim() === "") continue;
    const place = `${where}:${i + 1}`;
    try {
      const value: unknown = JSON.parse(line);
      const object = isObject(value) ? value : {};
      const { id } = object;
      const own = typeof id === "string" || typeof id === "number" ? id : null;
      rows.push(row(rows.length, own, place, promptIn(value, place, given.field), given, line));
    } catch (cause) {
      const error = malformed(
        `The line is not JSON: ${(cause as Error).message}`,
        place,
        "Mend the line.",
        cause,
      );
      rows.push(row(rows.length, null, place, error, given, line));
    }
  }
  return rows;
}

/** What a row has for a prompt: a text, a list of messages, or an error. */
function promptIn(value: unknown, where: string, field: string | undefined): unknown {
  if (typeof value === "string" && field === undefined) return value;
  if (!isObject(value)) return malformed("The row is no object", where, 'Rows look like {"prompt": "..."}.');
  const name = field ?? FIELDS.find((each) => Object.hasOwn(value, each));
  const found = name === undefined ? undefined : within(value, name);
  if (found !== undefined) return found;
  const wanted = field === undefined ? FIELDS.join(", ") : field;
  const has = Object.keys(value).slice(0, 8).join(", ");
  return malformed(`The row has no field ${wanted} (it has: ${has})`, where, "Name another: --field NAME.");
}

/** The field of that name; of "meta.prompt" also the one within another. */
function within(value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined;
  if (Object.hasOwn(value, name)) return value[name];
  const dot = name.indexOf(".");
  const outer = name.slice(0, Math.max(0, dot));
  return dot > 0 && Object.hasOwn(value, outer) ? within(value[outer], name.slice(dot + 1)) : undefined;
}

function row(
  index: number,
  id: PromptRow["id"],
  where: string,
  value: unknown,
  given: PromptsGiven,
  line = "",
): PromptRow {
  const prompt = promptOf(value, where, given);
  const hashed = prompt instanceof SurprisalError ? line : JSON.stringify(prompt);
  return { index, id, where, prompt, sha256: createHash("sha256").update(hashed).digest("hex") };
}

/** @throws SurprisalError USAGE for a system text that nobody would be told */
function promptOf(value: unknown, where: string, { chat, system }: PromptsGiven): PromptRow["prompt"] {
  if (value instanceof SurprisalError) return value;
  const told = system === undefined || system === "" ? [] : [{ role: "system", content: system }];
  if (typeof value === "string") {
    if (value.trim() === "")
      return new SurprisalError({ code: "EMPTY_INPUT", what: "The prompt is empty", where });
    if (chat) return [...told, { role: "user", content: value }];
    if (told.length > 0) throw usage("--system needs --chat, or rows with messages", where);
    return value;
  }
  const messages = readMessages(value);
  if (typeof messages === "string") return malformed(messages, where, "Mend the row.");
  if (messages === null || messages.length === 0)
    return malformed("The prompt is neither a text nor a list of messages", where, "Mend the row.");
  return messages.some(({ role }) => role === "system") ? messages : [...told, ...messages];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(what: string, where: string, wayOut: string, cause?: unknown): SurprisalError {
  return new SurprisalError({ code: "CORPUS_MALFORMED", what, where, wayOut, cause });
}
