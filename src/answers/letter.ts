/** The letter of a choice that a text answers with: (A), "Option C", "the answer is D", 选B. */
import { type Extraction, missing } from "./extraction.ts";
import { isWhole, type ReadOptions, readable, within } from "./number-answer.ts";
import { isEcho } from "./placeholder.ts";
import type { Prepared } from "./prepared.ts";
import { type Statement, statementsOf } from "./statements.ts";

/** Options of `readLetter`. */
export interface ReadLetterOptions extends ReadOptions {
  /** How many choices there are, 2 to 26: their letters are A, B and so on. Default 10. */
  choices?: number | undefined;
}

/** A letter, upper case, or why there is none. */
export type LetterAnswer = Extraction<string>;

interface Letter {
  start: number;
  end: number;
  letter: string;
  /** In brackets, before a bracket or point at the beginning of a line, or behind "option": it cannot be a word. */
  marked: boolean;
}

const LETTER =
  /\(([A-Za-z])\)|(?:\b(?:option|choice)\b|选项|选择?)[ \t]?[*"'“]{0,3}\(?([A-Za-z])(?![A-Za-z'])\)?|(?<![A-Za-z0-9'])([A-Za-z])(?![A-Za-z0-9'])/gi;

function lettersOf(text: string, until: number, choices: number): Letter[] {
  const found: Letter[] = [];
  for (const match of text.matchAll(LETTER)) {
    const end = match.index + match[0].length;
    if (end > until) break;
    const raw = (match[1] ?? match[2] ?? match[3])!;
    const start = match[2] === undefined ? match.index : match.index + match[0].lastIndexOf(raw);
    const letter = raw.toUpperCase();
    if (letter.charCodeAt(0) - 65 >= choices) continue;
    const after = text.charAt(end);
    const opensLine = /(?:^|\n)[\s*#>-]{0,6}$/.test(text.slice(Math.max(0, start - 8), start));
    const marked =
      match[3] === undefined ||
      (")".includes(after || " ") ? true : opensLine && ".:".includes(after || " "));
    if (!marked && raw !== letter && !isAlone(text, start, end)) continue; // a lone "a" is an article
    if (!marked && isWord(text, raw, start, end)) continue;
    found.push({ start, end, letter, marked });
  }
  return found;
}

/** "A cat", "I think": words, not letters. */
function isWord(text: string, raw: string, start: number, end: number): boolean {
  if (raw !== "A" && raw !== "I" && raw !== "a" && raw !== "i") return false;
  return (
    /^ (?!or\b|and\b)[a-z]{2,}/.test(text.slice(end, end + 6)) &&
    !/\bis[\s*:"]{1,4}$/.test(text.slice(Math.max(0, start - 8), start))
  );
}

/** Nothing but dress beside it on its line. */
const isAlone = (text: string, start: number, end: number): boolean =>
  /(?:^|[\n:：{是为选]|\bis|\bbe)[\s*"'`$(]{0,6}$/.test(text.slice(Math.max(0, start - 10), start)) &&
  /^[\s*"'`$).}]{0,6}(?:$|\n|\})/.test(text.slice(end, end + 12));

/**
 * The letter that a text answers with. Without words that mark an answer it is the only letter that is mentioned as a choice;
 * several are ambiguous, such as where the text repeats the list of choices.
 */
export function readLetter(text: string, options: ReadLetterOptions = {}): LetterAnswer {
  const { prepared, until } = readable(text, options);
  const letters = lettersOf(prepared.text, until, options.choices ?? 10);
  let problem: LetterAnswer | null = null;
  for (const statement of statementsOf(prepared, until).reverse()) {
    const stated = inStatement(prepared, letters, statement);
    if (stated === "nothing") continue;
    if (typeof stated !== "string") return stated;
    problem ??=
      stated === "echo"
        ? missing("echo", "It repeats the placeholder of its prompt, and gives no letter")
        : missing("nothing", "It says what the answer is not");
  }
  if (problem) return problem;
  const [first] = letters;
  if (first && letters.length === 1 && isWhole(prepared, until, first.start, first.end))
    return found(prepared, first, "whole");
  return byFallback(prepared, letters, options.fallback ?? "only");
}

const found = (prepared: Prepared, { start, end, letter }: Letter, rule: string): LetterAnswer => ({
  value: letter,
  ...prepared.place(start, end),
  rule,
});

function byFallback(
  prepared: Prepared,
  letters: readonly Letter[],
  fallback: NonNullable<ReadOptions["fallback"]>,
): LetterAnswer {
  if (fallback === "none") return missing("nothing", "No words mark an answer");
  const marked = letters.filter((letter) => letter.marked);
  const candidates = marked.length > 0 ? marked : letters;
  const last = candidates.at(-1);
  if (!last) return missing("nothing", "It holds no letter of a choice");
  const kinds = new Set(candidates.map(({ letter }) => letter));
  if (kinds.size === 1) return found(prepared, last, "only letter");
  return fallback === "last"
    ? found(prepared, last, "last letter")
    : missing(
        "ambiguous",
        `It mentions the choices ${[...kinds].join(", ")}, and no words mark one as its answer`,
      );
}

function inStatement(
  prepared: Prepared,
  letters: readonly Letter[],
  { rule, start, end }: Statement,
): LetterAnswer | "nothing" | "echo" | "negated" {
  const segment = prepared.text.slice(start, end);
  const [first, second] = within(letters, start, end);
  if (!first) return isEcho(segment.replace(/^[\s*_`$"]+/, "")) ? "echo" : "nothing";
  const before = prepared.text.slice(start, first.start);
  if (/\bnot\b|不是|不选/i.test(before)) return "negated";
  if (before.length > 40 || /\d/.test(before)) return "nothing";
  if (second && second.letter !== first.letter) {
    const between = prepared.text.slice(first.end, second.start);
    if (/^[\s*]*(?:or|and|\/|,|、|&|和|或者?|与)[\s*]*(?:option|choice)?[\s*]*$/i.test(between))
      return missing("ambiguous", `It gives more than one answer: ${first.letter} and ${second.letter}`);
  }
  return found(prepared, first, rule);
}
