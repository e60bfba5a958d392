/** A data set read from its bytes, line by line: a line that cannot be read is said, and does not take others with it. */
import { createHash } from "node:crypto";
import { SurprisalError } from "../../core/index.ts";
import { repeatedKey } from "../../text/index.ts";
import { malformed } from "./final.ts";
import { isObject, type Line, type ReadSampleOptions, readSample } from "./layouts.ts";
import type { SampleRow } from "./sample.ts";

/** A data set. */
export interface ReadDataset {
  rows: SampleRow[];
  /** Lines that are no JSON objects, by number from 1; they have no row. */
  unreadable: { line: number; error: SurprisalError }[];
}

const NEWLINE = 10;
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The samples of JSON lines. Blank lines are none. What ends a line is kept beside it.
 * @param source name of the file, for errors.
 * @throws {SurprisalError} EMPTY_INPUT where there are no lines; CORPUS_MALFORMED of one JSON list or object over several lines; INVALID_UTF8 of UTF-16
 */
export function readDataset(bytes: Uint8Array, source: string, options: ReadSampleOptions = {}): ReadDataset {
  const rows: SampleRow[] = [];
  const unreadable: ReadDataset["unreadable"] = [];
  checkEncoding(bytes, source);
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  checkNoList(bytes.subarray(hasMark ? 3 : 0), source);
  let number = 0;
  for (let start = hasMark ? 3 : 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const where = `${source}:${++number}`;
    try {
      const line = textOf(bytes.subarray(start, end), where);
      if (line.trim() !== "") rows.push(rowOf(line, rows.length, where, newline < 0, options));
    } catch (error) {
      if (!SurprisalError.isInstance(error)) throw error;
      unreadable.push({ line: number, error: error as SurprisalError });
    }
    start = end + 1;
  }
  if (rows.length === 0 && unreadable.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There are no lines",
      where: source,
      wayOut: 'Lines look like {"question": "...", "reasoning": "...", "answer": "..."}: docs/refining.md.',
    });
  return { rows, unreadable };
}

function checkEncoding(bytes: Uint8Array, source: string): void {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16)
    throw new SurprisalError({
      code: "INVALID_UTF8",
      what: "The file is UTF-16, not UTF-8",
      where: source,
      wayOut: "Convert it first: iconv -f UTF-16 -t UTF-8 FILE.",
    });
}

const BLANK = new Set([0x20, 0x09, 0x0a, 0x0d]);
const LIST = 0x5b;

/**
 * A file that is one JSON value over several lines has no lines to read, though one of them may look so: LLaMA-Factory's lists, and what a
 * program has set out prettily.
 */
function checkNoList(bytes: Uint8Array, source: string): void {
  const from = bytes.findIndex((byte) => !BLANK.has(byte));
  if (from < 0) return;
  const newline = bytes.indexOf(NEWLINE, from);
  const first = bytes.subarray(from, newline < 0 ? bytes.length : newline);
  const isList = first[0] === LIST && !isJson(first);
  const isObject = !isList && first.every((byte) => byte === 0x7b || BLANK.has(byte)); // "{" alone
  if (isList)
    throw malformed("This is one JSON list, not a line each", source, "Make lines of it: jq -c '.[]' FILE.");
  if (isObject && newline >= 0)
    throw malformed(
      "This is JSON over several lines, not a line each",
      source,
      "Make lines of it: jq -c . FILE.",
    );
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(decoder.decode(bytes));
    return true;
  } catch {
    return false;
  }
}

function textOf(bytes: Uint8Array, where: string): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new SurprisalError({
      code: "INVALID_UTF8",
      what: "The line is not valid UTF-8",
      where,
      wayOut:
        "Convert the file first, for example: iconv -f WINDOWS-1252 -t UTF-8 FILE; or leave the line out.",
      cause,
    });
  }
}

/** @param isCut no newline follows. */
function rowOf(
  read: string,
  index: number,
  where: string,
  isCut: boolean,
  options: ReadSampleOptions,
): SampleRow {
  const line = read.replace(/\r$/, "");
  const value = parsed(line, where, isCut);
  const { id } = value;
  return {
    index,
    id: typeof id === "string" || typeof id === "number" ? id : null,
    where,
    line,
    lineEnd: line === read ? "\n" : "\r\n",
    sha256: createHash("sha256").update(line).digest("hex"),
    sample: attempt(() => readSample(value, where, options)),
  };
}

function parsed(line: string, where: string, isCut: boolean): Line {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw isCut
      ? malformed(
          "The line is not JSON: it is the last one, and looks cut off",
          where,
          "Let what writes the file come to its end, or remove the line.",
        )
      : malformed(`The line is not JSON: ${(cause as Error).message}`, where, "Mend the line.");
  }
  if (Array.isArray(value))
    throw malformed("The line is a list, not an object", where, "Make lines of it: jq -c '.[]' FILE.");
  if (!isObject(value))
    throw malformed("The line is no object", where, 'Lines look like {"question": "...", ...}.');
  const twice = repeatedKey(line);
  if (twice === null) return value;
  throw malformed(
    `The field ${JSON.stringify(twice)} is twice in one object`,
    where,
    "Leave one of them: only the last would be read.",
  );
}

function attempt<T>(read: () => T): T | SurprisalError {
  try {
    return read();
  } catch (error) {
    if (SurprisalError.isInstance(error)) return error as SurprisalError;
    throw error;
  }
}
