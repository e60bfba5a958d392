/** What the most probable choices say by themselves: how far the first leads, and how even they are among themselves. */
import { type Alternative, RunningMean } from "../../core/index.ts";
import { leftOut, nothing, type OnePassMethod, type Tally } from "./method.ts";
import type { CheckedOptions } from "./options.ts";
import type { TokenFacts } from "./token-facts.ts";

const TWO = "two known choices";
export const DEFAULT_TOP_K = 20;

class MarginTally implements Tally {
  readonly margin = new RunningMean();
  missing = 0;

  add({ margin, count }: TokenFacts): void {
    if (Number.isNaN(margin)) this.missing += count;
    else this.margin.add(margin);
  }
}

/** Entropy of the k most probable choices, made to sum to 1, over ln k: 0 ... 1. */
class EvennessTally implements Tally {
  readonly evenness = new RunningMean();
  largest = 0;
  missing = 0;
  leastK = Infinity;
  mostK = 0;
  readonly #topK: number;

  constructor({ topK = DEFAULT_TOP_K }: CheckedOptions) {
    this.#topK = topK;
  }

  add({ alternatives, count }: TokenFacts): void {
    const { length } = alternatives;
    const k = knownOf(alternatives, Math.min(length, this.#topK));
    const evenness = k < 2 ? Number.NaN : renormalisedEntropy(alternatives, k) / Math.log(k);
    if (Number.isNaN(evenness)) {
      this.missing += count;
      return;
    }
    this.evenness.add(evenness);
    if (evenness > this.largest) this.largest = evenness;
    if (k < this.leastK) this.leastK = k;
    if (k > this.mostK) this.mostK = k;
  }

  /** What was left out, and how many choices were there. */
  reason(): string | undefined {
    const left = leftOut(this.evenness.count, this.missing, TWO);
    if (this.leastK === this.mostK) return left;
    const ks = `Tokens have ${this.leastK} to ${this.mostK} choices, each over ln of its own number.`;
    return left === undefined ? ks : `${left} ${ks}`;
  }
}

/** How many of the first choices carry a number: up to the first that does not. */
function knownOf(alternatives: readonly Alternative[], most: number): number {
  let k = 0;
  while (k < most) {
    const { logprob } = alternatives[k]!;
    if (logprob == null || Number.isNaN(logprob)) break;
    k++;
  }
  return k;
}

/** Entropy of the first k choices as if there were no others, nats, 0 ... ln k; NaN where all have probability 0. */
export function renormalisedEntropy(alternatives: readonly Alternative[], k: number): number {
  let mass = 0;
  let weighted = 0; // Σ p ln p
  for (let i = 0; i < k; i++) {
    const logprob = alternatives[i]!.logprob ?? -Infinity;
    const p = Math.exp(logprob);
    if (p === 0) continue;
    mass += p;
    weighted += p * logprob;
  }
  // -Σ (p/m) ln (p/m) = ln m - (1/m) Σ p ln p
  return mass > 0 ? Math.min(Math.log(k), Math.max(0, Math.log(mass) - weighted / mass)) : Number.NaN;
}

const margin: OnePassMethod = {
  method: "margin",
  needs: ["alternatives"],
  unit: "0 ... 1",
  formula: "1 - (1/T) Σ (p₁ - p₂)",
  source: "Farr et al. 2024; uqlm, probability_margin",
  variant: () => "1 - mean of first less second probability",
  begin(tallies) {
    const tally = tallies.of(MarginTally);
    return () => {
      const { count, mean } = tally.margin;
      return (
        nothing(count, tally.missing, TWO) ?? {
          uncertainty: 1 - mean,
          confidence: mean,
          reason: leftOut(count, tally.missing, TWO),
        }
      );
    };
  },
};

const evenness = (
  method: string,
  formula: string,
  over: string,
  value: (tally: EvennessTally) => number,
): OnePassMethod => ({
  method,
  needs: ["alternatives"],
  unit: "0 ... 1",
  formula,
  source: "Scalena et al. 2025; uqlm, token negentropy",
  variant: ({ topK = DEFAULT_TOP_K }) =>
    `entropy of the ${topK} most probable choices made to sum to 1, over ln k; ${over}`,
  begin(tallies) {
    const tally = tallies.of(EvennessTally);
    return () => {
      const none = nothing(tally.evenness.count, tally.missing, TWO);
      const uncertainty = value(tally);
      return none ?? { uncertainty, confidence: 1 - uncertainty, reason: tally.reason() };
    };
  },
});

/** Methods over the most probable choices alone. */
export const TOP_K_METHODS: readonly OnePassMethod[] = [
  margin,
  evenness("mean-top-k-entropy", "(1/T) Σ Hₖ / ln k", "mean over tokens", (tally) => tally.evenness.mean),
  evenness("max-top-k-entropy", "max Hₖ / ln k", "greatest over tokens", (tally) => tally.largest),
];
