/** CSV and TSV with a header (RFC 4180), read by csv-parse. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CsvError, type Parser, parse } from "csv-parse";
import { SurprisalError } from "../../core/index.ts";
import { readBytes } from "./bytes.ts";
import { csvDialect } from "./csv-dialect.ts";
import type { Column, Reading, Row } from "./reading.ts";
import { malformed, type StoredFile, tooLarge } from "./stored-file.ts";
import { decodeStream } from "./utf8.ts";

export async function csvColumns(file: StoredFile, reading: Reading): Promise<Column[]> {
  for await (const { fields } of records(file, { ...reading, onNote: () => {} }))
    return fields.map((name) => ({ name, isText: true, isChat: false, nested: false }));
  return [];
}

export async function* csvRows(file: StoredFile, column: string, reading: Reading): AsyncGenerator<Row> {
  // How much of a file comes before an error that ends it depends on who reads how fast: such a file is left out whole.
  if (reading.onUnreadable)
    for await (const _ of records(file, { ...reading, onNote: () => {}, onUnreadable: () => {} }));
  let at: number | undefined;
  let number = 0;
  for await (const { fields, line } of records(file, reading)) {
    const where = `${file.name}:${line}`;
    if (at === undefined) at = positionOf(column, fields, where);
    else yield { number: ++number, where, value: fields[at] };
  }
}

function positionOf(column: string, header: readonly string[], where: string): number {
  const found = header.indexOf(column);
  if (found >= 0 && found === header.lastIndexOf(column)) return found;
  throw malformed(
    found < 0 ? `There is no column "${column}"` : `The column "${column}" is there twice`,
    where,
    `The columns are: ${header.join(", ")}.`,
  );
}

const SEPARATORS: Readonly<Record<string, string>> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
  "|": "bars",
};

/** Every record with the line it ends on; empty lines are none. */
async function* records(
  file: StoredFile,
  { limit, onNote, signal, onUnreadable }: Reading,
): AsyncGenerator<{ fields: string[]; line: number }> {
  const { name } = file;
  const { delimiter, skip } = await csvDialect(file, { signal });
  if (delimiter !== (file.format === "tsv" ? "\t" : ","))
    onNote(`${name}: its fields are separated by ${SEPARATORS[delimiter] ?? delimiter}.`);
  const parser = parse({
    delimiter,
    from_line: 1 + skip,
    info: true,
    skip_empty_lines: true,
    max_record_size: limit,
    skip_records_with_error: onUnreadable !== undefined,
    on_skip: (error) => {
      onUnreadable?.(readable(error, name, limit), name);
      return undefined;
    },
  });
  const source = Readable.from(decodeStream(readBytes(file, signal), { name, onNote }));
  const flow = pipeline(source, parser).catch(() => {}); // the same error comes out of the loop
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>)
      yield { fields: record, line: info.lines };
  } catch (error) {
    throw readable(error, name, limit);
  } finally {
    source.destroy();
    (parser as Parser).destroy();
    await flow;
  }
}

function readable(error: unknown, name: string, limit: number): unknown {
  if (SurprisalError.isInstance(error) || !(error instanceof CsvError)) return error;
  const where = `${name}:${(error as CsvError & { lines?: number | undefined }).lines}`;
  if (error.code === "CSV_MAX_RECORD_SIZE") return tooLarge(limit, where, "Cut the text into several rows");
  const wayOut =
    "Mend the row: fields with commas, quotes or line breaks stand in quotes, and quotes are doubled.";
  return malformed(`The row is not CSV: ${error.message}`, where, wayOut, error);
}

/**
 * Whole rows: by column the text that stands in it.
 * @param columnsWithoutHeader names of the columns where the first row is no header; `null`: it is one.
 * @throws SurprisalError CORPUS_MALFORMED, ...
 */
export async function* csvObjects(
  file: StoredFile,
  reading: Reading,
  columnsWithoutHeader: (first: readonly string[]) => readonly string[] | null = () => null,
): AsyncGenerator<{ where: string; object: Record<string, string> }> {
  let header: readonly string[] | undefined;
  for await (const { fields, line } of records(file, reading)) {
    const where = `${file.name}:${line}`;
    const known = header ? null : columnsWithoutHeader(fields);
    if (known) header = known;
    if (!header) {
      header = fields;
      const twice = header.find((column, i) => header!.indexOf(column) !== i);
      if (twice !== undefined) positionOf(twice, header, where);
    } else yield { where, object: Object.fromEntries(header.map((column, i) => [column, fields[i]!])) };
  }
}
