/** Texts that go round: words again and again, and sentences that were there before. */
import { type Found, type Prepared, quote, type RunningRule, type SentenceRule } from "./rule.ts";

const WORD = /\p{Script=Han}|[\p{L}\p{M}]+|\p{N}+/gu;
/** Longest phrase whose loop is looked for, words or Han characters. */
const LONGEST = 16;
/** So often a phrase of 1, 2, 3 ... words has to stand in a row. */
const timesOf = (period: number): number => (period === 1 ? 6 : period === 2 ? 4 : 3);
/** Laughter, and what songs are made of. */
const PLAY = /^(?:ha|he|ho|hi|la|na|blah|bla|no|yes|hey|ah|oh|knock|tick|tock|哈|呵|嘿|嘻|啊|啦|嗯|哦|呜)$/iu;
const LONG_WORD = 40;
const ONE_LETTER = /([\p{L}])\1{39,}/gu;

/** Loops within a sentence. Marks between the words do not count. */
export const loops: SentenceRule = ({ own, text }) => {
  if (/^\s*\|/.test(text)) return [];
  const { words, longestWord, isLoop } = wordsIn(own);
  const found = longestWord < LONG_WORD ? [] : lettersInARow(own);
  if (!isLoop) return found;
  let covered = 0;
  const spans: { first: number; last: number; period: number }[] = [];
  for (let period = 1; period <= Math.min(LONGEST, words.length / 3); period++) {
    let run = 0;
    for (let i = period; i <= words.length; i++) {
      const goesOn = i < words.length && words[i]!.text === words[i - period]!.text;
      if (goesOn) {
        run++;
        continue;
      }
      if (run + period >= timesOf(period) * period)
        spans.push({ first: i - run - period, last: i - 1, period });
      run = 0;
    }
  }
  // A loop of one word is one of two as well: the shortest period that covers a place counts.
  spans.sort((a, b) => a.first - b.first || b.last - a.last || a.period - b.period);
  for (const { first, last, period } of spans) {
    if (first < covered) continue;
    const phrase = words.slice(first, first + period);
    if (!phrase.some(({ text: word }) => /\p{L}/u.test(word))) continue;
    if (period <= 2 && phrase.every(({ text: word }) => PLAY.test(word))) continue;
    if (!isProse(own, words.slice(first, last + 1))) continue;
    covered = last + 1;
    const times = Math.floor((last - first + 1) / period);
    const [start, end] = [words[first]!.start, words[last]!.end];
    const because = `${quote(own.slice(phrase[0]!.start, phrase.at(-1)!.end))} stands ${times} times in a row.`;
    found.push({
      kind: "repetition-loop",
      start,
      end,
      strength: Math.min(1, 0.5 + times / 20),
      because,
      details: { times },
    });
  }
  return found;
};

/** Between the words of a loop are spaces and marks: in code and markup other things go round. */
function isProse(text: string, words: readonly Word[]): boolean {
  return words.every(({ start }, i) => {
    const between = i === 0 ? "" : text.slice(words[i - 1]!.end, start);
    return between.length <= 8 && !/[^\s\p{Pd}\p{Po}'\u2019]|[@#%&*/\\]/u.test(between);
  });
}

function lettersInARow(text: string): Found[] {
  return [...text.matchAll(ONE_LETTER)].map((match): Found => {
    const because = `The letter ${quote(match[1]!)} stands ${match[0].length} times in a row.`;
    return {
      kind: "repetition-loop",
      start: match.index,
      end: match.index + match[0].length,
      strength: 0.9,
      because,
    };
  });
}

interface Word {
  text: string;
  start: number;
  end: number;
}

/** Words in a row that were there a phrase ago or less, of which the shortest loop has this many. */
const FEWEST_REPEATED = 5;

/** The words of a text, the length of the longest, and whether a loop may be among them. */
function wordsIn(text: string): { words: Word[]; longestWord: number; isLoop: boolean } {
  const words: Word[] = [];
  const last = new Map<string, number>();
  let run = 0;
  let longest = 0;
  let longestWord = 0;
  for (const match of text.matchAll(WORD)) {
    const word = match[0].toLowerCase();
    const before = last.get(word);
    run = before !== undefined && words.length - before <= LONGEST ? run + 1 : 0;
    longest = Math.max(longest, run);
    longestWord = Math.max(longestWord, word.length);
    last.set(word, words.length);
    words.push({ text: word, start: match.index, end: match.index + match[0].length });
  }
  return { words, longestWord, isLoop: longest >= FEWEST_REPEATED };
}

/** Shorter sentences are said twice by people too. */
const FEWEST_WORDS = 5;
const FEWEST_HAN = 8;

/** Shorter ones, of two words at least, are a loop when they stand so often one behind the other. */
const IN_A_ROW = 4;

/** Sentences that stand in the answer for the second time or later. */
export class RepeatedSentences implements RunningRule {
  readonly #seen: Map<string, { start: number; times: number }> = new Map();
  #row: { key: string; times: number; start: number } = { key: "", times: 0, start: 0 };

  see({ text, own, start, isCode }: Prepared): Found[] {
    const isPassedOver = isCode || /^\s*(?:\||#)/.test(text) || /[:\uff1a]\s*$/.test(text.slice(-12));
    if (!isPassedOver && !isLongEnough(own)) return this.#short(text, own, start);
    if (text.trim() !== "") this.#row.times = 0;
    if (isPassedOver) return [];
    // Numbers and names differ between the lines of a list: the whole counts.
    const key = text.trim().replace(/^[-*+\u2022]\s/, "");
    const before = this.#seen.get(key);
    if (!before) {
      this.#seen.set(key, { start, times: 1 });
      return [];
    }
    before.times++;
    const from = start + (text.length - text.trimStart().length);
    const because = `The same sentence stands in the answer before, at character ${before.start}.`;
    const strength = Math.min(1, 0.2 + 0.1 * before.times);
    return [
      {
        kind: "repeated-sentence",
        start: from,
        end: start + text.trimEnd().length,
        strength,
        because,
        details: { times: before.times },
      },
    ];
  }

  /** Said once, of the sentence that makes it a loop and of each that goes on with it. */
  #short(text: string, own: string, start: number): Found[] {
    const key = text.trim();
    if (key === "") return [];
    if (key !== this.#row.key) this.#row = { key, times: 0, start: start + text.search(/\S/u) };
    const times = ++this.#row.times;
    const words = own.match(WORD) ?? [];
    if (
      times < IN_A_ROW ||
      words.length < 2 ||
      words.every((word) => PLAY.test(word) || /^\p{N}/u.test(word))
    )
      return [];
    const isFirst = times === IN_A_ROW;
    return [
      {
        kind: "repetition-loop",
        start: isFirst ? this.#row.start : start + text.search(/\S/u),
        end: start + text.trimEnd().length,
        strength: Math.min(1, 0.5 + times / 20),
        because: `${quote(key)} stands ${times} times in a row.`,
        details: { times },
      },
    ];
  }

  finish(): Found[] {
    return [];
  }
}

function isLongEnough(text: string): boolean {
  let han = 0;
  let words = 0;
  for (const [word] of text.matchAll(WORD)) {
    if (word >= "\u3400" && word <= "\u9fff") han++;
    if (han >= FEWEST_HAN || (++words >= FEWEST_WORDS && han === 0)) return true;
  }
  return false;
}
