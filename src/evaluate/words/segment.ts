/** A text as words: what stands between white space. */

/** A word in a text. */
export interface WordSpan {
  word: string;
  /** First byte of the text's UTF-8, and the byte after the last. */
  byteStart: number;
  byteEnd: number;
  /** The same in characters (Unicode code points, as Python and R count them). */
  start: number;
  end: number;
}

const WORD = /\S+/gu;

/**
 * The longest stretches without white space (Unicode's, as `\s`: spaces, tabs, line ends, also the ideographic space), in
 * order: what Python's `str.split()` gives. Punctuation belongs to the word it touches, as in a self-paced reading experiment. In a
 * text without spaces, such as a Chinese one, a word is all that stands between two of them.
 */
export function wordSpans(text: string): WordSpan[] {
  const spans: WordSpan[] = [];
  let [at, bytes, characters] = [0, 0, 0];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const gap = sizeOf(text.slice(at, index));
    const size = sizeOf(word);
    const byteStart = bytes + gap.bytes;
    const start = characters + gap.characters;
    [bytes, characters] = [byteStart + size.bytes, start + size.characters];
    spans.push({ word, byteStart, byteEnd: bytes, start, end: characters });
    at = index + word.length;
  }
  return spans;
}

const encoder = new TextEncoder();

function sizeOf(text: string): { bytes: number; characters: number } {
  let characters = 0;
  for (const _ of text) characters++;
  return { bytes: encoder.encode(text).length, characters };
}
