/** What a list of alternatives says about its token. Internal to this room. */
import { invalidArgument } from "../_arguments.ts";
import type { Alternative } from "../token.ts";

/** Sums of probabilities above 1 by more than this are a mistake of the source, not rounding. */
const SUM_TOLERANCE = 1e-3;

/**
 * Confidence, margin and entropy bounds of one list of alternatives, in one pass and without allocating: the fields are
 * overwritten by each `read`. NaN = not known.
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
   * @throws SurprisalError INVALID_ARGUMENT when the probabilities sum to more than 1 or are more than V.
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
    for (let i = 0; i < alternatives.length; i++) {
      const { logprob } = alternatives[i]!;
      if (logprob == null || Number.isNaN(logprob)) {
        gap = true;
        continue;
      }
      const p = Math.exp(logprob);
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
    if (mass > 1 + SUM_TOLERANCE)
      throw invalidArgument(
        `The probabilities of the alternatives sum to ${mass}`,
        "alternatives",
        "Give ln p of distinct tokens of one distribution.",
      );
    if (vocabularySize !== null && known > vocabularySize)
      throw invalidArgument(
        `${known} alternatives of a vocabulary of ${vocabularySize}`,
        "vocabularySize",
        "Give the size of the whole vocabulary.",
      );
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

const missing = ({ logprob }: Alternative): boolean => logprob == null || Number.isNaN(logprob);
