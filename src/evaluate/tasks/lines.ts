/** Lines of a text file as they are read, each with its place. */
import { cut, decodeAt, readBytes, type StoredFile, tooLarge, whileUnchanged } from "../corpora/index.ts";

export interface Line {
  /** Without its line end (LF or CR LF), and without a byte order mark. */
  text: string;
  /** "hellaswag_val.jsonl:12"; lines count from 1. */
  where: string;
}

/** Longest line or row, bytes: a question with its choices is no book. */
export const LONGEST_ROW: number = 16 * 2 ** 20;

/**
 * The lines of a file; what follows the last line end is a line unless it is empty. Memory holds a line, not the file.
 * @param file plain or packed.
 * @param limit longest line, bytes. Default 16 MiB.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, CORPUS_MALFORMED (damaged archive), CORPUS_CHANGED,
 *   DOCUMENT_TOO_LARGE, INVALID_UTF8, BINARY_INPUT, ABORTED
 */
export function readLines(
  file: StoredFile,
  { limit = LONGEST_ROW, signal }: { limit?: number | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Line> {
  return whileUnchanged(file, async function* () {
    const fail = (line: number) => tooLarge(limit, `${file.name}:${line}`, "Cut the line", "maxRowBytes");
    let line = 0;
    for await (const { bytes, offset } of cut(readBytes(file, signal), Buffer.from("\n"), limit, fail)) {
      const text = decodeAt(bytes, offset, { name: file.name, onNote: () => {} });
      yield { text: text.endsWith("\r") ? text.slice(0, -1) : text, where: `${file.name}:${++line}` };
    }
  });
}
