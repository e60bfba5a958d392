/** Rows of a file, whatever its format, and the texts in one of their columns. */
import { isWellFormed } from "../../core/index.ts";
import type { CorpusDocument } from "./corpus.ts";
import { jsonColumns, jsonRows } from "./jsonl.ts";
import { plainChat, readMessages } from "./messages.ts";
import type { Column, Reading, Row } from "./reading.ts";
import { malformed, type StoredFile, tooLarge } from "./stored-file.ts";

/** How a list of messages begins that was written into a text. */
const CHAT_AS_JSON = /^\s*\[\s*\{\s*"(?:role|from|content|value)"\s*:/;

/** The columns of a file; none when it has no rows and no header. */
export async function columnsOf(file: StoredFile, reading: Reading): Promise<Column[]> {
  if (file.format === "jsonl") return jsonColumns(file, reading);
  if (file.format === "parquet") return (await import("./parquet.ts")).parquetColumns(file, reading);
  return (await import("./csv.ts")).csvColumns(file, reading);
}

/** What reads CSV and Parquet is loaded when it is needed. */
async function* rowsOf(file: StoredFile, column: string, reading: Reading): AsyncGenerator<Row> {
  if (file.format === "jsonl") yield* jsonRows(file, column, reading);
  else if (file.format === "parquet")
    yield* (await import("./parquet.ts")).parquetRows(file, column, reading);
  else yield* (await import("./csv.ts")).csvRows(file, column, reading);
}

/**
 * The texts of a column, one document per row; a list of messages is a chat. `null` is an empty text.
 *
 * @param fits of every row whether it is wanted, for a filter; default: all are.
 * @throws SurprisalError CORPUS_MALFORMED, DOCUMENT_TOO_LARGE, INVALID_UTF8, and what readBytes throws
 */
export async function* rowDocuments(
  file: StoredFile,
  column: string,
  reading: Reading,
  fits?: AsyncGenerator<boolean>,
): AsyncGenerator<CorpusDocument> {
  // A row that we leave out and DuckDB does not, or the other way round, would put the filter out of step.
  const rows = fits ? { ...reading, onUnreadable: undefined } : reading;
  try {
    for await (const row of rowsOf(file, column, rows)) {
      const { done, value: wanted } = (await fits?.next()) ?? { value: true };
      if (done) throw readDifferently(row.where);
      if (!wanted) continue;
      let document: Omit<CorpusDocument, "name">;
      try {
        document = documentOf(row, column, reading.limit);
      } catch (error) {
        if (!reading.onUnreadable) throw error;
        reading.onUnreadable(error, row.where);
        continue;
      }
      if (typeof row.value === "string" && CHAT_AS_JSON.test(row.value))
        reading.onNote(
          `${file.name}: the column "${column}" holds chats written as JSON, which are scored as they are written; to fill in a model's template make lists of them.`,
        );
      yield { name: `${file.name}:${row.number}`, ...document };
    }
    if (fits && !(await fits.next()).done) throw readDifferently(file.name);
  } finally {
    await fits?.return(undefined);
  }
}

/** Another count of rows: then it is not known which of ours the filter meant. */
function readDifferently(where: string): Error {
  return malformed(
    "The SQL filter sees other rows than there are",
    where,
    "DuckDB reads this file differently (blank lines in a CSV of one column are rows to it): convert it to Parquet or JSON lines.",
  );
}

/** A text, or a chat. */
function documentOf(row: Row, column: string, limit: number): Omit<CorpusDocument, "name"> {
  const messages = readMessages(row.value);
  if (messages === null) return { text: textOf(row, column, limit) };
  if (typeof messages === "string")
    throw malformed(messages, row.where, "Leave the row out, or write the chat as texts.");
  const text = textOf({ ...row, value: plainChat(messages) }, column, limit);
  return messages.length === 0 ? { text } : { text, messages };
}

function textOf({ value, where }: Row, column: string, limit: number): string {
  if (value === null) return "";
  if (value === undefined)
    throw malformed(
      `There is no column "${column}"`,
      where,
      "Name the column that holds the text, or mend the row.",
    );
  if (typeof value !== "string")
    throw malformed(
      `The column "${column}" holds ${kindOf(value)}, not a text`,
      where,
      "Name the column that holds the text, or make it a string.",
    );
  if (value.length > limit || (value.length > limit / 3 && Buffer.byteLength(value) > limit))
    throw tooLarge(limit, where, "Cut the text into several rows");
  if (!isWellFormed(value))
    throw malformed(
      "The text holds half a surrogate pair, which no UTF-8 can express",
      where,
      "Mend the row.",
    );
  return value;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  return typeof value === "bigint" ? "a number" : `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}
