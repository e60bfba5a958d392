/** Reading full distributions and top-k lists. Internal to this room. */

import { isMissing, isNoLogprob, noLogprob } from "./_logprob.ts";
import { invalidArgument } from "./errors.ts";

/** How the numbers of a distribution are given: as probabilities, or as ln p in nats. */
export type Scale = "probabilities" | "logprobs";

/** Sums of probabilities further than this from what they must be are a mistake of the caller, not rounding. */
const SUM_TOLERANCE = 1e-3;

/**
 * ln p of a full distribution, nats; -Infinity for probability 0.
 * @throws SurprisalError INVALID_ARGUMENT when the numbers are no distribution.
 */
export function logprobsOf(distribution: ArrayLike<number>, scale: Scale): ArrayLike<number> {
  for (let i = 0; i < distribution.length; i++)
    if (typeof distribution[i] !== "number")
      throw invalidArgument(`${String(distribution[i])} is no number`, `${scale}[${i}]`, "Give numbers.");
  const logprobs = scale === "probabilities" ? Float64Array.from(distribution, Math.log) : distribution;
  let sum = 0;
  for (let i = 0; i < logprobs.length; i++) sum += Math.exp(logprobs[i]!);
  if (!(Math.abs(sum - 1) <= SUM_TOLERANCE))
    throw invalidArgument(
      `The probabilities sum to ${sum}, not to 1`,
      scale,
      "Give a full distribution: no number missing or negative. For top-k lists use the functions that return an interval.",
    );
  return logprobs;
}

/** -p ln p, nats, with 0 ln 0 = 0. */
export function surprisalTerm(logprob: number): number {
  return logprob === -Infinity ? 0 : -Math.exp(logprob) * logprob;
}

/** What a list of the most probable tokens leaves open. */
export interface Tail {
  /** Probability of everything without a number, 0 ... 1. */
  mass: number;
  /** Largest probability a token without a number can have, 0 ... 1. */
  cap: number;
}

/**
 * The tail of a top-k list. A token outside the list is at most as probable as the last one inside; a token that
 * is in the list without a number, at most as probable as the one before it.
 * @param logprobs ln p, best first, nats; `null` or NaN = missing.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability, and when the probabilities sum to more than 1.
 */
export function tailOf(logprobs: Iterable<number | null>): Tail {
  let known = 0;
  let cap = 1;
  let gap = false;
  for (const logprob of logprobs) {
    if (isMissing(logprob)) {
      gap = true;
      continue;
    }
    if (isNoLogprob(logprob)) throw noLogprob(logprob, "logprobs");
    const p = Math.exp(logprob);
    known += p;
    if (!gap) cap = Math.min(cap, p);
  }
  if (!(known <= 1 + SUM_TOLERANCE))
    throw invalidArgument(
      `The probabilities of a top-k list sum to ${known}`,
      "logprobs",
      "Give ln p of distinct tokens of one distribution.",
    );
  return { mass: Math.max(0, 1 - known), cap };
}

/** @throws SurprisalError INVALID_ARGUMENT when two distributions are not over the same tokens. */
export function requireSameLength(p: ArrayLike<number>, q: ArrayLike<number>): void {
  if (p.length !== q.length)
    throw invalidArgument(
      `Distributions over ${p.length} and ${q.length} tokens`,
      "p, q",
      "Give two distributions over the same vocabulary.",
    );
}
