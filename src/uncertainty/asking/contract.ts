/** The contract of methods that ask a model about an answer: one signature, a price before, everything that was said beside the result. */
import type { MissingWhy } from "../../answers/index.ts";
import type { ProbabilityInterval } from "../../decide/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { Estimate, Need, Price } from "../estimator.ts";
import type { UsedWording } from "./wording.ts";

/** A question with the answer that is to be judged. */
export interface AskedQuestion {
  question: string;
  /** The answer whose truth is asked about. */
  answer: string;
  /** Further answers to the same question, for methods that show them. Default: none. */
  samples?: readonly string[] | undefined;
}

/** Options of `ask`. */
export interface AskOptions {
  /** Seed of the sampler. Default: the source's own, 0 for a model in process; some servers take none. */
  seed?: number | undefined;
  /** 0 = greedy. Default: the method's own, 0 but for repeated asking. */
  temperature?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** One reply of the model, as it was written. */
export interface Reply {
  text: string;
  /** It was cut off after the most tokens that the method allows. */
  cut: boolean;
}

/** Why an estimate is `null`: see `MissingWhy`; "no-probabilities": the source lists none, or not those that are needed. */
export type NoEstimate = MissingWhy | "no-probabilities";

/** An estimate with all that was asked and said for it. */
export interface AskedEstimate extends Estimate {
  /** What the model was asked with. */
  wording: UsedWording;
  /** What it said, word for word, in the order of the calls; empty where options were scored and nothing was written. */
  replies: readonly Reply[];
  /** Why `uncertainty` is `null`; `null`: it is not. */
  missing: NoEstimate | null;
  /**
   * Between which the confidence lies, 0 ... 1, where what the source did not say may change it, or a range was stated. `null`: it is
   * one number, or nothing is known.
   */
  confidenceInterval: ProbabilityInterval | null;
  /** Of P(True): the probability that the model gives to all forms of true and of false together, 0 ... 1; else `null`. */
  mass: number | null;
  /** What it did cost. */
  calls: number;
  tokens: { read: number | null; written: number | null };
}

/** A way to ask. */
export interface AskingMethod {
  readonly method: string;
  readonly variant: string;
  readonly needs: readonly Need[];
  /** What the model is asked with: its exact words. */
  readonly wording: UsedWording;
  /** Confidences of several asks can be averaged: it samples what it says. */
  readonly samples: boolean;
  /**
   * What asking about this question costs, at most, before anything is run.
   * @param model counts the tokens of the prompts, where it has a tokenizer here; without it they are `null`.
   */
  price(question: AskedQuestion, model?: LanguageModel): Promise<Price>;
  /** @throws SurprisalError UNSUPPORTED_CAPABILITY where this model cannot be asked so. */
  check(model: LanguageModel): void;
  /**
   * Asks about one answer. What cannot be read is `null`, with the reason; it is no error.
   * @throws SurprisalError EMPTY_INPUT, UNSUPPORTED_CAPABILITY, ABORTED, and what the model throws.
   */
  ask(model: LanguageModel, question: AskedQuestion, options?: AskOptions): Promise<AskedEstimate>;
}
