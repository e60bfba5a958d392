/**
 * The contract of this room: what an estimator of uncertainty needs, what it is fed, and what it answers.
 *
 * One direction for all: a higher `uncertainty` is more uncertain, whatever a peer's sign is. Natural logarithms (nats).
 * `null` where a number cannot be said, with the reason; never a stand-in.
 */
import type { EntropyInterval, TokenRecord } from "../core/index.ts";

/**
 * What an estimator is made from.
 * - "text": the answer's words alone
 * - "logprobs": ln p of the tokens that were written
 * - "alternatives": the most probable tokens of each place (top-k)
 * - "distribution": the entropy of the whole distribution
 * - "samples": further answers to the same question
 * - "calls": further requests to a model, which is asked about the answer
 * - "embeddings": vectors of texts
 * - "entailment": whether one text follows from another
 */
export type Need =
  | "text"
  | "logprobs"
  | "alternatives"
  | "distribution"
  | "samples"
  | "calls"
  | "embeddings"
  | "entailment";

/** What one estimator says of one answer. */
export interface Estimate {
  /** Name of the method, such as "semantic-entropy". */
  method: string;
  /** Which of the formulas that go by this name, such as "discrete, strict entailment"; the same words in docs/confidence.md. */
  variant: string;
  needs: readonly Need[];
  /** Higher = more uncertain. Unit and range are the method's own; Infinity is a number. `null`: it cannot be said. */
  uncertainty: number | null;
  /** 0 ... 1, higher = more confident; left out by methods that have no such scale. Not calibrated: see `surprisal/calibrate`. */
  confidence?: number | null | undefined;
  /**
   * What is known of an uncertainty that is `null`, where something is: the least and the greatest it can be, in its own unit;
   * `high` `null` = no bound is known.
   */
  interval?: EntropyInterval | undefined;
  /** Why `uncertainty` is `null`, or what was left out of it, for people. */
  reason?: string | undefined;
  /** Of a method that gives another library's number: that number, with that library's sign. */
  peer?: PeerScore | undefined;
}

/** The number of another library, as its own code computes it. */
export interface PeerScore {
  /** Name and version, such as "uqlm 0.6.7". */
  library: string;
  /** What the number is called there. */
  name: string;
  /** `null` where that code has NaN, or nothing. */
  value: number | null;
  /** Whether a higher number means more or less certainty there, as the library says it; what it does is in docs/confidence.md. */
  higher: "more uncertain" | "more confident";
}

/** What an estimator is: its name, its needs, and a way to begin with a new answer. `Seen` is what it is fed, one at a time. */
export interface Estimator<Seen> {
  readonly method: string;
  readonly variant: string;
  readonly needs: readonly Need[];
  start(): RunningEstimate<Seen>;
}

/** An estimate that grows. Whether things come one by one or all at once, the numbers are the same. */
export interface RunningEstimate<Seen> {
  observe(seen: Seen): void;
  /** Of what was observed up to now; may be asked for at any time, and changes nothing. */
  estimate(): Estimate;
}

/** Estimators that read the tokens of one answer, as they are written. */
export type TokenEstimator = Estimator<TokenRecord>;

/** One of several answers to the same question. */
export interface AnswerSample {
  text: string;
  /** ln p(text | question): the sum over its tokens, nats; `null` or left out: the source did not say. */
  logprob?: number | null | undefined;
  /** Number of tokens, for means per token. */
  tokens?: number | undefined;
  /** Mean entropy of the distributions its tokens were drawn from, nats; `null` or left out: not known. */
  entropy?: number | null | undefined;
}

/** Estimators that compare answers with each other. The first that is observed is the answer itself where a method has one. */
export type SampleEstimator = Estimator<AnswerSample>;

/** What an estimate costs beside the answer itself. `null` = not known beforehand. */
export interface Price {
  /** Requests to the model. */
  calls: number;
  /** Tokens written by them, at most. */
  tokensWritten: number | null;
  /** Tokens of the prompts, without what a cache saves. */
  tokensRead: number | null;
}
