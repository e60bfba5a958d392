/** The number that a text gives as its answer. */
import type { NumberStyle } from "./digits.ts";
import { type Extraction, type Found, missing, quoted } from "./extraction.ts";
import type { Mention, NumberForm } from "./mention.ts";
import { mentionsOf, published } from "./numbers.ts";
import { isEcho, withoutPlaceholders, withoutPrompt } from "./placeholder.ts";
import { type Prepared, prepare } from "./prepared.ts";
import { canonical } from "./rational.ts";
import { endOfAnswer, type Statement, statementsOf } from "./statements.ts";

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
  const whole = withoutPlaceholders(prepare(text));
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
  let problem: NumberAnswer | null = null;
  for (const statement of statementsOf(prepared, until).reverse()) {
    const stated = inStatement(prepared, mentions, statement);
    if (stated === "nothing") continue;
    if (typeof stated !== "string") return stated;
    problem ??=
      stated === "echo"
        ? missing("echo", "It repeats the placeholder of its prompt, and gives no number")
        : missing("nothing", "It says what the answer is not");
  }
  if (problem) return problem;
  const strong = mentions.filter(({ value, lone }) => value !== null && !lone);
  const [first] = mentions;
  if (first && mentions.length === 1 && first.value && isWhole(prepared, until, first.start, first.end))
    return found(prepared, first, "whole");
  const bold = boldNumber(prepared, strong, until);
  if (bold) return found(prepared, bold, "bold");
  return byFallback(prepared, mentions, strong, options.fallback ?? "last");
}

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
  const kinds = new Set(strong.map(({ value }) => canonical(value!)));
  if (fallback === "only")
    return kinds.size === 1
      ? found(prepared, last, "only number")
      : missing("ambiguous", `It holds ${kinds.size} numbers, and no words mark an answer`);
  return found(prepared, last, kinds.size === 1 ? "only number" : "last number");
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

/** Mentions in [start, end), by halving. */
export function within<T extends { start: number; end: number }>(
  mentions: readonly T[],
  start: number,
  end: number,
): T[] {
  let [low, high] = [0, mentions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (mentions[middle]!.start < start) low = middle + 1;
    else high = middle;
  }
  const inside: T[] = [];
  for (let i = low; i < mentions.length && mentions[i]!.end <= end; i++) inside.push(mentions[i]!);
  return inside;
}

/** What joins a number with another one that may as well be meant. */
const ALTERNATIVE = /^[\s*$]*(?:or|and|to|\/|或者?|还是|到|至|和|与|~|–|-|±|, ?or)[\s*$]*$/i;
/** What makes a calculation of two numbers. */
const OPERATOR = /^\s*(?:[+*×÷·^]|[-−–]|\\times|\\cdot|\\div|\/|[xX](?=\s))\s*\(?$/;

function inStatement(
  prepared: Prepared,
  mentions: readonly Mention[],
  { rule, start, end }: Statement,
): NumberAnswer | "nothing" | "echo" | "negated" {
  const segment = prepared.text.slice(start, end);
  if (rule !== "boxed" && /^[\s*]*(?:not\b|不是)/i.test(segment)) return "negated";
  const equals = rule === "####" ? -1 : lastEquals(segment);
  const all = within(mentions, start + equals + 1, end);
  const strong = all.filter(({ lone }) => !lone);
  const [first, second] = strong.length > 0 ? strong : all;
  if (!first) return isEcho(segment) || isEcho(segment.replace(/^[\s*_`$"]+/, "")) ? "echo" : "nothing";
  if (rule === "####" && !/^[\s$*]*$/.test(prepared.text.slice(start, first.start))) return "nothing";
  if (first.value === null)
    return missing("ambiguous", `${quoted(written(prepared, first))} is not one number that can be told`);
  if (isPartOfFormula(prepared.text, start + equals + 1, first))
    return missing("nothing", `${quoted(written(prepared, { start: start, end }))} is no plain number`);
  if (second) {
    const between = prepared.text.slice(first.end, second.start);
    const both = { start: first.start, end: second.end };
    const isSame = second.value !== null && canonical(second.value) === canonical(first.value);
    if (OPERATOR.test(between) && !/^\s*[-–]\s*$/.test(between))
      return missing("ambiguous", `${quoted(written(prepared, both))} is a calculation without its result`);
    if (ALTERNATIVE.test(between) && !isSame)
      return missing("ambiguous", `It gives more than one answer: ${quoted(written(prepared, both))}`);
  }
  return found(prepared, first, rule);
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
