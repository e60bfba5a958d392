/** Parquet, read by hyparquet, a row group of one column at a time. */
import { isUtf8 } from "node:buffer";
import type { AsyncBuffer, FileMetaData, SchemaElement, SchemaTree } from "hyparquet";
import { SurprisalError } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import { wholeFile } from "./bytes.ts";
import { valueAt } from "./column-path.ts";
import { checkFooter, checkMetadata, withCheckedPages } from "./parquet-check.ts";
import type { Column, Reading, Row } from "./reading.ts";
import { malformed, type StoredFile } from "./stored-file.ts";

export async function parquetColumns(file: StoredFile, reading: Reading): Promise<Column[]> {
  const { metadata } = await openParquet(file, reading);
  return columnsIn(metadata).catch((error: unknown) => {
    throw readable(error, file.name);
  });
}

async function columnsIn(metadata: FileMetaData): Promise<Column[]> {
  const { parquetSchema } = await import("hyparquet");
  const columns: Column[] = [];
  const add = (groups: readonly SchemaTree[], before: string) => {
    for (const group of groups) {
      const { element, children } = group;
      const name = before + element.name;
      const isChat = isListOfMessages(group);
      columns.push({ name, isText: isText(element), isChat, nested: before !== "" });
      if (isStruct(group)) add(children, `${name}.`);
    }
  };
  add(parquetSchema(metadata).children, "");
  return columns;
}

const isText = ({ converted_type, logical_type }: SchemaElement): boolean =>
  converted_type === "UTF8" || logical_type?.type === "STRING";

/** A group that is neither a list nor a map. */
const isStruct = ({ element, children }: SchemaTree): boolean =>
  children.length > 0 &&
  element.converted_type === undefined &&
  element.logical_type === undefined &&
  element.repetition_type !== "REPEATED";

/** LIST of groups that have the fields of a message. */
function isListOfMessages({ element, children }: SchemaTree): boolean {
  if (element.converted_type !== "LIST" && element.logical_type?.type !== "LIST") return false;
  const fields = new Set(children[0]?.children[0]?.children.map((field) => field.element.name));
  return (fields.has("role") && fields.has("content")) || (fields.has("from") && fields.has("value"));
}

/** The column of the file in which a path begins: itself, or the longest one of its beginnings. */
function columnOfPath(path: string, columns: readonly string[]): string | undefined {
  if (columns.includes(path)) return path;
  for (let dot = path.lastIndexOf("."); dot > 0; dot = path.lastIndexOf(".", dot - 1))
    if (columns.includes(path.slice(0, dot))) return path.slice(0, dot);
  return undefined;
}

export async function* parquetRows(file: StoredFile, column: string, reading: Reading): AsyncGenerator<Row> {
  for await (const { number, where, object } of parquetObjects(file, reading, column))
    yield { number, where, value: valueAt(object, column) };
}

/** Whole rows, or of one column. @throws SurprisalError CORPUS_MALFORMED, INVALID_UTF8, FILE_UNREADABLE */
export async function* parquetObjects(
  file: StoredFile,
  reading: Reading,
  column?: string,
): AsyncGenerator<{ number: number; where: string; object: Record<string, unknown> }> {
  const { buffer, metadata } = await openParquet(file, reading);
  const [{ parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const { name } = file;
  const columns = (await columnsIn(metadata)).map((there) => there.name);
  const top = parquetSchema(metadata).children.map(({ element }) => element.name);
  const whole = column === undefined ? undefined : columnOfPath(column, top);
  if (column !== undefined && whole === undefined)
    throw malformed(`There is no column "${column}"`, name, `The columns are: ${columns.join(", ")}.`);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const place = `${name}, rows ${rowStart + 1} to ${rowEnd}`;
    const stringFromBytes = (bytes: Uint8Array | undefined) => bytes && strictText(bytes, place);
    const read = parquetReadObjects({
      file: buffer,
      metadata,
      compressors,
      ...(whole !== undefined && { columns: [whole] }),
      rowStart,
      rowEnd,
      parsers: { stringFromBytes },
    });
    let rows: Record<string, unknown>[] = [];
    try {
      rows = await read;
    } catch (error) {
      if (!reading.onUnreadable) throw readable(error, place);
      reading.onUnreadable(readable(error, place), place);
    }
    for (const [i, row] of rows.entries()) {
      const number = rowStart + i + 1;
      yield { number, where: `${name}, row ${number}`, object: row };
    }
    rowStart = rowEnd;
  }
}

/** In place of hyparquet's own reading, which puts U+FFFD where bytes are wrong. */
function strictText(bytes: Uint8Array, where: string): string {
  if (isUtf8(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  throw new SurprisalError({
    code: "INVALID_UTF8",
    what: "A text of the column is not valid UTF-8",
    where,
    wayOut: "Write the file anew: strings of Parquet are UTF-8.",
  });
}

async function openParquet(
  file: StoredFile,
  reading: Reading,
): Promise<{ buffer: AsyncBuffer; metadata: FileMetaData }> {
  const { asyncBufferFromFile } = await import("hyparquet");
  try {
    const buffer = file.compression ? await unpacked(file, reading) : await asyncBufferFromFile(file.path);
    return await describedParquet(buffer, reading.limit);
  } catch (error) {
    throw readable(error, file.name);
  }
}

/** A file whose description can be believed, and whose pages are looked at as they are read. @throws Error in words */
export async function describedParquet(
  file: AsyncBuffer,
  limit: number,
): Promise<{ buffer: AsyncBuffer; metadata: FileMetaData }> {
  const { parquetMetadataAsync } = await import("hyparquet");
  await checkFooter(file, limit);
  const metadata = await parquetMetadataAsync(file);
  checkMetadata(metadata, file, limit);
  return { buffer: withCheckedPages(file, metadata, limit), metadata };
}

/** Parquet is read from its end, so a packed file is unpacked into memory. */
async function unpacked(file: StoredFile, reading: Reading): Promise<AsyncBuffer> {
  const bytes = await wholeFile(file, reading, "Unpack the file first: Parquet is packed inside");
  const whole = Uint8Array.from(bytes).buffer;
  return { byteLength: bytes.length, slice: (start, end) => whole.slice(start, end) };
}

function readable(error: unknown, where: string): SurprisalError {
  if (SurprisalError.isInstance(error)) return error;
  if (typeof (error as { syscall?: unknown }).syscall === "string") return readFailure(error, where);
  const wayOut = "The file is damaged, or no Parquet file: fetch it again.";
  return malformed(`The file cannot be read as Parquet: ${(error as Error).message}`, where, wayOut, error);
}
