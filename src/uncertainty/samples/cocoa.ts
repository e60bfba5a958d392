/** CoCoA: how sure the model was of its answer, times how far its samples are from it (Vashurin et al. 2025). */
import { invalidArgument } from "../../core/index.ts";
import { toAnswer } from "./consistency.ts";
import {
  type ComparingEstimator,
  cannotSay,
  defineEstimator,
  meanOf,
  type Sample,
} from "./estimator-of-samples.ts";
import { asksOf, prepareWithAnswer } from "./similarity/pairs.ts";
import type { TextSimilarity } from "./similarity/similarity.ts";

/**
 * What the disagreement is multiplied with:
 * - "msp": -ln p of the answer, nats
 * - "ppl": -mean ln p of its tokens
 * - "mte": the mean entropy of its tokens
 */
export type CocoaBase = "msp" | "ppl" | "mte";

/** Options of `cocoa`. */
export interface CocoaOptions {
  similarity: TextSimilarity;
  /** Default "ppl". */
  base?: CocoaBase | undefined;
  /**
   * "uqlm": mean similarity × exp(mean ln p), a confidence, as consistency_and_confidence has it (with embeddings "halved"); `base` is
   * not read.
   */
  as?: "uqlm" | undefined;
}

const BASES: Readonly<Record<CocoaBase, { name: string; of: (answer: Sample) => number | null }>> = {
  msp: { name: "MSP", of: ({ logprob }) => (logprob === null ? null : 0 - logprob) },
  ppl: { name: "PPL", of: (answer) => perToken(answer, (value) => 0 - value) },
  mte: { name: "MTE", of: ({ entropy }) => entropy },
};

function perToken({ logprob, tokens }: Sample, make: (mean: number) => number): number | null {
  return logprob === null || tokens === null || tokens === 0 ? null : make(logprob / tokens);
}

/**
 * Uncertainty of the answer, the first that is observed, times 1 minus its mean similarity to the other samples; 0 ... ∞, nats. lm-polygraph's
 * CocoaMSP, CocoaPPL, CocoaMTE. It has no numbers of its own for the samples: they need no log-probabilities.
 */
export function cocoa({ similarity, base = "ppl", as: peer }: CocoaOptions): ComparingEstimator {
  if (!Object.hasOwn(BASES, base))
    throw invalidArgument(
      `There is no base "${base}"`,
      "base",
      `Give one of ${Object.keys(BASES).join(", ")}.`,
    );
  const { name, of } = BASES[base];
  return defineEstimator({
    method: "cocoa",
    variant: peer ? `as in uqlm, ${similarity.name}` : `${name}, ${similarity.name}`,
    needs: ["samples", base === "mte" && !peer ? "distribution" : "logprobs", ...similarity.needs],
    least: 2,
    prepare: prepareWithAnswer(similarity),
    asks: asksOf(similarity, "answer"),
    begin() {
      const similarities = toAnswer(similarity);
      return {
        add: ({ text }) => similarities.add(text),
        say(samples) {
          const answer = samples[0]!;
          const mean = meanOf(similarities.values);
          if (peer) {
            const sure = perToken(answer, Math.exp);
            if (sure === null) return cannotSay(NOT_KNOWN);
            return {
              uncertainty: 1 - mean * sure,
              confidence: mean * sure,
              peer: {
                library: "uqlm 0.6.7",
                name: "consistency_and_confidence",
                value: mean * sure,
                higher: "more confident",
              },
            };
          }
          const unsure = of(answer);
          if (unsure === null) return cannotSay(base === "mte" ? NO_ENTROPY : NOT_KNOWN);
          const apart = 1 - mean;
          return { uncertainty: apart === 0 ? 0 : unsure * apart }; // also where the answer has probability 0
        },
      };
    },
  });
}

const NOT_KNOWN =
  "The answer, which is the first sample, came without a log-probability or a number of tokens.";
const NO_ENTROPY = "The answer, which is the first sample, came without the mean entropy of its tokens.";
