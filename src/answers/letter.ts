/** The letter of a choice that a text answers with: (A), "Option C", "the answer is D", 选B. */
import { type Extraction, type Missing, missing, within } from "./extraction.ts";
import { isWhole, type ReadOptions, readable } from "./number-answer.ts";
import { isEcho } from "./placeholder.ts";
import type { Prepared } from "./prepared.ts";
import { afterRetraction, type Statement, statementsOf } from "./statements.ts";

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
  /\(([A-Za-z])\)|(?:\b(?:option|choice)\b|选项|选择?)[ \t]?[*"'“]{0,3}\(?([A-Za-z])(?![A-Za-z'])\)?|(?<![A-Za-z0-9]'?)([A-Za-z])(?![A-Za-z0-9]|'[A-Za-z])/gi;

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
    if (DENIED.test(text.slice(Math.max(0, match.index - 16), match.index))) continue;
    found.push({ start, end, letter, marked });
  }
  return found;
}

/** "not A", "isn't B", 不选A, 不是B: said of a letter that it is not the one. */
const DENIED = /(?:\bnot|n't|不是?|不选|并非)[\s*"'“(]{0,3}(?:(?:option|choice) )?$/i;

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
  const stated = lastStated(prepared, letters, statementsOf(prepared, until), until);
  if (stated) return stated;
  const [first] = letters;
  if (first && letters.length === 1 && isWhole(prepared, until, first.start, first.end))
    return found(prepared, first, "whole");
  const line = firstLine(prepared.text, letters);
  if (line) return found(prepared, line, "first line");
  const mentioned = byFallback(prepared, letters, options.fallback ?? "only");
  if (mentioned.value !== null && mentioned.rule === "only letter") return mentioned;
  return lastStated(prepared, letters, picksOf(prepared.text, until), until) ?? mentioned;
}

/** The letter of the last statement that gives one; `null`: there is none. */
function lastStated(
  prepared: Prepared,
  letters: readonly Letter[],
  statements: readonly Statement[],
  until: number,
): LetterAnswer | null {
  let problem: LetterAnswer | null = null;
  for (const statement of statements.toReversed()) {
    const stated = inStatement(prepared, letters, statement);
    if (stated === "nothing") continue;
    if (typeof stated !== "string") {
      if ("why" in stated) return stated;
      const holds = afterRetraction(prepared.text, stated, letters, until, isSame);
      if (holds) return found(prepared, holds, holds === stated ? statement.rule : "correction");
      return missing("ambiguous", "It takes its answer back, and does not say clearly what it is instead");
    }
    problem ??=
      stated === "echo"
        ? missing("echo", "It repeats the placeholder of its prompt, and gives no letter")
        : missing("nothing", "It says what the answer is not");
  }
  return problem;
}

const isSame = (a: Letter, b: Letter): boolean => a.letter === b.letter;

/** "I choose B", of letters only: whoever picks 3 apples does not answer with 3. */
const PICK =
  /\bI(?:'d| would|'ll| will)? (?:choose|pick|select|go (?:with|for)|say)\b(?: that)?(?: the)?(?: (?:option|choice|letter))?|我(?:会|的)?选择?/gi;

const picksOf = (text: string, until: number): Statement[] =>
  [...text.matchAll(PICK)]
    .map(({ 0: all, index }) => ({
      start: index + all.length,
      end: Math.min(until, index + all.length + 60),
    }))
    .filter(({ start, end }) => start < end)
    .map(({ start, end }): Statement => ({ rule: "answer", start, end, denied: false }));

/** The letter that the first line is, where it has nothing else and no line below is another letter alone. */
function firstLine(text: string, letters: readonly Letter[]): Letter | null {
  const [first] = letters;
  if (!first) return null;
  const isLine = ({ start, end }: Letter) =>
    /(?:^|\n)[\s*_`"'$(]{0,8}$/.test(text.slice(Math.max(0, start - 10), start)) &&
    /^[\s*_`"'$).]{0,8}(?:$|\n)/.test(text.slice(end, end + 10));
  if (text.slice(0, first.start).trim().length > 4 || !isLine(first)) return null;
  return letters.some((each) => !isSame(each, first) && isLine(each)) ? null : first;
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
  { start, end, denied }: Statement,
): Letter | Missing | "nothing" | "echo" | "denied" {
  const segment = prepared.text.slice(start, end);
  const [first, second] = within(letters, start, end);
  if (denied && !first) return "denied";
  if (!first) return isEcho(segment.replace(/^[\s*_`$"]+/, "")) ? "echo" : "nothing";
  const before = prepared.text.slice(start, first.start);
  if (denied || /\bnot\b|n't\b|不是|不选|\bnone of\b/i.test(before)) return "denied";
  if (before.length > 40 || /\d/.test(before)) return "nothing";
  if (second && second.letter !== first.letter) {
    const between = prepared.text.slice(first.end, second.start);
    if (/^[\s*]*(?:or|and|\/|,|、|&|和|或者?|与)[\s*]*(?:option|choice)?[\s*]*$/i.test(between))
      return missing("ambiguous", `It gives more than one answer: ${first.letter} and ${second.letter}`);
  }
  return first;
}
