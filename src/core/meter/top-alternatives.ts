/** What a list of alternatives says about its token. Internal to this room. */
import { invalidArgument } from "../errors.ts";
import type { Alternative } from "../token.ts";

/** A sum of probabilities above 1 by no more than this needs no explanation. */
const SUM_TOLERANCE = 1e-3;

/** Relative error of a number rounded to bfloat16, which has 8 significant bits. TGI's ln p are such numbers. */
const BFLOAT16_ROUNDING = 2 ** -8;

/**
 * Confidence, margin and entropy bounds of one list of alternatives, in one pass and without allocating: the fields are
 * overwritten by each `read`. NaN = not known.
 *
 * A list comes from a server in the middle of an answer, so one that is no part of a distribution is no error: it says
 * nothing. That is a list with the same token twice, or with a sum above 1 that rounding does not explain. Where rounding
 * each ln p to bfloat16 may have made it, the probabilities are divided by their sum.
 */
export class TopAlternatives {
  /** DeepConf: -(1/k) Σ ln p over the first k alternatives that carry a number, nats. */
  confidence: number = Number.NaN;
  /** k of `confidence`. */
  k: number = 0;
  /** Probability of the first less that of the second, 0 ... 1. */
  margin: number = Number.NaN;
  /** As `entropyInterval` gives it, nats. */
  entropyLow: number = Number.NaN;
  /** As `entropyInterval` gives it, nats; Infinity where that says `null`. */
  entropyHigh: number = Number.NaN;

  forget(): void {
    this.confidence = this.margin = this.entropyLow = this.entropyHigh = Number.NaN;
    this.k = 0;
  }

  /**
   * @param alternatives best first.
   * @param topK most alternatives that enter the confidence.
   * @param vocabularySize V; `null` when unknown.
   * @throws SurprisalError INVALID_ARGUMENT when they are more than V.
   */
  read(alternatives: readonly Alternative[], topK: number, vocabularySize: number | null): void {
    this.forget();
    let logprobSum = 0;
    let known = 0;
    let mass = 0; // of the known ones
    let knownEntropy = 0;
    let cap = 1; // largest probability of a token without a number
    let gap = false;
    let first = 0;
    let second = 0;
    let repeated = false;
    for (let i = 0; i < alternatives.length; i++) {
      const { logprob } = alternatives[i]!;
      if (logprob == null || Number.isNaN(logprob)) {
        gap = true;
        continue;
      }
      const p = Math.exp(logprob);
      if (i > 0 && p > 0 && isRepeated(alternatives[i - 1]!, alternatives[i]!)) repeated = true;
      known++;
      mass += p;
      if (p > 0) knownEntropy -= p * logprob;
      if (!gap && p < cap) cap = p;
      if (p > first) {
        second = first;
        first = p;
      } else if (p > second) second = p;
      if (i >= topK) continue;
      logprobSum += logprob;
      this.k++;
    }
    if (known === 0) return;
    if (vocabularySize !== null && known > vocabularySize)
      throw invalidArgument(
        `${known} alternatives of a vocabulary of ${vocabularySize}`,
        "vocabularySize",
        "Give the size of the whole vocabulary.",
      );
    const over = mass > 1 + SUM_TOLERANCE;
    if (repeated || (over && !(leastMass(alternatives) <= 1))) {
      this.forget();
      return;
    }
    if (over) {
      first /= mass;
      second /= mass;
      knownEntropy = knownEntropy / mass + Math.log(mass); // -Σ (p/mass) ln (p/mass)
    }
    // Rounding may have taken a probability above 1, by no more than the tolerance.
    if (this.k > 0) this.confidence = Math.max(0, 0 - logprobSum / this.k);
    if (known > 1 && !missing(alternatives[0]!) && !missing(alternatives[1]!))
      this.margin = Math.min(1, first) - second;
    this.#boundEntropy(Math.max(0, knownEntropy), Math.max(0, 1 - mass), cap, known, vocabularySize);
  }

  /** See `entropyInterval`, which this equals. */
  #boundEntropy(knownEntropy: number, tail: number, cap: number, known: number, V: number | null): void {
    this.entropyLow = this.entropyHigh = knownEntropy;
    if (tail === 0 || known === V) return;
    const even = V === null ? 0 : tail / (V - known);
    const largest = Math.max(cap, even);
    if (largest > 0) {
      const full = Math.floor(tail / largest);
      this.entropyLow += full * term(largest) + term(Math.max(0, tail - full * largest));
    }
    this.entropyHigh = V === null ? Infinity : knownEntropy - tail * Math.log(even);
  }
}

/** -p ln p, nats, with 0 ln 0 = 0. */
const term = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);

/** The sum of the probabilities before they were rounded is at least this. */
function leastMass(alternatives: readonly Alternative[]): number {
  let sum = 0;
  for (const { logprob } of alternatives)
    if (logprob != null && !Number.isNaN(logprob))
      sum += Math.exp(logprob - Math.abs(logprob) * BFLOAT16_ROUNDING);
  return sum;
}

/**
 * Whether two neighbours of a list are one token. A token has one number, so its copies stand side by side; of tokens
 * without ids the text tells, unless it is a lossy one, which different tokens share.
 */
function isRepeated(one: Alternative, other: Alternative): boolean {
  if (one.logprob !== other.logprob) return false;
  if (one.id !== undefined || other.id !== undefined) return one.id === other.id;
  return one.text === other.text && one.text !== "" && !one.text.includes("\uFFFD");
}

const missing = ({ logprob }: Alternative): boolean => logprob == null || Number.isNaN(logprob);
