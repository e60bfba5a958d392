/** The number that a text gives as its answer. */
import type { NumberStyle } from "./digits.ts";
import { type Extraction, type Found, type Missing, missing, quoted, within } from "./extraction.ts";
import type { Mention, NumberForm } from "./mention.ts";
import { mentionsOf, published } from "./numbers.ts";
import { isEcho, withoutPlaceholders, withoutPrompt } from "./placeholder.ts";
import { type Prepared, prepare } from "./prepared.ts";
import { areEqual } from "./rational.ts";
import { spokenOf } from "./spoken.ts";
import { afterRetraction, endOfAnswer, type Statement, statementsOf } from "./statements.ts";

/** Options of every reader. */
export interface ReadOptions {
  /** The prompt that was answered: lines of it that the text repeats are not read. Default: unknown. */
  prompt?: string | undefined;
  /**
   * What counts where no words mark an answer and the text is not just the answer. "last": the last that is mentioned, as lm-eval's
   * `flexible-extract` takes it; "only": what is mentioned, if nothing else of its kind is; "none". Default "last" for
   * numbers, "only" for letters and for yes or no, of which texts mention several without meaning one.
   */
  fallback?: "last" | "only" | "none" | undefined;
}

/** Options of `readNumber`. */
export interface ReadNumberOptions extends ReadOptions {
  /** What "1.234" and "1,234" are. Default "auto". */
  style?: NumberStyle | undefined;
}

/** What is known of a number beside its value. */
export interface NumberFacts {
  /** Exactly, in lowest terms: "17/20", "42". Equal for equal numbers, so answers can be counted by it. */
  exact: string;
  form: NumberForm;
  /** "%", a currency, a unit; `null`: none. */
  unit: string | null;
}

/** A number that was read as an answer, or why none was. */
export type NumberAnswer = Extraction<number, NumberFacts>;

/** A text without what is not to be read in it. */
export function readable(text: string, { prompt }: ReadOptions): { prepared: Prepared; until: number } {
  const whole = withoutPlaceholders(spokenOf(prepare(text)));
  return {
    prepared: prompt === undefined ? whole : withoutPrompt(whole, prompt),
    until: endOfAnswer(whole.text),
  };
}

