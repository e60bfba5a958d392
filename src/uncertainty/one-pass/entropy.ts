/** Entropy of the next-token distribution: exact from the whole of it, an interval from its most probable tokens. */
import { BoundedMean } from "./bounds.ts";
import type { OnePassMethod, Tally } from "./method.ts";
import type { TokenFacts } from "./token-facts.ts";

class EntropyTally implements Tally {
  readonly entropy = new BoundedMean();

  add({ entropyLow, entropyHigh, count }: TokenFacts): void {
    if (Number.isNaN(entropyLow)) this.entropy.miss(count);
    else this.entropy.add(entropyLow, entropyHigh);
  }
}

const NEEDS = ["distribution"] as const;

const meanTokenEntropy: OnePassMethod = {
  method: "mean-token-entropy",
  needs: NEEDS,
  unit: "nats, 0 ... ln V",
  formula: "(1/T) Σ H, H = -Σ p ln p",
  source: "Fomicheva et al. 2020; Malinin & Gales 2021",
  variant: () => "mean over tokens; exact, or an interval from the most probable choices",
  begin(tallies) {
    const { entropy } = tallies.of(EntropyTally);
    return () => entropy.mean("entropy");
  },
};

const maxTokenEntropy: OnePassMethod = {
  method: "max-token-entropy",
  needs: NEEDS,
  unit: "nats, 0 ... ln V",
  formula: "max H, H = -Σ p ln p",
  source: "Manakul et al. 2023; LM-Polygraph, MaxTokenEntropyClaim",
  variant: () => "greatest over tokens; exact, or an interval from the most probable choices",
  begin(tallies) {
    const { entropy } = tallies.of(EntropyTally);
    return () => entropy.greatest("entropy");
  },
};

/** Methods of entropy. */
export const ENTROPY_METHODS: readonly OnePassMethod[] = [meanTokenEntropy, maxTokenEntropy];
