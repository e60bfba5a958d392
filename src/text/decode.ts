/** Bytes a person gave, as a text that can be scored, or a clear word why not. */
import { SurprisalError } from "../core/index.ts";

/** A text and what had to be said about it. */
export interface DecodedText {
  text: string;
  notes: string[];
}

/**
 * Decodes UTF-8 strictly: a replacement character put in silently would be scored as if it had been written.
 * @param where name of the input for messages.
 * @throws SurprisalError EMPTY_INPUT, BINARY_INPUT, INVALID_UTF8
 */
export function decodeText(bytes: Uint8Array, where: string): DecodedText {
  if (bytes.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There is no text to score",
      where,
      wayOut: 'Give a file, pipe a text in, or use --text "...".',
    });
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (utf16)
    throw new SurprisalError({
      code: "INVALID_UTF8",
      what: "The text is UTF-16",
      where,
      wayOut: "Convert it first: iconv -f UTF-16 -t UTF-8 FILE.",
    });
  const nul = bytes.indexOf(0);
  if (nul >= 0)
    throw new SurprisalError({
      code: "BINARY_INPUT",
      what: "This is a binary file, not a text (it holds a NUL byte)",
      where: `${where}, byte ${nul}`,
      wayOut: "Give a plain text in UTF-8; extract the text of PDF or Office files first.",
    });
  const notes: string[] = [];
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  if (bom) notes.push("The byte order mark at the start was left out.");
  const content = bom ? bytes.subarray(3) : bytes;
  if (content.length === 0) return decodeText(content, where);
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content), notes };
  } catch (cause) {
    throw new SurprisalError({
      code: "INVALID_UTF8",
      what: "The text is not valid UTF-8",
      where: `${where}, byte ${firstInvalidByte(content) + (bom ? 3 : 0)}`,
      wayOut: "Convert it first, for example: iconv -f WINDOWS-1252 -t UTF-8 FILE.",
      cause,
    });
  }
}

/** Offset of the first character that is not UTF-8: where the longest decodable prefix, by bisection, ends. */
function firstInvalidByte(bytes: Uint8Array): number {
  // As a stream, so that a character cut by the prefix's end is not an error; it is not in the text either.
  const decode = (length: number): string =>
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, length), {
      stream: true,
    });
  const valid = (length: number): boolean => {
    try {
      decode(length);
      return true;
    } catch {
      return false;
    }
  };
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (valid(middle)) low = middle;
    else high = middle - 1;
  }
  return new TextEncoder().encode(decode(low)).length;
}
