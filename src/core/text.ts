/**
 * Sizes of a text in bytes, words and characters: the denominators of perplexities that can be compared across
 * vocabularies.
 *
 * Everything here counts *beginnings*: a word or a character belongs to the piece of text that holds its first
 * byte, so the sizes of the pieces of a text add up to the size of the whole, however it is cut.
 */

import { invalidArgument } from "./errors.ts";

/** Size of a text, or of a piece of one. */
export interface TextSize {
  /** UTF-8 bytes. */
  bytes: number;
  /** Words that begin in it. */
  words: number;
  /** Unicode code points that begin in it. */
  characters: number;
}

/**
 * Size of the bytes [start, end) of a UTF-8 text. A word is a maximal run of characters that are not Unicode
 * White_Space; what stands before `start` decides whether a word begins there.
 * @param text the UTF-8 bytes of the whole text.
 */
export function textSize(text: Uint8Array, start: number = 0, end: number = text.length): TextSize {
  let words = 0;
  let characters = 0;
  for (let i = start; i < end; i++) {
    if (isContinuation(text, i)) continue;
    characters++;
    if (!isWhiteSpace(text, i) && (i === 0 || isWhiteSpace(text, characterBefore(text, i)))) words++;
  }
  return { bytes: end - start, words, characters };
}

/**
 * Size of a text as lm-evaluation-harness counts it for its word and byte perplexities:
 * `len(text.encode("utf-8"))` and `len(re.split(r"\s+", text))`, where the empty pieces before leading and after
 * trailing white space count as words, and white space is Python's.
 * Source: lm_eval/tasks/wikitext/preprocess_wikitext.py, 0.4.13.
 */
export function originalTextSize(text: string): TextSize {
  const bytes = new TextEncoder().encode(text);
  const separators = text.match(PYTHON_WHITE_SPACE)?.length ?? 0;
  return { bytes: bytes.length, words: separators + 1, characters: textSize(bytes).characters };
}

/**
 * Python's `\s`, and what its `str.strip` takes off: Unicode White_Space and the four information separators U+001C to
 * U+001F. JavaScript's `\s` and `trim` lack those four and U+0085, and have U+FEFF.
 */
const PYTHON_SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const PYTHON_WHITE_SPACE = new RegExp(`[${PYTHON_SPACE}]+`, "g");
const IS_PYTHON_SPACE = new RegExp(`[${PYTHON_SPACE}]`);

/** A text without white space at its end, as Python's `str.rstrip()`. */
export function pythonTrimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && IS_PYTHON_SPACE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** A text without white space at its ends, as Python's `str.strip()`. */
export function pythonTrim(text: string): string {
  let start = 0;
  while (start < text.length && IS_PYTHON_SPACE.test(text[start]!)) start++;
  return pythonTrimEnd(text.slice(start));
}

/** Whether a text is Unicode: has no half of a surrogate pair. (`String.prototype.isWellFormed` is too young for Node 20's types.) */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Whether byte i goes on a character that began before it: 0b10xxxxxx. */
function isContinuation(text: Uint8Array, i: number): boolean {
  return (text[i]! & 0xc0) === 0x80;
}

/** Where the character before the one at i begins. */
function characterBefore(text: Uint8Array, i: number): number {
  let before = i - 1;
  while (before > 0 && isContinuation(text, before)) before--;
  return before;
}

/**
 * A text that UTF-8 cannot express would be scored with U+FFFD in the place of what is wrong with it.
 * @throws SurprisalError INVALID_ARGUMENT with the place, for a text with half a surrogate pair.
 */
export function checkWellFormed(text: string, where: string): void {
  if (isWellFormed(text)) return;
  const at = text.search(/\p{Surrogate}/u);
  throw invalidArgument(
    "The text holds half a surrogate pair, which no UTF-8 can express",
    `${where}, character ${at}`,
    "Mend it where it was cut: between characters, not between the halves of one (text.toWellFormed() puts U+FFFD there).",
  );
}

/** Whether the character that begins at byte i has the Unicode property White_Space. */
function isWhiteSpace(text: Uint8Array, i: number): boolean {
  const lead = text[i]!;
  if (lead < 0x80) return lead === 0x20 || (lead >= 0x09 && lead <= 0x0d);
  if (lead !== 0xc2 && (lead < 0xe1 || lead > 0xe3)) return false;
  const second = text[i + 1]!;
  const third = text[i + 2]!;
  switch (lead) {
    case 0xc2: // U+0085, U+00A0
      return second === 0x85 || second === 0xa0;
    case 0xe1: // U+1680
      return second === 0x9a && third === 0x80;
    case 0xe2: // U+2000 to U+200A, U+2028, U+2029, U+202F; U+205F
      if (second === 0x81) return third === 0x9f;
      return second === 0x80 && (third <= 0x8a || third === 0xa8 || third === 0xa9 || third === 0xaf);
    default: // U+3000
      return second === 0x80 && third === 0x80;
  }
}
