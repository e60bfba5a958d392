/** Where thinking may be ended, and how: what is recorded, replayed and run alike. */
import { invalidArgument, type TokenRecord } from "../../core/index.ts";
import type { LanguageModel, Prompt } from "../../models/index.ts";
import type { ThinkingPlaces } from "../records.ts";
import { askingProbe, type Probe, sequenceProbe } from "./probe.ts";

/** `ThinkingPlaces` as far as it is given. */
export interface ThinkingPlacesOptions extends Partial<Omit<ThinkingPlaces, "trial">> {
  trial?: Partial<ThinkingPlaces["trial"]> | undefined;
}

/**
 * With the defaults filled in: behind blank lines, closed with "\n</think>\n\n"; trial answers are DEER's, behind
 * "\n**Final Answer**\n\nThe final answer is \boxed", up to the brace, 20 tokens.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function thinkingPlaces(given: ThinkingPlacesOptions = {}): ThinkingPlaces {
  const { at = ["\n\n"], close = "\n</think>\n\n", trial } = given;
  const { call = "\n**Final Answer**\n\nThe final answer is \\boxed" } = given;
  if (at.length === 0 || at.includes(""))
    throw invalidArgument(
      "There is no text behind which to end the thinking",
      "at",
      "Give texts that are not empty.",
    );
  return { at, close, call, trial: { skipFirst: 1, skipLast: 0, stop: ["}"], maxTokens: 20, ...trial } };
}

/** Tokens before the model ended its thinking itself: those before the first of the answer that follows its reasoning. */
export function thoughtOf(tokens: readonly TokenRecord[]): number {
  const thinks = tokens.findIndex(({ part }) => part === "reasoning");
  if (thinks < 0) return tokens.length;
  const answer = tokens.findIndex(({ part }, i) => i > thinks && part !== "reasoning");
  return answer < 0 ? tokens.length : answer;
}

/** What an answer is read from: what was written behind the close, and the close's last line, which is a part of it. */
export const answerBehind = (close: string, text: string): string =>
  close.slice(close.lastIndexOf("\n") + 1) + text;

/** A probe that counts what it has cost. */
export interface CountedProbe extends Probe {
  /** Tokens written for it: one for an entropy, those of every trial. What it reads is not counted, as of all prompts. */
  readonly tokens: number;
}

/** Counts what a probe costs. */
export function countedProbe(probe: Probe): CountedProbe {
  let tokens = 0;
  return {
    get tokens() {
      return tokens;
    },
    read: (some) => probe.read(some),
    entropyAfter(suffix) {
      tokens++;
      return probe.entropyAfter(suffix);
    },
    async trial(suffix, options) {
      const trial = await probe.trial(suffix, options);
      tokens += trial.logprobs.length;
      return trial;
    },
    [Symbol.asyncDispose]: () => probe[Symbol.asyncDispose](),
  };
}

/** A probe as the model has it: with a sequence of its own in process, else by asking behind a prefill. */
export async function probeOf(model: LanguageModel, prompt: Prompt): Promise<Probe> {
  const { distribution, fork } = model.capabilities;
  return distribution && fork ? sequenceProbe(model, prompt) : askingProbe(model, prompt);
}
