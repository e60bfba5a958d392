/** Numbers of LM-Polygraph, src/lm_polygraph/estimators: higher = more uncertain, it says of all of them. */
import { RunningMean } from "../../../core/index.ts";
import { ChoicesTally } from "../claim-conditioned.ts";
import { NllTally } from "../logprobs.ts";
import type { OnePassMethod, Tally } from "../method.ts";
import { fisherRaoDistance } from "../shape.ts";
import type { TokenFacts } from "../token-facts.ts";
import { everyToken, type PeerMethod, peerMethod } from "./peer.ts";

const LOGPROB = "log-probability";
const DISTRIBUTION = "distribution";
const same = (value: number): number => value;

/** Entropy: of the whole distribution, or, through an API, of the listed tokens as if nothing were beside them. */
class ListedEntropyTally implements Tally {
  readonly entropy = new RunningMean();
  missing = 0;

  add({ entropyLow, entropyHigh, given, count }: TokenFacts): void {
    if (entropyLow === entropyHigh) this.entropy.add(entropyLow);
    else if (given.length > 0) this.entropy.add(listed(given));
    else this.missing += count;
  }
}

/** -Σ p ln p over what is listed, which does not sum to 1. */
function listed(given: TokenFacts["given"]): number {
  let entropy = 0;
  for (let i = 0; i < given.length; i++) {
    const logprob = given[i]!.logprob ?? -Infinity;
    if (logprob > -Infinity) entropy -= Math.exp(logprob) * logprob;
  }
  return entropy;
}

/** KL(uniform ‖ p): over the vocabulary, or, through an API, as if the listed tokens were all there are. */
class ListedCertaintyTally implements Tally {
  readonly certainty = new RunningMean();
  missing = 0;

  add({ shape, given, count }: TokenFacts): void {
    if (shape) this.certainty.add(-shape.meanLogprob - Math.log(shape.possible));
    else if (given.length > 0) {
      const logprobs = given.map(({ logprob }) => logprob ?? -Infinity).filter((each) => each > -Infinity);
      const sum = logprobs.reduce((total, each) => total + each, 0);
      this.certainty.add(-sum / logprobs.length - Math.log(logprobs.length));
    } else this.missing += count;
  }
}

/** Distances from the uniform distribution at temperature 2. */
class FlatTally implements Tally {
  readonly renyi = new RunningMean();
  readonly fisherRao = new RunningMean();
  missing = 0;

  add({ shape, count }: TokenFacts): void {
    if (!shape) {
      this.missing += count;
      return;
    }
    const { flatRootSum, vocabularySize } = shape;
    // (1/(α-1)) [ln Σ q^α - (α-1) ln V] with α = 1/2, as coded: the divergence has + ln V.
    this.renyi.add(-2 * Math.log(flatRootSum) - Math.log(vocabularySize));
    this.fisherRao.add(fisherRaoDistance(flatRootSum, vocabularySize));
  }
}

const METHODS: readonly PeerMethod[] = [
  {
    name: "MaximumSequenceProbability",
    needs: ["logprobs"],
    unit: "nats, 0 ... Infinity",
    formula: "-Σ ln p",
    higher: "more uncertain",
    differs: "sequence-logprob; the end-of-text token is in the sum there, and not among the records here",
    uncertainty: same,
    begin(tallies) {
      const tally = tallies.of(NllTally);
      return () => everyToken(tally.nll.count, tally.missing, LOGPROB) ?? tally.nll.total;
    },
  },
  {
    name: "Perplexity",
    needs: ["logprobs"],
    unit: "nats, 0 ... Infinity",
    formula: "-(1/T) Σ ln p",
    higher: "more uncertain",
    differs: "mean-nll; never exponentiated",
    uncertainty: same,
    begin(tallies) {
      const tally = tallies.of(NllTally);
      return () => everyToken(tally.nll.count, tally.missing, LOGPROB) ?? tally.nll.mean;
    },
  },
  {
    name: "MeanTokenEntropy",
    needs: ["distribution"],
    unit: "nats, 0 ... ln V",
    formula: "(1/T) Σ H",
    higher: "more uncertain",
    differs: "through an API the entropy of the listed tokens alone, which do not sum to 1, is taken for H",
    uncertainty: same,
    begin(tallies) {
      const tally = tallies.of(ListedEntropyTally);
      return () => everyToken(tally.entropy.count, tally.missing, DISTRIBUTION) ?? tally.entropy.mean;
    },
  },
  {
    name: "SelfCertainty",
    needs: ["distribution"],
    unit: "nats, -Infinity ... 0",
    formula: "-(1/T) Σ KL(uniform ‖ p)",
    higher: "more uncertain",
    differs:
      "through an API the listed tokens are taken for the vocabulary, and their probabilities for a distribution",
    uncertainty: same,
    begin(tallies) {
      const tally = tallies.of(ListedCertaintyTally);
      return () => everyToken(tally.certainty.count, tally.missing, DISTRIBUTION) ?? 0 - tally.certainty.mean;
    },
  },
  {
    name: "RenyiNeg",
    needs: ["distribution"],
    unit: "nats, ln V ... 2 ln V",
    formula: "(1/T) Σ [-2 ln Σ √q - ln V], q at temperature 2",
    higher: "more uncertain",
    differs:
      "temperature 2; it grows with certainty, so its sign is turned here; ln V is taken off instead of added",
    uncertainty: (value) => -value,
    begin(tallies) {
      const tally = tallies.of(FlatTally);
      return () => everyToken(tally.renyi.count, tally.missing, DISTRIBUTION) ?? tally.renyi.mean;
    },
  },
  {
    name: "FisherRao",
    needs: ["distribution"],
    unit: "0 ... 1",
    formula: "(1/T) Σ (2/π) arccos(Σ √q / √V), q at temperature 2",
    higher: "more uncertain",
    differs: "temperature 2; it grows with certainty, so the uncertainty is 1 less it",
    uncertainty: (value) => 1 - value,
    begin(tallies) {
      const tally = tallies.of(FlatTally);
      return () => everyToken(tally.fisherRao.count, tally.missing, DISTRIBUTION) ?? tally.fisherRao.mean;
    },
  },
  {
    name: "CCP",
    needs: ["logprobs", "alternatives", "entailment"],
    unit: "-1 ... 0",
    formula: "-Π P(same meaning) / P(same or contrary meaning)",
    higher: "more uncertain",
    differs: "the negative product; also asked is whether a word follows from itself",
    uncertainty: same,
    begin(tallies) {
      const tally = tallies.of(ChoicesTally);
      return () =>
        tally.refusal() ?? -Math.exp(tally.logProbabilities().reduce((total, each) => total + each, 0));
    },
  },
];

/** LM-Polygraph's numbers. */
export const LM_POLYGRAPH: readonly OnePassMethod[] = METHODS.map((method) =>
  peerMethod("lm-polygraph", "LM-Polygraph 0.7.0", method),
);
