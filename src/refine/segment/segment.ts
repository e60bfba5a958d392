/**
 * A reasoning text cut into steps, without loss: lead, steps and separators laid one behind the other are the text.
 * Blocks (fenced code, tables, displayed formulas) stay whole, whatever the way of cutting.
 */
import { checkWellFormed, invalidArgument, SurprisalError } from "../../core/index.ts";
import { cutSentences } from "../../text/index.ts";
import { type Block, blocksOf } from "./blocks.ts";
import { stepNumber } from "./numbering.ts";

/** Ways to cut a text. */
export const SEGMENTATIONS = ["lines", "numbered", "sentences", "paragraphs"] as const;
/** One of SEGMENTATIONS. */
export type SegmentationName = (typeof SEGMENTATIONS)[number];

/**
 * - "auto": chosen by what the text looks like, see `segment`
 * - "lines": each line that is not blank
 * - "numbered": "1.", "Step 2:", "第三步", "④"; what stands before the first number is a step of its own
 * - "sentences": also Chinese ones; never beyond a line that ends with a blank one
 * - "paragraphs": what stands between blank lines
 * - a regular expression: what it matches stands between steps
 * - a function: the places (UTF-16 code units) where steps begin; 0 and those behind the end need not be said
 */
export type SegmentBy = "auto" | SegmentationName | RegExp | ((text: string) => Iterable<number>);

/** A step: a stretch of the text without the white space around it. */
export interface SegmentedStep {
  text: string;
  /** What stands between it and the next step, or the end. */
  separator: string;
  kind: Block["kind"];
}

/** A text, cut. `lead + Σ (text + separator)` is the text. */
export interface Segmentation {
  /** How it was cut: what "auto" chose, "custom" by an expression or function, "given" where nothing was cut. */
  by: SegmentationName | "custom" | "given";
  /** Why that way, for people. */
  why: string;
  /** White space before the first step; "" = none. */
  lead: string;
  steps: SegmentedStep[];
}

/**
 * Cuts a text into steps. "auto" takes numbered steps where at least two numbers follow each other and the first is 0 or 1, or where the
 * text begins with a number up to 3 and they only go up, with gaps; else
 * paragraphs where there are three or more of more than one line in the mean, or as many as lines; else lines, where there are two; else sentences.
 * @throws {SurprisalError} EMPTY_INPUT where there is nothing but white space; INVALID_ARGUMENT
 */
export function segment(text: string, options: { by?: SegmentBy | undefined } = {}): Segmentation {
  const { by = "auto" } = options;
  if (typeof text !== "string") throw invalidArgument("The reasoning is no text", "text", "Give a string.");
  checkWellFormed(text, "reasoning");
  if (text.trim() === "")
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The reasoning has no steps: it is empty",
      where: "text",
      wayOut: "Give the text between the question and the answer.",
    });
  const blocks = blocksOf(text);
  if (typeof by !== "string") {
    const isFunction = typeof by === "function";
    if (!isFunction && !(by instanceof RegExp)) throw unknownWay(by);
    const cuts = isFunction ? placesOf(text, by) : matchesOf(text, by);
    return {
      by: "custom",
      why: "as asked for",
      ...stepsLeft(stepsAt(text, outsideBlocks(cuts, blocks), blocks, !isFunction), by),
    };
  }
  const chosen = by === "auto" ? choose(text, blocks) : { by, why: "as asked for" };
  if (!SEGMENTATIONS.includes(chosen.by)) throw unknownWay(by);
  return { ...chosen, ...stepsAt(text, CUTS[chosen.by](text, blocks), blocks, false) };
}

/** An expression may match all of a text. */
function stepsLeft(
  cut: Pick<Segmentation, "lead" | "steps">,
  by: unknown,
): Pick<Segmentation, "lead" | "steps"> {
  if (cut.steps.length > 0) return cut;
  throw invalidArgument(
    `${String(by)} matches all of the text, so that no step is left`,
    "by",
    "Give an expression for what stands between steps, such as /\\n+/.",
  );
}

const unknownWay = (by: unknown) =>
  invalidArgument(
    `"${String(by)}" is no way to cut a text`,
    "by",
    `Give "auto", one of ${SEGMENTATIONS.join(", ")}, an expression or a function.`,
  );

/** A stretch between steps: white space, or what an expression matched. Empty where steps meet. */
interface Cut {
  start: number;
  end: number;
}

const isBlank = (text: string, { start, end }: Block) => text.slice(start, end).trim() === "";
const at = (place: number): Cut => ({ start: place, end: place });

/** Where steps begin. The white space around each place is put into separators later. */
const CUTS: Record<SegmentationName, (text: string, blocks: readonly Block[]) => Cut[]> = {
  lines: (_, blocks) => blocks.map(({ start }) => at(start)),
  numbered: (text, blocks) =>
    blocks
      .filter((block) => block.kind === "text" && stepNumber(text.slice(block.start, block.end)) !== null)
      .map(({ start }) => at(start)),
  paragraphs: (text, blocks) => blocks.filter((block) => isBlank(text, block)).map(({ start }) => at(start)),
  sentences: (text, blocks) => {
    const cuts: Cut[] = [];
    let from = 0;
    const cutUpTo = (to: number) => {
      for (const { start } of cutSentences(text.slice(from, to))) cuts.push(at(from + start));
    };
    for (const { kind, start, end } of blocks) {
      if (kind === "text") continue;
      cutUpTo(start);
      cuts.push(at(start), at(end));
      from = end;
    }
    cutUpTo(text.length);
    return cuts;
  },
};

