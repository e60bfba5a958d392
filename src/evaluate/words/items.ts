/** The rows of a person's own table, with all of their columns: the items of an experiment. */
import { invalidArgument } from "../../core/index.ts";
import { repeatedKey } from "../../text/index.ts";
import {
  actualFile,
  cut,
  decodeAt,
  readBytes,
  storedFile,
  tableObjects,
  tooLarge,
} from "../corpora/index.ts";

/** A row by its columns, and where it stands. */
export interface ItemRow {
  /** Values as they stand there: of CSV and TSV texts, of JSON lines and Parquet what they are. */
  row: Record<string, unknown>;
  /** "items.csv:14" */
  where: string;
}

/** Options of `readItems`. */
export interface ReadItemsOptions {
  /** Longest row, bytes. Default 16 MiB. */
  maxRowBytes?: number | undefined;
  /** Told what a person should know, such as fields that are separated by semicolons. */
  onNote?: ((note: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const LONGEST_ROW = 16 * 2 ** 20;

/**
 * The rows of a CSV, TSV, JSON-lines or Parquet file (also .gz, .zst, .xz), read as they come; `null`: it is a plain text.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE; the rows CORPUS_MALFORMED, INVALID_ARGUMENT, DOCUMENT_TOO_LARGE,
 *   INVALID_UTF8
 */
export async function readItems(
  path: string,
  { maxRowBytes: limit = LONGEST_ROW, onNote = () => {}, signal }: ReadItemsOptions = {},
): Promise<AsyncGenerator<ItemRow> | null> {
  const { file } = await actualFile(storedFile(path), false);
  if (file.format === "text") return null;
  if (file.format !== "jsonl") return tableRows();
  return lineRows();

  async function* tableRows(): AsyncGenerator<ItemRow> {
    for await (const { object, where } of tableObjects(file, { limit, onNote, signal }))
      yield { row: object, where };
  }

  async function* lineRows(): AsyncGenerator<ItemRow> {
    const fail = (line: number) => tooLarge(limit, `${file.name}:${line}`, "Cut the line", "maxRowBytes");
    let line = 0;
    for await (const { bytes, offset } of cut(readBytes(file, signal), Buffer.from("\n"), limit, fail)) {
      const text = decodeAt(bytes, offset, { name: file.name, onNote });
      const where = `${file.name}:${++line}`;
      if (text.trim() !== "") yield { row: objectOf(text, where), where };
    }
  }
}

function objectOf(line: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw invalidArgument("The line is not JSON", where, "Give an object on each line.", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidArgument("The line is no JSON object", where, "Give an object on each line.");
  const twice = repeatedKey(line);
  if (twice !== null)
    throw invalidArgument(
      `The field ${JSON.stringify(twice)} is twice in one object`,
      where,
      "Leave one of them.",
    );
  return { ...value };
}
