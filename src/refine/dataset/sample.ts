/** A sample of a data set: a question, the reasoning, the answer, and where in its line the reasoning stands. */
import type { SurprisalError } from "../../core/index.ts";
import type { ChatMessage, LanguageModel } from "../../models/index.ts";
import { type ChainStep, layoutOf, type ReasoningChain } from "../chain.ts";
import { type Segmentation, type SegmentBy, segment } from "../segment/index.ts";
import type { SolutionParts } from "./final.ts";
import type { SampleHead } from "./report.ts";
import { type Change, type JsonPath, spliceJson } from "./splice.ts";

/** A sample, read from its line. */
export interface ReasoningSample extends Omit<SolutionParts, "reasoning"> {
  /** In words, such as "messages, behind <think>". */
  layout: string;
  /** A question, or a chat up to the answer. */
  asked: string | readonly ChatMessage[];
  /** The reasoning follows the question as it stands, without a template: a prompt and its completion. */
  isPlain: boolean;
  /** Tools that the chat may call, as the line has them: a list (OpenAI), or JSON of one (LLaMA-Factory). Not scored. */
  tools?: unknown;
  /** A text, or the steps. */
  reasoning: string | readonly string[];
  place: ReasoningPlace;
}

/** Where the reasoning stands in the line. */
export interface ReasoningPlace {
  path: JsonPath;
  /**
   * "whole": with head, frame, answer and tail in one text; "own": a text by itself; "list": a list of texts, or of objects whose text is under
   * `key`.
   */
  kind: "whole" | "own" | "list";
  /** The list, of a list. */
  list?: readonly unknown[];
  /** Of objects in a list. */
  key?: string | undefined;
}

/** A line of a data set, with its sample or why there is none. */
export interface SampleRow extends SampleHead {
  /** As it stands in the file. */
  line: string;
  /** What ended it. */
  lineEnd: "\n" | "\r\n";
  /** Of the line, lower-case hex. */
  sha256: string;
  sample: ReasoningSample | SurprisalError;
}

/** How a sample is put to a model. */
export interface AskOptions {
  /** As a plain text, though the model has a chat template. */
  plain?: boolean | undefined;
  /** How the reasoning is cut into steps. Default "auto". */
  by?: SegmentBy | undefined;
}

/** A chain, and how it was cut. */
export interface CutSample extends ReasoningChain, Pick<Segmentation, "by" | "why"> {}

/**
 * The chain of a sample as a model is to score it. All steps laid one behind the other are the reasoning, to the last byte.
 * @throws {SurprisalError} EMPTY_INPUT, INVALID_ARGUMENT
 */
export function chainOfSample(
  sample: ReasoningSample,
  model: LanguageModel,
  { plain = false, by }: AskOptions = {},
): CutSample {
  const { reasoning, head, frame, answer } = sample;
  const cut: Segmentation =
    typeof reasoning === "string"
      ? segment(reasoning, { by })
      : {
          ...{ by: "given", why: "the steps are a list", lead: "" },
          steps: reasoning.map((text) => ({ text, separator: "\n", kind: "text" })),
        };
  return {
    prompt: promptOf(sample, model, plain, head),
    lead: cut.lead,
    steps: cut.steps,
    frame,
    answer,
    by: cut.by,
    why: cut.why,
  };
}

/** The question as the model reads it, and what stands before the reasoning. */
function promptOf(
  { asked, isPlain }: ReasoningSample,
  model: LanguageModel,
  plain: boolean,
  head: string,
): string {
  const isChat = model.capabilities.chatTemplate && !plain && !(isPlain && typeof asked === "string");
  if (!isChat) {
    const text =
      typeof asked === "string" ? asked : asked.map(({ content }) => contentText(content)).join("\n\n");
    return text + (isPlain || /\s$/.test(text) ? "" : "\n") + head;
  }
  const messages = typeof asked === "string" ? [{ role: "user", content: asked }] : asked;
  const prompt = model.applyChatTemplate(messages, { addGenerationPrompt: true });
  // Some templates open the thinking themselves.
  const opened = /<think>\s*$/.exec(prompt);
  return opened && /^<think>\s*/.test(head) ? prompt + head.replace(/^<think>\s*/, "") : prompt + head;
}

const contentText = (content: ChatMessage["content"]): string => (typeof content === "string" ? content : "");

/** What the assistant says with these steps: head, lead, steps, frame, answer and tail. */
export function assistantText(
  { head, tail, frame, answer }: ReasoningSample,
  { lead, steps }: Pick<ReasoningChain, "lead" | "steps">,
): string {
  return head + layoutOf({ lead, steps, frame, answer }).text + tail;
}

/** A step that is left: its number in the original, from 0, and its text now. */
export interface LeftStep {
  step: number;
  text: string;
}

/** The line with these steps; all its other bytes are as they were. */
export function lineWith(
  line: string,
  { place, ...sample }: ReasoningSample,
  chain: Pick<ReasoningChain, "lead" | "steps">,
  left: readonly LeftStep[],
): string {
  const change = (value: unknown): Change => ({ path: place.path, value });
  switch (place.kind) {
    case "whole":
      return spliceJson(line, [change(assistantText({ ...sample, place }, chain))]);
    case "own":
      return spliceJson(line, [
        change(chain.lead + chain.steps.map(({ text, separator }) => text + separator).join("")),
      ]);
    default:
      return spliceJson(line, [
        change(
          left.map(({ step, text }) =>
            place.key === undefined ? text : { ...(place.list![step] as object), [place.key]: text },
          ),
        ),
      ]);
  }
}

/** The steps that are left with their separators; what stood behind the last stays behind the last. */
export function leftChain(
  { lead, steps }: Pick<ReasoningChain, "lead" | "steps">,
  left: readonly LeftStep[],
): Pick<ReasoningChain, "lead" | "steps"> {
  const kept: ChainStep[] = left.map(({ step, text }) => ({ ...steps[step]!, text }));
  const [last, end] = [kept.at(-1), steps.at(-1)];
  if (last && end) kept[kept.length - 1] = { ...last, separator: end.separator };
  return { lead, steps: kept };
}
