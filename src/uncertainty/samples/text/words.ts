/**
 * A text as words, in any script: what lexical comparisons count.
 *
 * Text is put into Unicode form NFKC and lower case. A word is a run of letters, marks and digits; an apostrophe between
 * letters, and a point or comma between digits, belong to it ("don't", "3.14", "1,000"), and so does a minus sign before a
 * digit where no letter or digit stands before it ("-5", but "well" and "known"). Scripts that are written without spaces
 * (Han, Kana, Thai, Lao, Khmer, Burmese) are cut by the dictionary of `Intl.Segmenter`, 500 characters at a time, or character by
 * character where a runtime has none. Emoji, with their modifiers, and symbols (+, =, $, °) are words of their own, since "👍" and "👎" differ in
 * meaning. Punctuation and white space are no words.
 */

const LETTERS = String.raw`[\p{L}\p{M}\p{N}_]`;
const WORD = String.raw`(?:(?<![\p{L}\p{N}])[-\u2212](?=\p{N}))?${LETTERS}+(?:(?:(?<=\p{L})['\u2019](?=\p{L})|(?<=\p{N})[.,](?=\p{N}))${LETTERS}+)*`;
const EMOJI = String.raw`\p{RI}\p{RI}|[0-9#*]\uFE0F?\u20E3|\p{Extended_Pictographic}(?:\uFE0F|\p{EMod})*(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{EMod})*)*`;
const WORDS = new RegExp(String.raw`${EMOJI}|${WORD}|\p{S}`, "gu");
/** The same, and every punctuation mark by itself, three points as one. */
const WORDS_AND_MARKS = new RegExp(String.raw`${EMOJI}|${WORD}|\p{S}|\.{2,}|\p{P}`, "gu");
const WITHOUT_SPACES =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const ASCII = /^[\0-\x7f]*$/;
const APOSTROPHE = /['\u2019\uFF07]/;
const CONTRACTION = /^(.+?)(n['\u2019]t|['\u2019](?:s|re|ve|ll|d|m))$/u;

let segmenter: Intl.Segmenter | null | undefined;

/** The words of a text, in order, lower-case. Empty for a text of white space and punctuation. */
export function words(text: string): string[] {
  return cut(text, WORDS);
}

/**
 * The words and the punctuation marks of a text, as spaCy's English tokenizer cuts ordinary prose: contractions in two
 * ("do" "n't", "it" "'s"), marks by themselves. What it has exceptions for ("U.S.", "10km", ":-)") is cut otherwise.
 */
export function wordsAndMarks(text: string): string[] {
  const found = cut(text, WORDS_AND_MARKS);
  if (!APOSTROPHE.test(text)) return found;
  return found.flatMap((word) => {
    const parts = CONTRACTION.exec(word);
    return parts ? [parts[1]!, parts[2]!] : [word];
  });
}

function cut(text: string, pattern: RegExp): string[] {
  if (ASCII.test(text)) return text.toLowerCase().match(pattern) ?? [];
  const plain = text.normalize("NFKC").toLowerCase();
  const found = plain.match(pattern) ?? [];
  return WITHOUT_SPACES.test(plain) ? found.flatMap(withoutSpaces) : found;
}

/** Characters that are cut at once: the dictionary's time grows with the square of a run without marks. */
const PIECE = 500;

function withoutSpaces(run: string): string[] {
  if (!WITHOUT_SPACES.test(run)) return [run];
  segmenter ??=
    typeof Intl.Segmenter === "function" ? new Intl.Segmenter("zh", { granularity: "word" }) : null;
  const cutter = segmenter;
  if (cutter === null) return [...run];
  return (run.match(PIECES) ?? []).flatMap((piece) =>
    Array.from(cutter.segment(piece), ({ segment }) => segment),
  );
}

const PIECES = new RegExp(`.{1,${PIECE}}`, "gsu");

/** Python's `str.split()`: what lm-polygraph and UQ-NLG take for words. Chinese without spaces is one word. */
export function splitAtSpaces(text: string): string[] {
  return text.split(/[\s\x1c-\x1f\x85]+/u).filter((word) => word !== "");
}

/** rouge-score's words: runs of a-z and 0-9 in lower case, all else dropped, so that a Chinese text has none. */
export function asciiWords(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}
