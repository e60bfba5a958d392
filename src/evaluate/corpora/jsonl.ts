/** JSON lines: one object per line. */
import { cut, readBytes } from "./bytes.ts";
import type { Column, Reading, Row } from "./reading.ts";
import { malformed, type StoredFile, tooLarge } from "./stored-file.ts";
import { decodeAt } from "./utf8.ts";

interface JsonRow {
  number: number;
  where: string;
  object: Record<string, unknown>;
}

/** The first row's keys. */
export async function jsonColumns(file: StoredFile, reading: Reading): Promise<Column[]> {
  for await (const { object } of objects(file, { ...reading, onNote: () => {} }))
    return Object.entries(object).map(([name, value]) => ({ name, isText: typeof value === "string" }));
  return [];
}

export async function* jsonRows(file: StoredFile, column: string, reading: Reading): AsyncGenerator<Row> {
  for await (const { number, where, object } of objects(file, reading))
    yield { number, where, value: Object.hasOwn(object, column) ? object[column] : undefined };
}

/** Blank lines are no rows. */
async function* objects(file: StoredFile, { limit, onNote, signal }: Reading): AsyncGenerator<JsonRow> {
  const { name } = file;
  const fail = (line: number) => tooLarge(limit, `${name}:${line}`, "Cut the text into several rows");
  let line = 0;
  let number = 0;
  for await (const { bytes, offset } of cut(readBytes(file, signal), Buffer.from("\n"), limit, fail)) {
    line++;
    const text = decodeAt(bytes, offset, { name, onNote });
    if (text.trim() === "") continue;
    number++;
    yield { number, where: `${name}:${line}`, object: parseLine(text, `${name}:${line}`) };
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