function choose(text: string, blocks: readonly Block[]): { by: SegmentationName; why: string } {
  const numbers = blocks
    .filter(({ kind }) => kind === "text")
    .flatMap(({ start, end }) => stepNumber(text.slice(start, end)) ?? []);
  const counted = numbers.every((number, i) => number === numbers[0]! + i);
  if (numbers.length >= 2 && counted && numbers[0]! <= 1)
    return { by: "numbered", why: `${numbers.length} lines are numbered, one after another` };
  // Steps that were pruned keep their numbers: what is left of 1 to 9 is still numbered.
  const ascends = numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);
  const first = blocks.find((block) => !isBlank(text, block));
  const begins = first?.kind === "text" && stepNumber(text.slice(first.start, first.end)) !== null;
  if (numbers.length >= 2 && ascends && begins && numbers[0]! <= 3)
    return { by: "numbered", why: `${numbers.length} lines are numbered, with gaps` };
  const lines = blocks.filter((block) => !isBlank(text, block)).length;
  const paragraphs = blocks.filter(
    (block, i) => !isBlank(text, block) && (i === 0 || isBlank(text, blocks[i - 1]!)),
  ).length;
  if (paragraphs >= 3 && (paragraphs === lines || lines / paragraphs >= 1.5))
    return { by: "paragraphs", why: `${paragraphs} paragraphs with blank lines between them` };
  if (lines >= 2) return { by: "lines", why: `${lines} lines` };
  return { by: "sentences", why: "it is one line" };
}

function placesOf(text: string, by: (text: string) => Iterable<number>): Cut[] {
  const given: unknown = by(text);
  if (given === null || typeof given !== "object" || !(Symbol.iterator in given))
    throw invalidArgument(
      `The function gave ${given instanceof Promise ? "a promise" : String(given)} where places are wanted`,
      "by",
      "Give back the places where steps begin, such as [0, 12].",
    );
  const places = [...(given as Iterable<number>)];
  for (const place of places)
    if (!Number.isInteger(place) || place < 0 || place > text.length)
      throw invalidArgument(
        `${String(place)} is no place in a text of ${text.length} characters`,
        "by",
        `Give whole numbers from 0 to ${text.length}.`,
      );
  return places.sort((a, b) => a - b).map((place) => at(whole(text, place)));
}

/** Texts are well-formed here, so that the second half of a character has its first before it. */
const isWithin = (text: string, place: number): boolean => /[\uDC00-\uDFFF]/.test(text[place] ?? "");
/** A place between characters: one between the halves of a character is taken for its beginning. */
const whole = (text: string, place: number): number => (isWithin(text, place) ? place - 1 : place);
const behind = (text: string, place: number): number => (isWithin(text, place) ? place + 1 : place);

function matchesOf(text: string, by: RegExp): Cut[] {
  const everywhere = new RegExp(by.source, by.flags.includes("g") ? by.flags : `${by.flags}g`);
  return [...text.matchAll(everywhere)].map(({ 0: found, index }) => ({
    start: whole(text, index),
    end: found === "" ? whole(text, index) : behind(text, index + found.length),
  }));
}

/** Those that fall into no block. */
function outsideBlocks(cuts: readonly Cut[], blocks: readonly Block[]): Cut[] {
  const whole = blocks.filter(({ kind }) => kind !== "text");
  return cuts.filter(
    ({ start, end }) =>
      !whole.some((block) => start < block.end && end > block.start && start !== block.start),
  );
}

/** Steps between cuts; white space at their ends belongs to the separators. */
function stepsAt(
  text: string,
  cuts: readonly Cut[],
  blocks: readonly Block[],
  keepsMatches: boolean,
): Pick<Segmentation, "lead" | "steps"> {
  const stretches: Cut[] = [];
  let from = 0;
  for (const { start, end } of [...cuts, at(text.length)]) {
    if (start > from) stretches.push({ start: from, end: start });
    from = Math.max(from, keepsMatches ? end : start);
  }
  const steps: (SegmentedStep & { start: number; end: number })[] = [];
  for (const { start, end } of stretches) {
    const step = text.slice(start, end);
    if (step.trim() === "") continue;
    const first = start + (step.length - step.trimStart().length);
    const begin = Math.max(start, indentedFrom(text, first));
    const last = start + step.trimEnd().length;
    steps.push({
      text: text.slice(begin, last),
      separator: "",
      kind: kindOf(begin, last, blocks),
      start: begin,
      end: last,
    });
  }
  return {
    lead: text.slice(0, steps[0]?.start ?? text.length),
    steps: steps.map(({ text: step, kind, end }, i) => ({
      text: step,
      separator: text.slice(end, steps[i + 1]?.start ?? text.length),
      kind,
    })),
  };
}

/** Spaces before the first letter of a code block or of a line are its indentation; elsewhere white space is none. */
function indentedFrom(text: string, first: number): number {
  let begin = first;
  while (begin > 0 && text[begin - 1] !== "\n" && /\s/.test(text[begin - 1]!)) begin--;
  return begin === 0 || text[begin - 1] === "\n" ? begin : first;
}

/** What kind of block a step is; one that holds others too is text. */
function kindOf(start: number, end: number, blocks: readonly Block[]): Block["kind"] {
  const around = blocks.find((block) => block.start <= start && block.end >= end);
  return around?.kind ?? "text";
}
