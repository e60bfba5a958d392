/** One answer: written by a model, metered, and ended by a policy, a person, the model or an error. */
import {
  describePolicy,
  type MeterReading,
  monitorTokens,
  type Policy,
  type PolicyEvent,
  type TokenPart,
  type TokenRecord,
} from "../../core/index.ts";
import type {
  GenerateOptions,
  Generation,
  GenerationEnd,
  LanguageModel,
  Prompt,
} from "../../models/index.ts";
import { visibleToken } from "../../text/index.ts";
import type { SurprisingAnswerToken } from "../render/index.ts";
import { PartTexts } from "./texts.ts";

export interface AnswerOptions extends Omit<GenerateOptions, "signal"> {
  stopWhen?: Policy | undefined;
}

/** A token as it arrives. */
export interface AnsweredToken {
  record: TokenRecord;
  part: TokenPart;
  /** Its exact bytes. */
  bytes: Uint8Array;
  /** The characters it completes: of a character made of several tokens, all of it at the last one. */
  text: string;
  /** The meter after it. */
  reading: MeterReading;
}

/** What an answer came to. */
export interface Answer {
  /** What it was given to begin with; none of its tokens. */
  prefill: string;
  /**
   * The texts of its tokens, joined, without those of other parts. Bytes that are no UTF-8 are U+FFFD; a character that
   * the answer ends in the middle of is not there.
   */
  text: string;
  /** What was thought before it, without the marks around it; `null` = nothing was. */
  reasoning: string | null;
  /** Names and arguments of the tools that were called; `null` = none was. */
  toolCall: string | null;
  reading: MeterReading;
  /** What the source said at the end; `null` when it did not come to it. */
  end: GenerationEnd | null;
  stoppedBy: PolicyEvent | null;
  /** The person stopped it. */
  interrupted: boolean;
  /** What broke it off. */
  failure: { error: unknown } | null;
  /** Tokens written, as the source counts them. */
  tokens: number;
  scored: number;
  partial: boolean;
  /** What a person should know about the numbers, as far as the source came to say it. */
  warnings: readonly string[];
  /** The most surprising ones of the answer, most surprising first; of what was thought, where there is no answer. */
  surprising: SurprisingAnswerToken[];
}

const MOST_SURPRISING = 3;

/**
 * Never throws for what the source does: an error stands in the answer, beside the text that did arrive.
 * @param interrupt aborted when the person has read enough.
 */
export async function writeAnswer(
  model: LanguageModel,
  prompt: Prompt,
  options: AnswerOptions,
  interrupt: AbortSignal,
  onToken: (token: AnsweredToken) => void,
): Promise<Answer> {
  const { stopWhen: _, ...generateOptions } = options;
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, interrupt]);
  const generation = model.generate(prompt, { ...generateOptions, signal });
  return readAnswer(generation, model, options, interrupt, onToken, controller);
}

/**
 * Reads an answer that is being written. Never throws for what the source does.
 * @param options what it is written with.
 * @param interrupt its source listens to it.
 * @param controller aborted where a policy ends it; left out: the source is only told to return.
 */
export async function readAnswer(
  generation: Generation,
  model: LanguageModel,
  { stopWhen, prefill = "" }: AnswerOptions,
  interrupt: AbortSignal,
  onToken: (token: AnsweredToken) => void,
  controller?: AbortController,
): Promise<Answer> {
  const tokens = monitorTokens(generation, {
    meter: { vocabularySize: model.vocabulary.size },
    stopWhen,
    controller,
  });
  const encoder = new TextEncoder();
  const texts = new PartTexts();
  let surprising: SurprisingAnswerToken[] = [];
  let surprisingBefore: SurprisingAnswerToken[] = [];
  let failure: Answer["failure"] = null;
  try {
    for await (const record of tokens) {
      const bytes = record.bytes ?? encoder.encode(record.text);
      const { part = "answer" } = record;
      const text = texts.add(part, bytes);
      if (part === "answer") surprising = withToken(surprising, record, bytes);
      else surprisingBefore = withToken(surprisingBefore, record, bytes);
      onToken({ record, part, bytes, text, reading: tokens.meter.read() });
    }
  } catch (error) {
    if (!interrupt.aborted) failure = { error };
  }
  const reading = tokens.meter.read();
  const { end } = generation;
  const { partial = false, warnings = [] } = end ?? generation.doubts ?? {};
  const blind =
    stopWhen !== undefined && reading.tokens > 0 && reading.scored === 0 && needsNumbers(stopWhen);
  return {
    prefill,
    text: texts.answer,
    reasoning: texts.reasoning,
    toolCall: texts.toolCall,
    reading,
    end,
    stoppedBy: tokens.stoppedBy,
    interrupted: interrupt.aborted && end === null && !tokens.stoppedBy,
    failure,
    tokens: end?.tokens ?? reading.tokens,
    scored: end?.scored ?? reading.scored,
    partial: end ? partial : reading.partial || partial,
    warnings: blind ? [...warnings, `${describePolicy(stopWhen)} was not decided: ${NO_NUMBERS}`] : warnings,
    surprising: surprising.length > 0 ? surprising : surprisingBefore,
  };
}

const NO_NUMBERS = "no token carries a number.";

/** Counts of tokens and repetition are decided without. */
function needsNumbers(policy: Policy): boolean {
  return /"measure":"(?!tokens)/.test(JSON.stringify(policy));
}

/** Of a record that stands for several tokens the number is not the text's, so it is not compared. */
function withToken(
  surprising: SurprisingAnswerToken[],
  { logprob, tokenCount = 1 }: TokenRecord,
  bytes: Uint8Array,
): SurprisingAnswerToken[] {
  if (logprob === null || tokenCount > 1) return surprising;
  const bits = Math.max(0, -logprob / Math.LN2);
  if (surprising.length === MOST_SURPRISING && bits <= surprising.at(-1)!.bits) return surprising;
  return [...surprising, { label: visibleToken(bytes), bits }]
    .sort((a, b) => b.bits - a.bits)
    .slice(0, MOST_SURPRISING);
}
