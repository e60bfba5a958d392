/** A question, the steps that answer it, and the answer: what everything in this room is about. */
import { checkWellFormed, invalidArgument, SurprisalError } from "../core/index.ts";
import { type Segmentation, type SegmentBy, type SegmentedStep, segment } from "./segment/index.ts";

/** A chain of reasoning. As a text it is prompt, then lead, steps with their separators, frame and answer. */
export interface ReasoningChain {
  /** What the model is given; not scored. May be empty where the model has BOS. */
  prompt: string;
  /** What stands before the first step, such as a blank line; "" = nothing. */
  lead: string;
  steps: readonly ChainStep[];
  /** What introduces the answer, such as "Answer: "; never removed, and not counted as the answer. */
  frame: string;
  /** At least one character. */
  answer: string;
}

/** A step, and what stands between it and what follows. */
export interface ChainStep {
  text: string;
  separator: string;
  /** Code blocks, tables and displayed formulas are one step each, however long. */
  kind: SegmentedStep["kind"];
}

/** Parts of a chain, in words of a data set. */
export interface ChainParts {
  prompt: string;
  /** The reasoning as one text, which is cut into steps, or the steps already cut (each a line). */
  reasoning: string | readonly string[];
  /** Default "": the answer follows the last separator at once. A text is made a line of its own where the reasoning ends without one. */
  frame?: string | undefined;
  answer: string;
  /** How a text is cut. Default "auto". */
  by?: SegmentBy | undefined;
}

/**
 * A chain of its parts. Steps given as a list are lines: each has "\n" behind it.
 * @returns `by` and `why`: how the reasoning was cut.
 * @throws {SurprisalError} EMPTY_INPUT where there is no step; NOTHING_TO_SCORE without an answer; INVALID_ARGUMENT
 */
export function reasoningChain(parts: ChainParts): ReasoningChain & Pick<Segmentation, "by" | "why"> {
  if (typeof parts !== "object" || parts === null)
    throw invalidArgument("There is no chain", "chain", "Give { prompt, reasoning, answer }.");
  const { prompt, reasoning, frame = "", answer, by } = parts;
  checkTexts({ prompt, frame, answer }, "chain");
  if (typeof reasoning !== "string" && !Array.isArray(reasoning))
    throw invalidArgument(
      "The reasoning is no text and no list of steps",
      "reasoning",
      "Give a string, or strings.",
    );
  const cut: Segmentation =
    typeof reasoning === "string"
      ? segment(reasoning, { by })
      : {
          by: "given",
          why: "the steps were given",
          lead: "",
          steps: reasoning.map((text) => ({ text, separator: "\n", kind: "text" })),
        };
  const steps = cut.steps.map((step) => ({ ...step }));
  const last = steps.at(-1);
  // An answer glued to the last step would be part of its line.
  if (last && last.separator === "" && !/^\s/.test(frame + answer)) last.separator = "\n";
  const chain = { prompt, lead: cut.lead, steps, frame, answer };
  checkChain(chain, "chain");
  return { ...chain, by: cut.by, why: cut.why };
}

/** @throws {SurprisalError} EMPTY_INPUT, NOTHING_TO_SCORE, INVALID_ARGUMENT, named by `where` */
export function checkChain(chain: ReasoningChain, where: string): void {
  if (typeof chain !== "object" || chain === null)
    throw invalidArgument(
      "There is no chain",
      where,
      "Make one with reasoningChain({ prompt, reasoning, answer }).",
    );
  const { prompt, lead, steps, frame, answer } = chain;
  checkTexts({ prompt, lead, frame, answer }, where);
  if (!Array.isArray(steps) || steps.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The chain has no steps",
      where,
      wayOut: "Give the reasoning before the answer: there is nothing to prune in an answer alone.",
    });
  for (const [i, step] of steps.entries()) {
    if (typeof step?.text !== "string" || typeof step.separator !== "string" || step.text.trim() === "")
      throw invalidArgument(`Step ${i + 1} is empty`, where, "Leave empty steps out.");
    checkWellFormed(step.text + step.separator, `${where}, step ${i + 1}`);
  }
  if (answer.trim() === "")
    throw new SurprisalError({
      code: "NOTHING_TO_SCORE",
      what: "The chain has no answer",
      where,
      wayOut: "Give the final answer as text of its own, apart from the reasoning.",
    });
  for (const [name, text] of Object.entries({ prompt, lead, frame, answer }))
    checkWellFormed(text, `${where}, ${name}`);
}

function checkTexts(texts: Readonly<Record<string, unknown>>, where: string): void {
  for (const [name, text] of Object.entries(texts))
    if (typeof text !== "string")
      throw invalidArgument(`The ${name} is no text`, `${where}, ${name}`, "Give a string.");
}

/** Where the parts of a chain lie in its scored text, UTF-8 bytes from the end of the prompt. */
export interface ChainLayout {
  /** Lead, steps, frame and answer, as one text. */
  text: string;
  /** [steps] end of each step, its separator included. */
  stepEnds: number[];
  answerStart: number;
  end: number;
}

/** The text behind the prompt. */
export function layoutOf({ lead, steps, frame, answer }: Omit<ReasoningChain, "prompt">): ChainLayout {
  let text = lead;
  let bytes = utf8Length(lead);
  const stepEnds = steps.map((step) => {
    text += step.text + step.separator;
    bytes += utf8Length(step.text) + utf8Length(step.separator);
    return bytes;
  });
  const answerStart = bytes + utf8Length(frame);
  return { text: text + frame + answer, stepEnds, answerStart, end: answerStart + utf8Length(answer) };
}

/** The whole chain as one text. With all its steps it is what was cut, to the last byte. */
export function chainText(chain: ReasoningChain): string {
  return chain.prompt + layoutOf(chain).text;
}

/** The reasoning alone, without the separator behind its last step. */
export function reasoningText({ lead, steps }: Pick<ReasoningChain, "lead" | "steps">): string {
  return (
    lead + steps.map(({ text, separator }, i) => (i < steps.length - 1 ? text + separator : text)).join("")
  );
}

/**
 * The steps without some of them. What stood behind the last step stays behind the last that is kept, so that frame and
 * answer stand as before.
 */
export function withoutSteps(
  steps: readonly ChainStep[],
  isRemoved: (index: number) => boolean,
): ChainStep[] {
  const kept = steps.filter((_, i) => !isRemoved(i));
  const [last, end] = [kept.at(-1), steps.at(-1)];
  if (last && end && last.separator !== end.separator)
    kept[kept.length - 1] = { ...last, separator: end.separator };
  return kept;
}

const encoder = new TextEncoder();
const utf8Length = (text: string): number => encoder.encode(text).length;
