/** English number words: twenty-three, one hundred and five, minus two and a half, three quarters. */
import { add, decimal, negative, type Rational, times, whole } from "./rational.ts";

const SMALL = new Map(
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    .split(" ")
    .map((word, i) => [word, i]),
);
const TENS = new Map(
  "twenty thirty forty fifty sixty seventy eighty ninety".split(" ").map((word, i) => [word, 10 * (i + 2)]),
);
const SCALES = new Map([
  ["thousand", 10n ** 3n],
  ["million", 10n ** 6n],
  ["billion", 10n ** 9n],
  ["trillion", 10n ** 12n],
]);
const PARTS = new Map([
  ["half", 2n],
  ["halves", 2n],
  ["third", 3n],
  ["thirds", 3n],
  ["quarter", 4n],
  ["quarters", 4n],
  ["fifths", 5n],
  ["sixths", 6n],
  ["eighths", 8n],
  ["tenths", 10n],
]);

const isNumberWord = (word: string): boolean => SMALL.has(word) || TENS.has(word);
/** What "a" counts one of; "a third" is a place in a row as often as a part. */
const isCounted = (word: string): boolean =>
  word === "hundred" || SCALES.has(word) || word === "half" || word === "quarter";
/** Words that a number can begin with. */
const isFirst = (word: string): boolean =>
  isNumberWord(word) || word === "half" || word === "minus" || word === "negative";

/** A number in words. */
export interface WordNumber {
  start: number;
  end: number;
  value: Rational;
  /** One small word alone, which may be a pronoun or an article. */
  lone: boolean;
}

const WORD = /[A-Za-z]+/g;
/** Words of one number at most. */
const MOST = 24;

interface Word {
  word: string;
  start: number;
  end: number;
}

/** All numbers in words, in order. */
export function wordNumbers(text: string): WordNumber[] {
  const found: WordNumber[] = [];
  let run: Word[] = [];
  /** "a", which is one before "hundred", "million", "quarter" and "half". */
  let article: Word | null = null;
  const flush = () => {
    while (run.length > 0 && run.length <= MOST) {
      const number = numberOf(run);
      if (number) found.push(number);
      const next = run.findIndex(({ start, word }) => isFirst(word) && start >= (number?.end ?? run[0]!.end));
      run = next < 0 ? [] : run.slice(next);
    }
    run = [];
  };
  for (const match of text.matchAll(WORD)) {
    const word: Word = {
      word: match[0].toLowerCase(),
      start: match.index,
      end: match.index + match[0].length,
    };
    const before = run.at(-1);
    const touches =
      before && /^(?: |-|, )$/.test(text.slice(before.end, Math.min(word.start, before.end + 3)));
    if (before && touches && word.start - before.end <= 2 && isInside(word.word)) run.push(word);
    else {
      flush();
      if (isFirst(word.word)) run = [word];
      else if (article && isCounted(word.word) && word.start === article.end + 1)
        run = [{ ...article, word: "one" }, word];
    }
    article = word.word === "a" ? word : null;
  }
  flush();
  return found;
}

const isInside = (word: string): boolean =>
  isNumberWord(word) ||
  SCALES.has(word) ||
  PARTS.has(word) ||
  ["hundred", "and", "a", "point"].includes(word);

/** The longest beginning of the words that is a number. */
function numberOf(words: Word[]): WordNumber | null {
  for (let count = words.length; count > 0; count--) {
    const list = words.slice(0, count).map(({ word }) => word);
    const value = numberIn(list);
    if (value === null) continue;
    const lone = count === 1 && (list[0] === "one" || list[0] === "half");
    return { start: words[0]!.start, end: words[count - 1]!.end, value, lone };
  }
  return null;
}

function numberIn(words: readonly string[]): Rational | null {
  const [first, ...rest] = words;
  if (first === "minus" || first === "negative") {
    const value = rest.length > 0 ? numberIn(rest) : null;
    return value && negative(value);
  }
  if (words.length === 1 && first === "half") return { n: 1n, d: 2n };
  const scale = SCALES.get(words[2] ?? "");
  if (first === "half" && words[1] === "a" && scale !== undefined && words.length === 3)
    return { n: scale, d: 2n };
  const point = words.indexOf("point");
  if (point > 0) {
    const before = integerOf(words.slice(0, point));
    const digits = words.slice(point + 1).map((word) => SMALL.get(word));
    if (before === null || digits.length === 0 || digits.some((digit) => digit === undefined || digit > 9))
      return null;
    return add(before, decimal(`.${digits.join("")}`)!);
  }
  const part = PARTS.get(words.at(-1)!);
  if (part === undefined) return integerOf(words);
  const and = words.lastIndexOf("and");
  if (and > 0 && and >= words.length - 3) {
    const before = integerOf(words.slice(0, and));
    const counted = words.slice(and + 1, -1);
    const count = counted.length === 0 || counted[0] === "a" ? whole(1) : integerOf(counted);
    return before && count && add(before, times(count, { n: 1n, d: part }));
  }
  const count = integerOf(words.slice(0, -1));
  return count && times(count, { n: 1n, d: part });
}

function integerOf(words: readonly string[]): Rational | null {
  let total = 0n;
  let section = 0n;
  let lowest = 10n ** 30n;
  let last = "";
  for (const [i, word] of words.entries()) {
    const small = SMALL.get(word);
    const tens = TENS.get(word);
    const scale = SCALES.get(word);
    if (small !== undefined) {
      if (last === "small" || (last === "tens" && (small > 9 || small === 0))) return null;
      section += BigInt(small);
      last = "small";
    } else if (tens !== undefined) {
      if (last === "small" || last === "tens") return null;
      section += BigInt(tens);
      last = "tens";
    } else if (word === "hundred") {
      if (section === 0n || section > 99n || last === "hundred") return null;
      section *= 100n;
      last = "hundred";
    } else if (scale !== undefined) {
      if (section === 0n || scale >= lowest) return null;
      total += section * scale;
      [section, lowest, last] = [0n, scale, "scale"];
    } else if (word === "and") {
      if ((last !== "hundred" && last !== "scale") || i === words.length - 1) return null;
      last = "and";
    } else return null;
  }
  return words.length === 0 ? null : whole(total + section);
}
