/** Shifting attention to relevance (Duan et al. 2024, ACL): what matters is where the meaning is. */
import { invalidArgument } from "../../core/index.ts";
import {
  type ComparingEstimator,
  defineEstimator,
  loglikelihoods,
  logSumExp,
  meanOf,
} from "./estimator-of-samples.ts";
import { asksOf, PairMatrix, preparePairs } from "./similarity/pairs.ts";
import type { TextSimilarity } from "./similarity/similarity.ts";

/** Options of `sentenceSar`. */
export interface SentenceSarOptions {
  similarity: TextSimilarity;
  /** What the others' probability is divided by, more than 0. Default 0.001, the paper's. */
  t?: number | undefined;
}

/**
 * SentenceSAR: -mean over samples of ln (p(s) + Σ p(other) · similarity / t), nats; below 0 where the others bear a sample out.
 * Computed from logarithms, so long texts, whose probability no number holds, have a value; lm-polygraph's is infinite there.
 * SAR is the same over samples whose `logprob` is `-tokenSar(...)`.
 */
export function sentenceSar({ similarity, t = 0.001 }: SentenceSarOptions): ComparingEstimator {
  if (!(t > 0 && t < Infinity))
    throw invalidArgument(`Nothing can be divided by ${t}`, "t", "Give a number of more than 0.");
  return defineEstimator({
    method: "sentence-sar",
    variant: `t = ${t}, ${similarity.name}`,
    needs: ["samples", "logprobs", ...similarity.needs],
    least: 2,
    prepare: preparePairs(similarity),
    asks: asksOf(similarity),
    begin() {
      const pairs = new PairMatrix(similarity);
      return {
        add: ({ text }) => pairs.add(text),
        say(samples) {
          const found = loglikelihoods(samples, false);
          if ("reason" in found) return { uncertainty: null, reason: found.reason };
          const { values } = found;
          const shifted = values.map((own, i) =>
            logSumExp(values.map((other, j) => (j === i ? own : other + Math.log(pairs.between(i, j) / t)))),
          );
          return { uncertainty: -meanOf(shifted) };
        },
      };
    },
  });
}

/**
 * TokenSAR: the tokens' -ln p, weighted by how much each matters, nats.
 * @param logprobs [m] ln p per token
 * @param similarities [m] 0 ... 1: how alike the text is to itself without that token; 1 - this is the token's relevance
 * @returns `null` where no token matters, or there is none; lm-polygraph has NaN there
 * @throws SurprisalError INVALID_ARGUMENT where the two differ in length or hold what is no such number
 */
export function tokenSar(logprobs: ArrayLike<number>, similarities: ArrayLike<number>): number | null {
  if (logprobs.length !== similarities.length)
    throw invalidArgument(
      `${logprobs.length} tokens have ${similarities.length} similarities`,
      "similarities",
      "Give one for each token.",
    );
  let weighted = 0;
  let total = 0;
  for (let i = 0; i < logprobs.length; i++) {
    const [logprob, similarity] = [logprobs[i]!, similarities[i]!];
    if (!(logprob <= 0)) throw invalidArgument(`${logprob} is no log-probability`, `logprobs[${i}]`);
    if (!(similarity >= 0 && similarity <= 1))
      throw invalidArgument(`${similarity} is no similarity`, `similarities[${i}]`);
    if (similarity < 1) weighted -= logprob * (1 - similarity); // 0 · ∞ would be no number
    total += 1 - similarity;
  }
  return total > 0 ? weighted / total : null;
}
