/** A file that texts are kept in: its format, and the proof that it stayed the same while it was read. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";

/** How the documents of a corpus are stored. */
export type CorpusFormat = "text" | "jsonl" | "csv" | "tsv" | "parquet";

/** How a file is packed; `null` = not at all. */
export type Compression = "gzip" | "zstd" | "xz" | null;

export interface StoredFile {
  /** Where it lies. */
  path: string;
  /** What it is called in names of documents and in messages: relative to the corpus. */
  name: string;
  format: CorpusFormat;
  compression: Compression;
}

const FORMATS: Readonly<Record<string, CorpusFormat>> = {
  txt: "text",
  text: "text",
  md: "text",
  markdown: "text",
  rst: "text",
  raw: "text",
  tokens: "text",
  jsonl: "jsonl",
  ndjson: "jsonl",
  json: "jsonl", // many data sets call JSON lines so; a file that is one JSON value is told apart when it is read
  csv: "csv",
  tsv: "tsv",
  parquet: "parquet",
};

const PACKED: Readonly<Record<string, Compression>> = { gz: "gzip", zst: "zstd", xz: "xz" };

/** @param format what the person says it is; default: what the name says, else text. */
export function storedFile(path: string, name: string = basename(path), format?: CorpusFormat): StoredFile {
  const { compression, known } = kindOf(path);
  return { path, name, format: format ?? known ?? "text", compression };
}

/** Whether the name says that the file holds texts. */
export function isKnownFormat(path: string): boolean {
  return kindOf(path).known !== undefined;
}

function kindOf(path: string): { compression: StoredFile["compression"]; known: CorpusFormat | undefined } {
  const [, stem = "", packed] = /^(.*?)(?:\.(gz|zst|xz))?$/is.exec(basename(path)) ?? [];
  const extension = /\.([^.]+)$/.exec(stem)?.[1]?.toLowerCase() ?? "";
  const compression = packed === undefined ? null : PACKED[packed.toLowerCase()]!;
  return { compression, known: Object.hasOwn(FORMATS, extension) ? FORMATS[extension] : undefined };
}

/**
 * Passes on what `read` yields, and fails at the end when the file is not the one that was there at the beginning.
 *
 * @throws SurprisalError CORPUS_CHANGED, FILE_NOT_FOUND, FILE_UNREADABLE, and what `read` throws
 */
export async function* whileUnchanged<T>(
  { path, name }: StoredFile,
  read: () => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const before = await identity(path, name);
  try {
    yield* read();
  } catch (error) {
    await ensureSame(path, name, before); // then whatever does not fit is no wonder
    throw error;
  }
  await ensureSame(path, name, before);
}

async function identity(path: string, name: string): Promise<string> {
  try {
    const { size, mtimeNs, ctimeNs, dev, ino } = await stat(path, { bigint: true });
    return `${size} ${mtimeNs} ${ctimeNs} ${dev} ${ino}`;
  } catch (error) {
    throw readFailure(error, name);
  }
}

async function ensureSame(path: string, name: string, before: string): Promise<void> {
  if ((await identity(path, name).catch(() => "")) === before) return;
  throw new SurprisalError({
    code: "CORPUS_CHANGED",
    what: "The file changed while it was read",
    where: name,
    wayOut: "Run it again when nothing writes to the file, or score a copy.",
  });
}

/** CORPUS_MALFORMED: the file is not what its format says, or a row is not what a text is made of. */
export function malformed(what: string, where: string, wayOut: string, cause?: unknown): SurprisalError {
  return new SurprisalError({ code: "CORPUS_MALFORMED", what, where, wayOut, cause });
}

/** DOCUMENT_TOO_LARGE. @param option of the library, that raises the limit. */
export function tooLarge(
  limit: number,
  where: string,
  wayOut: string,
  option: string = "maxDocumentBytes",
): SurprisalError {
  const size = limit % (1 << 20) === 0 ? `${limit / (1 << 20)} MiB` : `${limit} bytes`;
  return new SurprisalError({
    code: "DOCUMENT_TOO_LARGE",
    what: `A document is larger than ${size}`,
    where,
    wayOut: `${wayOut}; or allow more: --max-mib, or the option ${option}.`,
  });
}

/** A corpus is read more than once, and what comes out of a pipe comes once. */
export function specialFile(path: string, command: string): SurprisalError {
  return new SurprisalError({
    code: "FILE_UNREADABLE",
    what: "This is a pipe, a socket or a device, and no file",
    where: path,
    wayOut: `Keep what comes out of it in a file${command}.`,
  });
}
