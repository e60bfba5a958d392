/** JSON lines: one object per line. */
import { cut, readBytes } from "./bytes.ts";
import { columnsOfRow, valueAt } from "./column-path.ts";
import type { Column, Reading, Row } from "./reading.ts";
import { malformed, type StoredFile, tooLarge } from "./stored-file.ts";
import { decodeAt } from "./utf8.ts";

interface JsonRow {
  number: number;
  where: string;
  object: Record<string, unknown>;
}

/** Rows that are looked at where the first ones hold nothing in a column. */
const LOOKED_AT = 100;

/** The first row's keys, and those within them; where one holds nothing, what the next rows hold in it. */
export async function jsonColumns(file: StoredFile, reading: Reading): Promise<Column[]> {
  let first: Record<string, unknown> | undefined;
  for await (const { number, object } of objects(file, { ...reading, onNote: () => {} })) {
    first ??= { ...object };
    for (const name of Object.keys(first)) if (isNothing(first[name])) first[name] = object[name];
    if (number >= LOOKED_AT || !Object.values(first).some(isNothing)) break;
  }
  return first === undefined ? [] : columnsOfRow(first);
}

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

export async function* jsonRows(file: StoredFile, column: string, reading: Reading): AsyncGenerator<Row> {
  for await (const { number, where, object } of objects(file, reading))
    yield { number, where, value: valueAt(object, column) };
}

/** Blank lines are no rows. */
async function* objects(
  file: StoredFile,
  { limit, onNote, signal, onUnreadable }: Reading,
): AsyncGenerator<JsonRow> {
  const { name } = file;
  const fail = (line: number) => tooLarge(limit, `${name}:${line}`, "Cut the text into several rows");
  let line = 0;
  let number = 0;
  for await (const { bytes, offset } of cut(readBytes(file, signal), Buffer.from("\n"), limit, fail)) {
    line++;
    const where = `${name}:${line}`;
    let object: Record<string, unknown>;
    try {
      const text = decodeAt(bytes, offset, { name, onNote });
      if (text.trim() === "") continue;
      number++;
      object = parseLine(text, where);
    } catch (error) {
      const isWholeFile = line === 1 && bytes.length < 10; // "[" or "{" alone: no line of this file is a row
      if (!onUnreadable || isWholeFile) throw error;
      onUnreadable(error, where);
      continue;
    }
    yield { number, where, object };
  }
}

function parseLine(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const wholeFile = /:1$/.test(where) && /^\s*[[{]\s*$/.test(text);
    throw malformed(
      wholeFile
        ? "This is one JSON value over many lines, not one object per line"
        : `The line is not JSON: ${(error as Error).message}`,
      where,
      wholeFile ? "Make JSON lines of it: jq -c '.[]' FILE." : "Mend or remove the line.",
      error,
    );
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw malformed(
    `The line holds ${Array.isArray(value) ? "a list" : "a bare value"}, not an object`,
    where,
    Array.isArray(value)
      ? "Make JSON lines of it: jq -c '.[]' FILE."
      : 'Each line has the form {"text": "..."}.',
  );
}
