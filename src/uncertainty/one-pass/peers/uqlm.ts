/** Numbers of uqlm, uqlm/white_box: 0 ... 1, higher = more confident. */
import { type Alternative, RunningMean } from "../../../core/index.ts";
import { NllTally } from "../logprobs.ts";
import type { OnePassMethod, Tally } from "../method.ts";
import type { CheckedOptions } from "../options.ts";
import type { TokenFacts } from "../token-facts.ts";
import { renormalisedEntropy } from "../top-k.ts";
import { everyToken, type PeerMethod, peerMethod } from "./peer.ts";

const LOGPROB = "log-probability";
const TOP_K = 15;
const turned = (value: number): number => 1 - value;

/** 1 - H(the k choices made to sum to 1) / ln k; tokens with another number of choices than k are passed over. */
class NegentropyTally implements Tally {
  readonly negentropy = new RunningMean();
  least = Infinity;
  readonly #topK: number;

  constructor({ topK = TOP_K }: CheckedOptions) {
    this.#topK = topK;
  }

  add({ given }: TokenFacts): void {
    const k = given.length;
    if (k !== this.#topK) return;
    const negentropy = 1 - renormalisedEntropy(given, k) / Math.log(k);
    if (Number.isNaN(negentropy)) return;
    this.negentropy.add(negentropy);
    if (negentropy < this.least) this.least = negentropy;
  }
}

class SortedMarginTally implements Tally {
  readonly margin = new RunningMean();

  add({ given }: TokenFacts): void {
    if (given.length > 1) this.margin.add(leadOf(given));
  }
}

/** Largest probability less the second largest, wherever they stand. */
function leadOf(given: readonly Alternative[]): number {
  let first = 0;
  let second = 0;
  for (let i = 0; i < given.length; i++) {
    const p = Math.exp(given[i]!.logprob ?? -Infinity);
    if (p > first) {
      second = first;
      first = p;
    } else if (p > second) second = p;
  }
  return first - second;
}

const METHODS: readonly PeerMethod[] = [
  {
    name: "sequence_probability",
    needs: ["logprobs"],
    unit: "0 ... 1",
    formula: "exp((1/T) Σ ln p)",
    higher: "more confident",
    differs: "the mean, not the sum, although it is called a sequence's (length_normalize=True, the default)",
    uncertainty: turned,
    begin(tallies) {
      const tally = tallies.of(NllTally);
      return () => everyToken(tally.nll.count, tally.missing, LOGPROB) ?? Math.exp(-tally.nll.mean);
    },
  },
  {
    name: "sequence_probability(length_normalize=False)",
    needs: ["logprobs"],
    unit: "0 ... 1",
    formula: "Π p",
    higher: "more confident",
    differs: "the product of the probabilities",
    uncertainty: turned,
    begin(tallies) {
      const tally = tallies.of(NllTally);
      return () => everyToken(tally.nll.count, tally.missing, LOGPROB) ?? Math.exp(-tally.nll.total);
    },
  },
  {
    name: "min_probability",
    needs: ["logprobs"],
    unit: "0 ... 1",
    formula: "min p",
    higher: "more confident",
    differs: "1 - min-probability",
    uncertainty: turned,
    begin(tallies) {
      const tally = tallies.of(NllTally);
      return () => everyToken(tally.nll.count, tally.missing, LOGPROB) ?? Math.exp(-tally.largest);
    },
  },
  {
    name: "mean_token_negentropy",
    needs: ["alternatives"],
    unit: "0 ... 1",
    formula: "mean of 1 - Hₖ / ln k",
    higher: "more confident",
    differs:
      "tokens with another number of choices than top_k_logprobs (topK here, default 15) are passed over silently; NaN when all are",
    uncertainty: turned,
    begin(tallies) {
      const tally = tallies.of(NegentropyTally);
      return () => tally.negentropy.mean;
    },
  },
  {
    name: "min_token_negentropy",
    needs: ["alternatives"],
    unit: "0 ... 1",
    formula: "min of 1 - Hₖ / ln k",
    higher: "more confident",
    differs: "as mean_token_negentropy",
    uncertainty: turned,
    begin(tallies) {
      const tally = tallies.of(NegentropyTally);
      return () => (tally.negentropy.count > 0 ? tally.least : Number.NaN);
    },
  },
  {
    name: "probability_margin",
    needs: ["alternatives"],
    unit: "0 ... 1",
    formula: "mean of p₁ - p₂",
    higher: "more confident",
    differs: "1 - margin; tokens with fewer than two choices are passed over silently",
    uncertainty: turned,
    begin(tallies) {
      const tally = tallies.of(SortedMarginTally);
      return () => tally.margin.mean;
    },
  },
];

/** uqlm's numbers. */
export const UQLM: readonly OnePassMethod[] = METHODS.map((method) =>
  peerMethod("uqlm", "uqlm 0.6.7", method),
);