/** The text is nothing but what stands in [start, end), its dress aside. */
export function isWhole({ text }: Prepared, until: number, start: number, end: number): boolean {
  const DRESS = /^[\s*_`$"'“”「」().。!]*$/;
  if (until - (end - start) > 60) return false;
  return DRESS.test(text.slice(0, start)) && DRESS.test(text.slice(end, until));
}

/**
 * The number that a text answers with: of what is marked as an answer, the last; else the text as a whole; else a number in bold;
 * else by `fallback`. `null` with the reason where it gives none, several at once ("42 or 43"), a calculation without its
 * result, or the prompt's placeholder.
 */
export function readNumber(text: string, options: ReadNumberOptions = {}): NumberAnswer {
  const { prepared, until } = readable(text, options);
  const mentions = mentionsOf(prepared, options.style).filter(({ end, ordinal }) => end <= until && !ordinal);
  const plain = mentions.filter(({ value, lone }) => value !== null && !lone);
  let problem: NumberAnswer | null = null;
  for (const statement of statementsOf(prepared, until).reverse()) {
    const stated = inStatement(prepared, mentions, statement, until);
    if (stated === "nothing") continue;
    if (typeof stated !== "string") {
      if ("why" in stated) return stated;
      const holds =
        statement.rule === "####" ? stated : afterRetraction(prepared.text, stated, plain, until, isSame);
      return holds ? found(prepared, holds, holds === stated ? statement.rule : "correction") : TAKEN_BACK;
    }
    problem ??=
      stated === "echo"
        ? missing("echo", "It repeats the placeholder of its prompt, and gives no number")
        : missing("nothing", "It says what the answer is not, or that there is none");
  }
  if (problem) return problem;
  const [first] = mentions;
  if (first && mentions.length === 1 && first.value && isWhole(prepared, until, first.start, first.end))
    return found(prepared, first, "whole");
  const bold = boldNumber(prepared, plain, until);
  if (bold) return found(prepared, bold, "bold");
  return byFallback(prepared, mentions, plain, options.fallback ?? "last");
}

const TAKEN_BACK = missing(
  "ambiguous",
  "It takes its answer back, and does not say clearly what it is instead",
);

const isSame = (a: Mention, b: Mention): boolean =>
  a.value !== null && b.value !== null && areEqual(a.value, b.value);

const found = (prepared: Prepared, mention: Mention, rule: string): Found<number> & NumberFacts => {
  const { value, start, end, text, exact, form, unit } = published(prepared, mention);
  return { value, start, end, text, rule, exact, form, unit };
};

function byFallback(
  prepared: Prepared,
  mentions: readonly Mention[],
  strong: readonly Mention[],
  fallback: NonNullable<ReadOptions["fallback"]>,
): NumberAnswer {
  const last = strong.at(-1);
  const unreadable = mentions.find(({ value }) => value === null);
  if (!last && unreadable)
    return missing(
      "ambiguous",
      `${quoted(written(prepared, unreadable))} is not one number that can be told`,
    );
  if (!last || fallback === "none")
    return missing("nothing", last ? "No words mark an answer" : "It holds no number");
  if (strong.every((each) => isSame(each, last))) return found(prepared, last, "only number");
  if (fallback === "only")
    return missing("ambiguous", "It holds several numbers, and no words mark an answer");
  // "14 points in the two games": where numbers are written in digits, words and characters count what is beside the point.
  const digits = strong.findLast(({ start, end }) => /[\d½-¾⅐-⅞]/.test(prepared.text.slice(start, end)));
  return found(prepared, digits ?? last, "last number");
}

const written = (prepared: Prepared, { start, end }: Pick<Mention, "start" | "end">): string =>
  prepared.place(start, end).text;

const BOLD = /\*\*([^*\n]{1,60})\*\*/g;

/** The last bold text that is a number. */
function boldNumber(prepared: Prepared, mentions: readonly Mention[], until: number): Mention | null {
  let bold: Mention | null = null;
  for (const match of prepared.text.matchAll(BOLD)) {
    const [start, end] = [match.index + 2, match.index + match[0].length - 2];
    if (end > until) break;
    const inside = within(mentions, start, end);
    const [only] = inside;
    if (only && inside.length === 1 && /^[\s$.:=]*$/.test(prepared.text.slice(start, only.start)))
      bold = only;
  }
  return bold;
}

/** What joins a number with another one that may as well be meant. */
const ALTERNATIVE =
  /^[\s*$`)]*(?:\\text\s?\{\s?)?(?:or|and|to|\/|或者?|还是|到|至|和|与|比|~|–|-|±|:|[,，、;]\s?(?:or|and)?)(?:\s?\})?[\s*$`(]*$/i;
/** What makes a calculation of two numbers. */
const OPERATOR = /^\s*(?:[+*×÷·^]|[-−–]|\\times|\\cdot|\\div|\/|[xX](?=\s))\s*\(?$/;
/** Nothing that matters stands between a marker and its number. */
const DIRECT =
  /^[\s*_`$"'“‘「([{<=:：~≈]*(?:(?:that|it(?:'s| is)|is|about|around|approximately|approx\.?|roughly|nearly|almost|exactly|only|just|therefore|thus|then|simply|now|probably|likely|actually|clearly|equal to|equals?|at least|at most|more than|over|up to|no more than|less than|a total of|the (?:number|value)|between|either|both|from|(?:with)?in the range(?: of| from)?|option|number|no\.|约|大约|大概|差不多|一共|总共|共|有|正好|也?是|为|等于|应该|要)[\s*_`$:：]*){0,4}(?:\\(?:text|mathrm)\s?\{[^}]{0,20}\}\s?)?(?:(?:USD|EUR|GBP|RMB|CNY|JPY|US|HK|Rs\.?|INR) ?|\(?[A-J][.):]\s*[$*]*)?$/i;
/** What is said of an answer that there is not. */
const NONE =
  /^[\s*_`$"“]*(?:unknown|undetermined|undefined|indeterminate|none\b|no (?:solutions?|answer)\b|impossible|(?:can ?not|can't) be (?:determined|known)|无法|不存在|无解|未知|不知道)/i;
/** Where the sentence ends that begins behind a marker. */
const SENTENCE = /[。！？]|[.!?](?=\s+[A-Z\p{Script=Han}])/u;

function inStatement(
  prepared: Prepared,
  mentions: readonly Mention[],
  { rule, start, end, denied }: Statement,
  until: number,
): Mention | Missing | "nothing" | "echo" | "denied" {
  const { text } = prepared;
  const segment = text.slice(start, end);
  if (denied || NONE.test(segment)) return "denied";
  const sentence = segment.slice(0, rule === "boxed" ? undefined : sentenceEnd(segment));
  const equals = rule === "####" ? -1 : lastEquals(sentence);
  const all = within(mentions, start + equals + 1, end);
  const strong = all.filter(({ lone }) => !lone);
  const [first, second] = strong.length > 0 ? strong : all;
  const isRepeated = isEcho(segment.replace(/^[\s*_`$"]+/, ""));
  if (!first) return isRepeated ? "echo" : "nothing";
  const before = text.slice(start + equals + 1, first.start);
  if (isRepeated && /\((?:e\.?g|for example|such as|i\.e)|例如|比如/i.test(before)) return "echo";
  if (rule === "####" && !DIRECT.test(before.replace(/^(?:the )?(?:final )?answer(?: is)?/i, "")))
    return "nothing";
  if (first.value === null)
    return missing("ambiguous", `${quoted(written(prepared, first))} is not one number that can be told`);
  if (isPartOfFormula(text, start + equals + 1, first))
    return missing("nothing", `${quoted(written(prepared, { start: start, end }))} is no plain number`);
  if (isEnumerator(text, first)) return "nothing";
  if (/[±<>≤≥]\s?$/.test(before) && !/<\s?$/.test(before.slice(0, -1)) && !text.startsWith(">", first.end))
    return missing(
      "ambiguous",
      `${quoted(written(prepared, { start, end: first.end }))} is a bound, or two numbers`,
    );
  if (!isRepeated && rule !== "boxed" && equals < 0 && !DIRECT.test(before)) {
    // "Answer: there are 3 boxes with 4 each, so 12": what counts is at the end, if anything says so.
    const rest = within(mentions, start, until).filter(({ value, lone }) => value !== null && !lone);
    return rest.every((each) => isSame(each, first)) ? first : "nothing";
  }
  // "Solution: to solve it, 3 + 4 = 7. Then ...": the first of several steps is no answer.
  if (equals >= 0 && rule !== "boxed") {
    const [opening] = within(mentions, start, start + sentence.length);
    const words = opening === undefined ? "" : text.slice(start, opening.start);
    const isStep = !DIRECT.test(words) && /[A-Za-z]{3}|[\u4e00-\u9fff]{2}/.test(words);
    if (isStep && text.slice(start + sentence.length, until).includes("=")) return "nothing";
  }
  if (
    equals >= 0 &&
    /(?:\bor\b|\band\b|,|或者?|和|、)\s*[$\\]?[A-Za-z]\w?\s*$/.test(sentence.slice(0, equals)) &&
    /\d/.test(sentence.slice(0, equals))
  )
    return missing(
      "ambiguous",
      `It gives more than one answer: ${quoted(written(prepared, { start, end }))}`,
    );
  if (second) {
    const between = text.slice(first.end, second.start);
    const both = { start: first.start, end: second.end };
    if (OPERATOR.test(between) && !/^\s*[-–]\s*$/.test(between))
      return missing("ambiguous", `${quoted(written(prepared, both))} is a calculation without its result`);
    const isOther = !isSame(first, second) && (first.unit === "%") === (second.unit === "%");
    if (isOther && (ALTERNATIVE.test(between) || isCompound(first, second, between)))
      return missing("ambiguous", `It gives more than one number: ${quoted(written(prepared, both))}`);
  }
  return first;
}

function sentenceEnd(segment: string): number | undefined {
  const at = segment.search(SENTENCE);
  return at < 0 ? undefined : at;
}

/** "3 hours 20 minutes", 3元5角 and 5'10" are one quantity in two units. */
const isCompound = (first: Mention, second: Mention, between: string): boolean =>
  /^'$/.test(between) ||
  (first.unit !== null && second.unit !== null && first.unit !== second.unit && /^ ?$/.test(between));

/** The 1 of "1. Add them" in a list, and that of "1) add them": a place in a list. */
function isEnumerator(text: string, { start, end }: Mention): boolean {
  const number = text.slice(start, end);
  if (!/^\d{1,2}$/.test(number)) return false;
  if (/^\)\s+[A-Za-z\u4e00-\u9fff]/.test(text.slice(end, end + 4))) return text[start - 1] !== "(";
  const opensLine = /(?:^|\n)[ \t*#>-]{0,6}$/.test(text.slice(Math.max(0, start - 8), start));
  if (!opensLine || !/^[.、．]\s?\S/.test(text.slice(end, end + 3))) return false;
  const next = new RegExp(`\\n[ \\t*#>-]{0,6}${Number(number) + 1}[.、．]`);
  return next.test(text.slice(end, end + 600));
}

/** "3x", "x + 1" and "3√2" hold a number, and are none. */
function isPartOfFormula(text: string, from: number, { start, end }: Mention): boolean {
  const before = text.slice(Math.max(from, start - 12), start);
  return BEHIND.test(text.slice(end, end + 12)) || AHEAD.test(before);
}
const BEHIND =
  /^(?:[A-Za-z](?![A-Za-z])|\s?\\(?:sqrt|pi|sin|cos|tan|log|ln|infty|alpha|theta)|\s?[πθ√∞]|\s*[+*×÷·^]\s*(?:[A-Za-z(\\√π]))/;
const AHEAD = /(?:[A-Za-z)}]\s*[+*^×·]\s*|\\(?:sqrt|pi|log|ln|sin|cos)\s*[{(]?|√)$/;

/** Of the last "=" with something behind it, in "x = 6 × 7 = 42."; -1: none. "==" and "<=" are no equals signs. */
function lastEquals(segment: string): number {
  for (let at = segment.lastIndexOf("="); at >= 0; at = segment.lastIndexOf("=", at - 1)) {
    if (
      /\d|[零一二三四五六七八九十百千万亿两]|\\[dt]?frac/.test(segment.slice(at + 1)) &&
      !"<>!=".includes(segment.charAt(at - 1) || " ")
    )
      return at;
    if (at === 0) break;
  }
  return -1;
}
