/** A file of answers as rows: lines of JSON, one JSON list, or a table with a line of names (CSV). */
import { invalidArgument, SurprisalError } from "../core/index.ts";
import { decodeText, repeatedKey } from "../text/index.ts";

/** A row, and where it stands. */
export interface AnswerRow {
  row: Record<string, unknown>;
  /** Number of its line, or of its place in a list, from 1. */
  line: number;
}

/** Rows that are read anew whenever they are asked for: of millions, only the bytes are kept. */
export interface AnswerRows {
  rows(): Iterable<AnswerRow>;
  /** "answers.jsonl:17", for errors. */
  place(line: number): string;
}

/** What a line may be. */
export const FORMS =
  'Each line is {"score", "correct"}, {"probabilities", "label"} or {"logprobs", "label"}, with "group", "kind" and "perplexity" if you have them.';

/** Bytes that are turned into text at a time: a text of all of them could be longer than a text can be. */
const BLOCK = 8 * 2 ** 20;
const NEWLINE = 10;

/**
 * Rows of bytes.
 * @param source name for errors.
 * @throws SurprisalError EMPTY_INPUT, INVALID_UTF8, BINARY_INPUT; the rows themselves INVALID_ARGUMENT naming the line.
 */
export function answerRows(bytes: Uint8Array, source: string): AnswerRows {
  const place = (line: number) => `${source}:${line}`;
  const [first] = /^\ufeff?\s*(?<first>\S)/.exec(beginning(bytes))?.slice(1) ?? [];
  if (first === undefined)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There are no answers",
      where: source,
      wayOut: FORMS,
    });
  const list = first === "[" ? listOf(bytes, source) : null;
  if (list !== null)
    return {
      rows: () => list.map((row, i) => ({ row, line: i + 1 })),
      place: (line) => `${source}, answer ${line}`,
    };
  const separator = first === "{" || first === "[" ? null : separatorOf(beginning(bytes));
  if (separator !== null) return { rows: () => tableRows(bytes, separator, source), place };
  return { rows: () => jsonLines(bytes, source), place };
}

const beginning = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 4096));

/** A JSON list of objects; `null`: it is something else. */
function listOf(bytes: Uint8Array, source: string): Record<string, unknown>[] | null {
  let value: unknown;
  const { text } = decodeText(bytes, source);
  try {
    value = JSON.parse(text);
  } catch {
    return null; // the lines say what is wrong
  }
  checkKeys(text, source);
  return Array.isArray(value) && value.length > 0 && value.every(isObject) ? value : null;
}

/** @throws SurprisalError INVALID_ARGUMENT for a field that is there twice: JSON.parse keeps the last in silence. */
function checkKeys(json: string, where: string): void {
  const twice = repeatedKey(json);
  if (twice === null) return;
  throw invalidArgument(
    `The field ${JSON.stringify(twice)} is twice in one object`,
    where,
    "Leave one of them: only the last would be read.",
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function* jsonLines(bytes: Uint8Array, source: string): Generator<AnswerRow> {
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    const end = endOfLines(bytes, start + BLOCK);
    const lines = textOf(bytes, start, end, source).split("\n");
    if (end < bytes.length) lines.pop(); // what follows the last newline: nothing
    const isLast = end >= bytes.length;
    for (const [i, text] of lines.entries()) {
      line++;
      if (text.trim() === "") continue;
      yield { row: parsed(text, `${source}:${line}`, isLast && i === lines.length - 1), line };
    }
    start = end;
  }
}

/** After the first newline from here on. */
function endOfLines(bytes: Uint8Array, from: number): number {
  if (from >= bytes.length) return bytes.length;
  const newline = bytes.indexOf(NEWLINE, from);
  return newline < 0 ? bytes.length : newline + 1;
}

function textOf(bytes: Uint8Array, start: number, end: number, source: string): string {
  try {
    return decodeText(bytes.subarray(start, end), source).text;
  } catch (error) {
    if (start > 0) decodeText(bytes.subarray(0, end), source); // names the byte of the file
    throw error;
  }
}

/** @param isCut nothing follows, not even the end of the line. */
function parsed(text: string, where: string, isCut: boolean): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const [name] = /(?<=[:,[]\s*)-?(?:NaN|Infinity)\b/.exec(text) ?? [];
    if (name !== undefined)
      throw invalidArgument(
        `The line is not JSON: there is no ${name} in it`,
        where,
        'Write null for a missing number; "-Infinity" in quotes for the ln of 0.',
        cause,
      );
    if (isCut)
      throw invalidArgument(
        "The line is not JSON: it is the last one, and looks cut off",
        where,
        "Let what writes the file come to its end, or remove the line.",
        cause,
      );
    throw invalidArgument("The line is not JSON", where, FORMS, cause);
  }
  checkKeys(text, where);
  if (isObject(value)) return value;
  throw invalidArgument(`The line is ${Array.isArray(value) ? "a list" : "no object"}`, where, FORMS);
}

/** What stands between the names in the first line; `null`: it is no table. */
function separatorOf(text: string): string | null {
  const [line] = text
    .replace(/^\ufeff/, "")
    .trimStart()
    .split("\n", 1);
  return [",", "\t", ";"].find((each) => line!.includes(each)) ?? null;
}

/** Rows of a table (RFC 4180); what is empty is missing. */
function* tableRows(bytes: Uint8Array, separator: string, source: string): Generator<AnswerRow> {
  let names: string[] | null = null;
  for (const { cells, line } of records(decodeText(bytes, source).text, separator, source)) {
    if (cells.length === 1 && cells[0]!.trim() === "") continue;
    if (names === null) {
      names = cells.map((name) => name.trim());
      const twice = names.find((name, i) => name !== "" && names!.indexOf(name) < i);
      if (twice !== undefined)
        throw invalidArgument(
          `Two columns are called ${JSON.stringify(twice)}`,
          `${source}:${line}`,
          "Give each column a name of its own: only the last would be read.",
        );
    } else if (cells.length !== names.length)
      throw invalidArgument(
        `The line has ${cells.length} fields, and the first names ${names.length}`,
        `${source}:${line}`,
        "Give each line a value, or nothing, for each name.",
      );
    else {
      const found = names.map((name, i) => [name, cells[i]!.trim() === "" ? null : cells[i]!] as const);
      yield { row: Object.fromEntries(found), line };
    }
  }
}

/** Cells of each record; a cell in quotes may hold separators, line ends, and quotes written twice. */
function* records(
  text: string,
  separator: string,
  source: string,
): Generator<{ cells: string[]; line: number }> {
  let [line, start] = [1, 1];
  let cells: string[] = [];
  for (let i = 0; i <= text.length; ) {
    let cell = "";
    if (text[i] === '"') {
      for (i++; ; i++) {
        if (i >= text.length)
          throw invalidArgument("A quote is not closed", `${source}:${start}`, 'Close it: "...".');
        if (text[i] === '"') {
          if (text[i + 1] !== '"') break;
          i++;
        } else if (text[i] === "\n") line++;
        cell += text[i];
      }
      i++;
    }
    let end = i;
    while (end < text.length && text[end] !== separator && text[end] !== "\n") end++;
    cells.push(cell + text.slice(i, end).replace(/\r$/, ""));
    i = end + 1;
    if (text[end] === separator) continue;
    yield { cells, line: start };
    cells = [];
    start = ++line;
  }
}
