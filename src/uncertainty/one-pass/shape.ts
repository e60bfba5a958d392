/**
 * How far the next-token distribution is from the uniform one, over the whole vocabulary: Rényi entropy, Fisher-Rao distance,
 * self-certainty. The first two are functions of R = Σ √p; a list of the most probable tokens bounds it.
 */
import type { Alternative } from "../../core/index.ts";
import { BoundedMean } from "./bounds.ts";
import { nothing, type OnePassMethod, type Reading, type Tally, unknown } from "./method.ts";
import type { CheckedOptions } from "./options.ts";
import type { TokenFacts } from "./token-facts.ts";

const WHAT = "distribution";
/** Mass below it may be rounding of a sum near 1, whose root is no rounding: a lower bound does without it. */
const ROUNDING = 1e-14;

/** (2/π) arccos(R / √V): Fisher-Rao distance to the uniform distribution, as a share of a right angle; from 0 to below 1. */
export const fisherRaoDistance = (rootSum: number, vocabularySize: number): number =>
  (2 / Math.PI) * Math.acos(Math.min(1, rootSum / Math.sqrt(vocabularySize)));

/** H½ = 2 ln Σ √p, nats, 0 ... ln V. */
const halfEntropy = (rootSum: number): number => Math.max(0, 2 * Math.log(rootSum));

class RootTally implements Tally {
  readonly renyi = new BoundedMean();
  readonly fisherRao = new BoundedMean();
  readonly #vocabularySize: number | null;
  readonly #bounds = new RootSumBounds();

  constructor({ vocabularySize }: CheckedOptions) {
    this.#vocabularySize = vocabularySize;
  }

  add({ shape, alternatives, count }: TokenFacts): void {
    if (shape) {
      const { rootSum, vocabularySize } = shape;
      const entropy = halfEntropy(rootSum);
      const near = 1 - fisherRaoDistance(rootSum, vocabularySize);
      this.renyi.add(entropy, entropy);
      this.fisherRao.add(near, near);
      return;
    }
    const V = this.#vocabularySize;
    const bounds = this.#bounds;
    if (!bounds.read(alternatives, V)) {
      this.renyi.miss(count);
      this.fisherRao.miss(count);
      return;
    }
    this.renyi.add(halfEntropy(bounds.low), halfEntropy(bounds.high));
    if (V === null) this.fisherRao.miss(count);
    else this.fisherRao.add(1 - fisherRaoDistance(bounds.low, V), 1 - fisherRaoDistance(bounds.high, V));
  }
}

/**
 * Bounds of Σ √p over a distribution of which the most probable tokens are known. √ is concave, so with m the mass of the
 * others and c the largest probability one of them can have, their sum is greatest spread evenly, √(m (V - k)), and
 * smallest packed into floor(m / c) tokens of c and one with the rest; as `entropyInterval` has it for -p ln p.
 */
class RootSumBounds {
  low: number = Number.NaN;
  /** Infinity = V is unknown. */
  high: number = Number.NaN;

  /** Whether there is anything known. */
  read(alternatives: readonly Alternative[], vocabularySize: number | null): boolean {
    let mass = 0;
    let roots = 0;
    let cap = 1;
    let known = 0;
    let gap = false;
    for (let i = 0; i < alternatives.length; i++) {
      const { logprob } = alternatives[i]!;
      if (logprob == null || Number.isNaN(logprob)) {
        gap = true;
        continue;
      }
      const root = Math.exp(logprob / 2);
      const p = root * root;
      known++;
      mass += p;
      roots += root;
      if (!gap && p < cap) cap = p;
    }
    if (known === 0) return false;
    if (mass > 1) roots /= Math.sqrt(mass); // rounding
    const tail = Math.max(0, 1 - mass);
    const others = vocabularySize === null ? Infinity : vocabularySize - known;
    this.low = this.high = roots;
    if (tail === 0 || others === 0) return true;
    const largest = Math.max(cap, tail / others);
    if (largest > 0) {
      const full = Math.floor(tail / largest);
      const rest = tail - full * largest;
      this.low += full * Math.sqrt(largest) + (rest > ROUNDING ? Math.sqrt(rest) : 0);
    }
    this.high = others === Infinity ? Infinity : roots + Math.sqrt(tail * others);
    return true;
  }
}

/** KL(uniform ‖ p) = -mean ln p - ln V over the tokens of a probability above 0. */
class SelfCertaintyTally implements Tally {
  readonly certainty: BoundedMean = new BoundedMean();
  missing = 0;
  /** Tokens of which only the most probable choices are known. */
  truncated = 0;

  add({ shape, alternatives, count }: TokenFacts): void {
    if (!shape) {
      this.missing += count;
      if (alternatives.length > 0) this.truncated += count;
      return;
    }
    const divergence = Math.max(0, -shape.meanLogprob - Math.log(shape.possible));
    this.certainty.add(divergence, divergence);
  }

  read(): Reading {
    if (this.truncated > 0 && this.truncated === this.missing && this.certainty.count === 0)
      return unknown(
        "Only the most probable choices are known, and the mean of ln p over the vocabulary has no lower bound then: ask for the shape of the distribution.",
      );
    const none = nothing(this.certainty.count, this.missing, `a ${WHAT}`);
    if (none) return none;
    const reading = this.certainty.mean(WHAT);
    const left = this.missing > 0 ? `${this.missing} tokens have no ${WHAT} and are left out.` : undefined;
    return { uncertainty: 0 - (reading.uncertainty ?? Number.NaN), reason: left };
  }
}

const renyi: OnePassMethod = {
  method: "renyi-entropy",
  needs: ["distribution"],
  unit: "nats, 0 ... ln V",
  formula: "(1/T) Σ 2 ln Σ √p",
  source: "Rényi 1961; Darrin et al. 2023 (RainProof), sign turned",
  variant: () =>
    "order 1/2, temperature 1, mean over tokens; exact, or an interval from the most probable choices",
  begin(tallies) {
    const tally = tallies.of(RootTally);
    return () => tally.renyi.mean(WHAT);
  },
};

const fisherRao: OnePassMethod = {
  method: "fisher-rao",
  needs: ["distribution"],
  unit: "0 ... 1",
  formula: "(1/T) Σ [1 - (2/π) arccos(Σ √p / √V)]",
  source: "Darrin et al. 2023 (RainProof), sign turned",
  variant: ({ vocabularySize }) =>
    `1 - distance to the uniform distribution, temperature 1, mean over tokens; exact, or ${vocabularySize === null ? "with vocabularySize " : ""}an interval from the most probable choices`,
  begin(tallies) {
    const tally = tallies.of(RootTally);
    return () => {
      const reading = tally.fisherRao.mean(WHAT);
      const { uncertainty } = reading;
      if (uncertainty !== null) return { ...reading, confidence: 1 - uncertainty };
      if (tally.fisherRao.count === 0 && tally.renyi.count > 0)
        return unknown(
          "The distance to the uniform distribution depends on vocabularySize, which was not given.",
        );
      return reading;
    };
  },
};

const selfCertainty: OnePassMethod = {
  method: "self-certainty",
  needs: ["distribution"],
  unit: "nats, -Infinity ... 0",
  formula: "-(1/T) Σ KL(uniform ‖ p)",
  source: "Kang et al. 2025",
  variant: () => "- mean divergence of p from the uniform distribution, tokens of probability 0 left out",
  begin(tallies) {
    const tally = tallies.of(SelfCertaintyTally);
    return () => tally.read();
  },
};

/** Methods over the whole distribution. */
export const SHAPE_METHODS: readonly OnePassMethod[] = [renyi, fisherRao, selfCertainty];
