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
 * The samples of JSON lines. Blank lines are none.
 * @param source name of the file, for errors.
 * @throws {SurprisalError} EMPTY_INPUT where there are no lines; CORPUS_MALFORMED of one JSON list
 */
export function readDataset(bytes: Uint8Array, source: string, options: ReadSampleOptions = {}): ReadDataset {
  const rows: SampleRow[] = [];
  const unreadable: ReadDataset["unreadable"] = [];
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  let number = 0;
  for (let start = hasMark ? 3 : 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const where = `${source}:${++number}`;
    try {
      const line = textOf(bytes.subarray(start, end), where).replace(/\r$/, "");
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
  line: string,
  index: number,
  where: string,
  isCut: boolean,
  options: ReadSampleOptions,
): SampleRow {
  const value = parsed(line, where, isCut);
  const { id } = value;
  return {
    index,
    id: typeof id === "string" || typeof id === "number" ? id : null,
    where,
    line,
    sha256: createHash("sha256").update(line).digest("hex"),
    sample: attempt(() => readSample(value, where, options)),
  };
}

function parsed(line: string, where: string, isCut: boolean): Line {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    if (/^\s*\[\s*$/.test(line))
      throw malformed("This is one JSON list, not a line each", where, "Make lines of it: jq -c '.[]' FILE.");
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
