/** A written solution taken apart: the reasoning, what introduces the answer, the answer, and what stands behind it. */
import { boxedAnswers } from "../../answers/index.ts";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { cutSentences } from "../../text/index.ts";
import { segment } from "../segment/index.ts";

/** Parts that, one behind the other, are the text. */
export interface SolutionParts {
  /** Such as "<think>\n"; "" = none. */
  head: string;
  reasoning: string;
  /** Such as "</think>\n\n", "#### ", "The answer is ". */
  frame: string;
  answer: string;
  /** Behind the answer: never scored, and never cut. */
  tail: string;
  /** How the answer was found, in words. */
  found: string;
}

/** What is said of a text without an answer that is known as one. */
export const NO_FINAL = "No final answer is found in the text";

/** Marks of thinking that public data sets and models write: an opening and a closing one. */
const THINKING: readonly [open: RegExp, close: RegExp, name: string][] = [
  [/<think>/g, /<\/think>/g, "<think>"],
  [/<thinking>/g, /<\/thinking>/g, "<thinking>"],
  [/<reasoning>/g, /<\/reasoning>/g, "<reasoning>"],
  [/<\|begin_of_thought\|>/g, /<\|end_of_thought\|>/g, "<|begin_of_thought|>"],
];
/** What the answer behind it may be wrapped in. */
const WRAPPERS: readonly [open: string, close: string][] = [
  ["<answer>", "</answer>"],
  ["<solution>", "</solution>"],
  ["<|begin_of_solution|>", "<|end_of_solution|>"],
];

/** A place that may be the final answer. */
interface Final {
  start: number;
  end: number;
  /** Where what introduces it is. */
  anchor: number;
  found: string;
}

/**
 * Takes a solution apart. The last of these counts: `#### 42` on the last line, `\boxed{42}`, "Answer: 42", "The answer is 42", "答案：42";
 * thinking marks come before all of them, and the answer is all that stands behind them.
 * @param where for errors.
 * @param introducedBy what introduces the answer instead; the answer is what follows, to the end of its line.
 * @throws {SurprisalError} CORPUS_MALFORMED where no answer, or more than one end of the thinking, is found; EMPTY_INPUT without reasoning
 */
export function solutionParts(text: string, where: string, introducedBy?: RegExp): SolutionParts {
  const parts = introducedBy ? byExpression(text, introducedBy) : (byThinking(text, where) ?? byFinal(text));
  if (parts === null)
    throw malformed(
      NO_FINAL,
      where,
      'End it with "#### 42", "\\boxed{42}" or "Answer: 42", or with the thinking in <think>...</think>; name a field with the answer (--answer-field), or what introduces it (--final EXPRESSION).',
    );
  if (parts.reasoning.trim() === "")
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There is no reasoning before the answer",
      where,
      wayOut: "Give the reasoning before the answer: there is nothing to prune in an answer alone.",
    });
  return parts;
}

/** What introduces the answer, from a source such as "So we get ". @throws {SurprisalError} INVALID_ARGUMENT for what is no expression. */
export function finalExpression(source: string): RegExp {
  let expression: RegExp;
  try {
    expression = new RegExp(source, "gu");
  } catch (cause) {
    throw invalidArgument(
      `"${source}" is no expression: ${(cause as Error).message}`,
      "final",
      undefined,
      cause,
    );
  }
  if (expression.test(""))
    throw invalidArgument(
      `"${source}" also fits nothing at all`,
      "final",
      'Give words, such as "So we get ".',
    );
  return expression;
}

export const malformed = (what: string, where: string, wayOut: string): SurprisalError =>
  new SurprisalError({ code: "CORPUS_MALFORMED", what, where, wayOut });

/** @returns `null` where there are no marks of thinking. */
function byThinking(text: string, where: string): SolutionParts | null {
  const used = THINKING.filter(([open, close]) => text.search(open) >= 0 || text.search(close) >= 0);
  if (used.length === 0) return null;
  const [[open, close, name]] = used as [(typeof THINKING)[number]];
  const [opens, closes] = [[...text.matchAll(open)], [...text.matchAll(close)]];
  if (used.length > 1 || opens.length > 1 || closes.length !== 1)
    throw malformed(
      closes.length === 0
        ? `The thinking that begins with ${name} is not ended`
        : "The text thinks more than once, so that it is not clear what the reasoning is",
      where,
      "Give one thinking and the answer behind it, or the reasoning in a field of its own.",
    );
  const begin = opens[0] ? opens[0].index + opens[0][0].length : 0;
  const end = closes[0]!.index;
  if (begin > end)
    throw malformed(
      `The thinking is ended before ${name}`,
      where,
      "Give one thinking and the answer behind it.",
    );
  const behind = end + closes[0]![0].length;
  const { start, stop } = unwrapped(text, behind);
  if (start === stop)
    throw new SurprisalError({
      code: "NOTHING_TO_SCORE",
      what: "There is no answer behind the thinking",
      where,
      wayOut: "Give the final answer behind it: steps are judged by what they do for the answer.",
    });
  return {
    ...trimmedInto(text.slice(0, begin), text.slice(begin, end), text.slice(end, start)),
    answer: text.slice(start, stop),
    tail: text.slice(stop),
    found: `behind ${name}`,
  };
}

