/** Documents of text files: the whole file, or pieces of it. Bytes of a text are kept as they are, CR LF too. */
import { type BytePiece, cut, readBytes, wholeFile } from "./bytes.ts";
import type { CorpusDocument } from "./corpus.ts";
import type { Reading } from "./reading.ts";
import { type StoredFile, tooLarge } from "./stored-file.ts";
import { decodeAt } from "./utf8.ts";

const LINE_FEED = Buffer.from("\n");
const CARRIAGE_RETURN = 0x0d;

/**
 * @param split "none": the file is one document, an empty file an empty one. "lines": each line, without its end.
 *   "blank-lines": what stands between lines that are blank, without the last line's end. Else a delimiter: what
 *   stands between two of them; where it has a line to itself, the line goes with it.
 * @throws SurprisalError INVALID_UTF8, BINARY_INPUT, DOCUMENT_TOO_LARGE, and what readBytes throws
 */
export function textDocuments(
  file: StoredFile,
  split: string,
  reading: Reading,
): AsyncGenerator<CorpusDocument> {
  if (split === "none") return oneDocument(file, reading);
  if (split === "lines") return numbered(file, reading, lines(file, reading));
  if (split === "blank-lines") return numbered(file, reading, paragraphs(file, reading));
  return numbered(file, reading, delimited(file, Buffer.from(split), reading));
}

/** A document's bytes and where they begin in the file. */
type Extent = Pick<BytePiece, "bytes" | "offset">;

async function* oneDocument(file: StoredFile, reading: Reading): AsyncGenerator<CorpusDocument> {
  const { name } = file;
  const wayOut = 'Cut it into documents: split "blank-lines", "lines" or a delimiter';
  const { onNote } = reading;
  yield { name, text: decodeAt(await wholeFile(file, reading, wayOut), 0, { name, onNote }) };
}

async function* numbered(
  { name }: StoredFile,
  { onNote, onUnreadable }: Reading,
  extents: AsyncIterable<Extent>,
): AsyncGenerator<CorpusDocument> {
  let number = 0;
  for await (const { bytes, offset } of extents) {
    const place = `${name}:${++number}`;
    let text: string;
    try {
      text = decodeAt(bytes, offset, { name, onNote });
    } catch (error) {
      if (!onUnreadable) throw error;
      onUnreadable(error, place);
      continue;
    }
    yield { name: place, text };
  }
}

async function* lines(file: StoredFile, { limit, signal }: Reading): AsyncGenerator<Extent> {
  const fail = (line: number) =>
    tooLarge(limit, `${file.name}:${line}`, "The line is the document: cut it in another way");
  for await (const { bytes, offset, terminated } of cut(readBytes(file, signal), LINE_FEED, limit, fail)) {
    const end = terminated && bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
    yield { bytes: bytes.subarray(0, end), offset };
  }
}

async function* paragraphs(file: StoredFile, { limit, signal }: Reading): AsyncGenerator<Extent> {
  let parts: Buffer[] = [];
  let length = 0;
  let start = 0;
  let number = 1;
  const fail = () => tooLarge(limit, `${file.name}, paragraph ${number}`, 'Use split "lines" or a delimiter');
  const take = (): Extent => {
    const bytes = Buffer.concat(parts);
    const end = bytes.at(-1) !== LINE_FEED[0] ? 0 : bytes.at(-2) === CARRIAGE_RETURN ? 2 : 1;
    parts = [];
    length = 0;
    number++;
    return { bytes: bytes.subarray(0, bytes.length - end), offset: start };
  };
  for await (const { bytes, offset, terminated } of cut(readBytes(file, signal), LINE_FEED, limit, fail)) {
    if (isBlank(bytes, offset)) {
      if (parts.length > 0) yield take();
      continue;
    }
    if (parts.length === 0) start = offset;
    parts.push(bytes);
    if (terminated) parts.push(LINE_FEED);
    length += bytes.length + 1;
    if (length > limit + 1) throw fail();
  }
  if (parts.length > 0) yield take();
}

/** Nothing but spaces, tabs and what ends a line; a byte order mark at the start is nothing either. */
function isBlank(bytes: Buffer, offset: number): boolean {
  const content = offset === 0 && bytes.indexOf("\ufeff") === 0 ? bytes.subarray(3) : bytes;
  return content.every((byte) => byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN);
}

async function* delimited(file: StoredFile, delimiter: Buffer, reading: Reading): AsyncGenerator<Extent> {
  const { limit, signal } = reading;
  const fail = (piece: number) =>
    tooLarge(
      limit,
      `${file.name}:${piece}`,
      'There are too few delimiters: use "lines" or another delimiter',
    );
  let ownLine = false; // whether the delimiter in front of the piece began its line
  for await (const { bytes, offset, terminated } of cut(readBytes(file, signal), delimiter, limit, fail)) {
    const lineEnd = !ownLine ? 0 : startsWith(bytes, "\r\n") ? 2 : startsWith(bytes, "\n") ? 1 : 0;
    const content = bytes.subarray(lineEnd);
    // Behind the last delimiter of a file there is nothing but the end of its line.
    if (terminated || content.length > 0) yield { bytes: content, offset: offset + lineEnd };
    ownLine = bytes.length === 0 ? offset === 0 || ownLine : bytes.at(-1) === LINE_FEED[0];
  }
}

const startsWith = (bytes: Buffer, text: string): boolean =>
  bytes.subarray(0, text.length).equals(Buffer.from(text));
