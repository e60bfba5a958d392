/** What the log-probabilities of the written tokens say. */
import { RunningMean } from "../../core/index.ts";
import { leftOut, nothing, type OnePassMethod, type Reading, type Tally, tokens, unknown } from "./method.ts";
import type { TokenFacts } from "./token-facts.ts";

const LOGPROB = "log-probability";

/** Sum and greatest of -ln p. */
export class NllTally implements Tally {
  readonly nll: RunningMean = new RunningMean();
  /** Greatest -ln p, nats. */
  largest = 0;
  missing = 0;

  add({ logprob, count }: TokenFacts): void {
    if (Number.isNaN(logprob)) {
      this.missing += count;
      return;
    }
    const nll = 0 - logprob; // 0 - 0, so that there is no -0
    this.nll.add(nll);
    if (nll > this.largest) this.largest = nll;
  }

  /** What stands against a number over the known tokens, or `null`. */
  none(): Reading | null {
    return nothing(this.nll.count, this.missing, `a ${LOGPROB}`);
  }

  /** What stands against a sum, in which no token may be missing, or `null`. */
  incomplete(): Reading | null {
    const { missing } = this;
    const all = missing + this.nll.count;
    return (
      this.none() ??
      (missing > 0
        ? unknown(`${missing} of ${tokens(all)} have no ${LOGPROB}: a sum needs all of them.`)
        : null)
    );
  }

  /** Of a number over the known tokens. */
  leftOut(): string | undefined {
    return leftOut(this.nll.count, this.missing, LOGPROB);
  }
}

const NEEDS = ["logprobs"] as const;

const sequenceLogprob: OnePassMethod = {
  method: "sequence-logprob",
  needs: NEEDS,
  unit: "nats, 0 ... Infinity",
  formula: "-Σ ln p",
  source: "maximum sequence probability (MSP)",
  variant: () => "sum over tokens",
  begin(tallies) {
    const tally = tallies.of(NllTally);
    return () =>
      tally.incomplete() ?? { uncertainty: tally.nll.total, confidence: Math.exp(-tally.nll.total) };
  },
};

const meanNll: OnePassMethod = {
  method: "mean-nll",
  needs: NEEDS,
  unit: "nats, 0 ... Infinity",
  formula: "-(1/T) Σ ln p",
  source: "length-normalised log-probability; Malinin & Gales 2021",
  variant: () => "mean over tokens",
  begin(tallies) {
    const tally = tallies.of(NllTally);
    return () => tally.none() ?? meanReading(tally, tally.nll.mean);
  },
};

const perplexity: OnePassMethod = {
  method: "perplexity",
  needs: NEEDS,
  unit: "1 ... Infinity",
  formula: "exp(-(1/T) Σ ln p)",
  source: "Jelinek et al. 1977",
  variant: () => "exp of the mean over tokens",
  begin(tallies) {
    const tally = tallies.of(NllTally);
    return () => tally.none() ?? meanReading(tally, Math.exp(tally.nll.mean));
  },
};

const meanReading = (tally: NllTally, uncertainty: number): Reading => ({
  uncertainty,
  confidence: Math.exp(-tally.nll.mean),
  reason: tally.leftOut(),
});

const minProbability: OnePassMethod = {
  method: "min-probability",
  needs: NEEDS,
  unit: "0 ... 1",
  formula: "1 - min p",
  source: "Manakul et al. 2023 (max -log p); uqlm",
  variant: () => "1 - smallest probability",
  begin(tallies) {
    const tally = tallies.of(NllTally);
    return () =>
      tally.none() ?? {
        uncertainty: 0 - Math.expm1(-tally.largest),
        confidence: Math.exp(-tally.largest),
        reason: tally.leftOut(),
      };
  },
};

const maxTokenNll: OnePassMethod = {
  method: "max-token-nll",
  needs: NEEDS,
  unit: "nats, 0 ... Infinity",
  formula: "max -ln p",
  source: "Manakul et al. 2023",
  variant: () => "greatest over tokens",
  begin(tallies) {
    const tally = tallies.of(NllTally);
    return () =>
      tally.none() ?? {
        uncertainty: tally.largest,
        confidence: Math.exp(-tally.largest),
        reason: tally.leftOut(),
      };
  },
};

/** Methods that need the written tokens' log-probabilities only. */
export const LOGPROB_METHODS: readonly OnePassMethod[] = [
  sequenceLogprob,
  meanNll,
  perplexity,
  minProbability,
  maxTokenNll,
];