/** What stands behind a place, without white space around it and without a wrapper. */
function unwrapped(text: string, from: number): { start: number; stop: number } {
  const inner = (start: number, end: number) => {
    const part = text.slice(start, end);
    const trimmed = part.trim();
    const first = start + part.indexOf(trimmed);
    return { start: first, stop: first + trimmed.length };
  };
  const all = inner(from, text.length);
  const shown = text.slice(all.start, all.stop);
  const wrapper = WRAPPERS.find(([open, close]) => shown.startsWith(open) && shown.endsWith(close));
  return wrapper ? inner(all.start + wrapper[0].length, all.stop - wrapper[1].length) : all;
}

/** Leading white space goes to the head; what is behind the last step stays with it. */
function trimmedInto(
  head: string,
  reasoning: string,
  frame: string,
): Pick<SolutionParts, "head" | "reasoning" | "frame"> {
  const blank = /^\s*/.exec(reasoning)![0];
  return { head: head + blank, reasoning: reasoning.slice(blank.length), frame };
}

function byExpression(text: string, expression: RegExp): SolutionParts | null {
  const last = [...text.matchAll(expression)].at(-1);
  if (!last) return null;
  const start = last.index + last[0].length;
  const line = text.slice(start);
  const blank = line.length - line.trimStart().length;
  const end = line.indexOf("\n", blank);
  return partsOf(text, {
    ...{ start, end: end < 0 ? text.length : start + end },
    ...{ anchor: last.index, found: "behind what --final fits" },
  });
}

function byFinal(text: string): SolutionParts | null {
  const phrases = [...text.matchAll(PHRASE)];
  const finals = [hashes(text), boxed(text), phrase(text, phrases.at(-1))].filter((one) => one !== null);
  if (finals.length === 0) return null;
  const last = finals.reduce((late, each) => (each.start > late.start ? each : late));
  // "The answer is: \\[ \\boxed{42} \\]": the words belong to it.
  const words = phrases.findLast(({ index }) => index <= last.start);
  const between = words ? text.slice(words.index + words[0].length, last.start) : "x";
  const anchor = /\p{L}/u.test(between.replace(/\\[a-z]+/g, "")) ? last.anchor : words!.index;
  return partsOf(text, { ...last, anchor: sentenceStart(text, anchor) });
}

/** Spaces, full stops and emphasis around an answer are not part of it. */
function partsOf(text: string, { start, end, anchor, found }: Final): SolutionParts | null {
  let [from, to] = [start, end];
  while (from < to && /[\s*]/.test(text[from]!)) from++;
  while (to > from + 1 && /[\s*.。]/.test(text[to - 1]!)) to--;
  if (from === to) return null;
  return {
    ...trimmedInto("", text.slice(0, anchor), text.slice(anchor, from)),
    answer: text.slice(from, to),
    tail: text.slice(to),
    found,
  };
}

/** GSM8K's, on the last line that says something: elsewhere it is a heading. */
function hashes(text: string): Final | null {
  const end = text.trimEnd().length;
  const line = text.lastIndexOf("\n", end - 1) + 1;
  const [mark] = /^[ \t]*####(?!#)/.exec(text.slice(line, end)) ?? [];
  return mark === undefined ? null : { start: line + mark.length, end, anchor: line, found: "behind ####" };
}

function boxed(text: string): Final | null {
  const last = boxedAnswers(text).at(-1);
  return last ? { start: last.start, end: last.end, anchor: last.start, found: "in \\boxed{}" } : null;
}

const PHRASE =
  /(?:(?<![A-Za-z])(?:the\s+|my\s+|our\s+)?(?:final\s+|correct\s+)?answer\s*(?:is\s*:?|:|=)|(?:最终|正确)?答案\s*(?:应该?)?(?:是|为|[:：])|(?<!\p{L})答\s*[:：])[\s*]*/giu;

/** In the last lines: nothing but its own sentence, and what is on the same line, follows. */
function phrase(text: string, match: RegExpMatchArray | undefined): Final | null {
  if (!match) return null;
  const start = match.index! + match[0].length;
  const rest = text.slice(start).trimEnd();
  if (rest === "" || rest.includes("\n")) return null;
  const [first] = cutSentences(rest);
  return {
    ...{ start, end: start + (first?.text.length ?? rest.length) },
    ...{ anchor: match.index!, found: `behind "${match[0].trim()}"` },
  };
}

/** Where the sentence begins that the answer stands in; a displayed formula, a table or code is never cut. */
function sentenceStart(text: string, at: number): number {
  const { lead, steps } = segment(text, { by: "lines" });
  let start = lead.length;
  for (const { text: line, separator, kind } of steps) {
    const end = start + line.length + separator.length;
    if (end > at) {
      if (kind !== "text") return start;
      const within = cutSentences(line);
      const sentence = within.findLast((one) => start + one.start <= at);
      return start + (sentence?.start ?? 0);
    }
    start = end;
  }
  return at;
}
