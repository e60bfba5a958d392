/** What estimators over several answers have in common: what they are fed is checked once, and where nothing can be said, it is said why. */
import { invalidArgument } from "../../core/index.ts";
import type {
  AnswerSample,
  Estimate,
  Need,
  PeerScore,
  RunningEstimate,
  SampleEstimator,
} from "../estimator.ts";

/** Two texts that have to be compared, in this order. */
export type TextPair = readonly [first: string, second: string];

/** Options of `prepare`. */
export interface PrepareOptions {
  signal?: AbortSignal | undefined;
}

/** An estimator of samples. What it has to ask somebody about a sample is asked before the sample is observed. */
export interface ComparingEstimator extends SampleEstimator {
  /**
   * Asks what has to be known of `next` beside the texts before it: of n texts O(n) questions, none of them asked twice. To be
   * awaited before `next` is observed; left out where nothing has to be asked. `SampleWatch` does it.
   */
  prepare?(before: readonly string[], next: string, options?: PrepareOptions): Promise<void>;
  /**
   * What it asks of a judge or an encoder about n samples that all differ, the most it can come to, beside what others that share
   * it have asked: pairs to judge, or texts to embed. 0 where nobody is asked; `null`: it depends on what the answer says.
   */
  asks(samples: number): number | null;
}

/** A sample that was checked; what the source did not say is `null`. */
export interface Sample {
  text: string;
  /** ln p of the whole text, nats, at most 0; -Infinity at probability 0. */
  logprob: number | null;
  /** At least 0. */
  tokens: number | null;
  /** Mean entropy per token, nats. */
  entropy: number | null;
}

/** What an estimator says: a number, or why there is none. */
export type Said =
  | {
      uncertainty: number;
      confidence?: number | undefined;
      reason?: string | undefined;
      peer?: PeerScore | undefined;
    }
  | { uncertainty: null; reason: string; peer?: PeerScore | undefined };

export const cannotSay = (reason: string): Said => ({ uncertainty: null, reason });

/** The growing part of an estimator. */
interface Growing {
  /** Called with each sample, in order, before it is among the samples that `say` is given. */
  add?(sample: Sample, index: number): void;
  /** @param samples at least as many as the definition's `least`. */
  say(samples: readonly Sample[]): Said;
}

export interface Definition {
  method: string;
  variant: string;
  needs: readonly Need[];
  /** Fewer samples say nothing. */
  least: number;
  prepare?: ComparingEstimator["prepare"] | undefined;
  /** Default: nobody is asked. */
  asks?: ComparingEstimator["asks"] | undefined;
  begin(): Growing;
}

/** Makes an estimator of its growing part. */
export function defineEstimator({
  method,
  variant,
  needs,
  least,
  prepare,
  asks = () => 0,
  begin,
}: Definition): ComparingEstimator {
  const start = (): RunningEstimate<AnswerSample> => {
    const samples: Sample[] = [];
    const growing = begin();
    const say = (): Said => {
      if (samples.length >= least) return growing.say(samples);
      const seen = samples.length === 1 ? "1 was" : `${samples.length} were`;
      return cannotSay(`It needs at least ${least} ${least === 1 ? "sample" : "samples"}; ${seen} observed.`);
    };
    return {
      observe(seen) {
        const sample = checkedSample(seen, samples.length);
        growing.add?.(sample, samples.length);
        samples.push(sample);
      },
      estimate: (): Estimate => ({ method, variant, needs, ...withoutNaN(say()) }),
    };
  };
  return { method, variant, needs, start, asks, ...(prepare && { prepare }) };
}

function withoutNaN(said: Said): Said {
  if (said.uncertainty === null || !Number.isNaN(said.uncertainty)) return said;
  return { ...cannotSay("The formula has no value for these samples."), peer: said.peer };
}

/** @throws SurprisalError INVALID_ARGUMENT for what is no sample. */
function checkedSample(sample: AnswerSample, index: number): Sample {
  const where = (field: string) => `${field} of sample ${index}`;
  const { text, logprob = null, tokens = null, entropy = null } = sample;
  if (typeof text !== "string")
    throw invalidArgument(`A sample has to have a text, not ${typeof text}`, where("text"));
  if (logprob !== null && (typeof logprob !== "number" || !(logprob <= ROUNDING)))
    throw invalidArgument(
      `${String(logprob)} is no log-probability`,
      where("logprob"),
      "Give ln p of the whole text, which is never above 0, or null where the source did not say.",
    );
  if (tokens !== null && !(Number.isSafeInteger(tokens) && tokens >= 0))
    throw invalidArgument(
      `${String(tokens)} is no number of tokens`,
      where("tokens"),
      "Give a whole number of at least 0, or leave it out.",
    );
  if (entropy !== null && !(Number.isFinite(entropy) && entropy >= -ROUNDING))
    throw invalidArgument(
      `${String(entropy)} is no entropy`,
      where("entropy"),
      "Give nats of at least 0, or null where the source did not say.",
    );
  return {
    text,
    logprob: logprob === null ? null : Math.min(0, logprob),
    tokens,
    entropy: entropy === null ? null : Math.max(0, entropy),
  };
}

/** Rounding may leave a sum of ln p this far above 0. */
const ROUNDING = 1e-6;

export const isProbability = (value: unknown): value is number =>
  typeof value === "number" && value >= 0 && value <= 1;

/** ln Σ e^x; -Infinity of none. */
export function logSumExp(values: readonly number[]): number {
  const greatest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (greatest === -Infinity) return -Infinity;
  return greatest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - greatest), 0));
}

export const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
export const meanOf = (values: readonly number[]): number => sumOf(values) / values.length;

/** What each sample counts as, ln p of it or, per token, the mean ln p of its tokens; or why that is not known. */
export function loglikelihoods(
  samples: readonly Sample[],
  perToken: boolean,
): { values: number[] } | { reason: string } {
  const unknown = samples.filter(({ logprob }) => logprob === null).length;
  if (unknown > 0)
    return { reason: `${unknown} of ${samples.length} samples came without a log-probability.` };
  if (!perToken) return { values: samples.map(({ logprob }) => logprob!) };
  const uncounted = samples.filter(({ tokens }) => tokens === null).length;
  if (uncounted > 0)
    return { reason: `${uncounted} of ${samples.length} samples came without a number of tokens.` };
  if (samples.some(({ tokens }) => tokens === 0))
    return { reason: "A sample has no tokens, so there is no mean per token." };
  return { values: samples.map(({ logprob, tokens }) => logprob! / tokens!) };
}
