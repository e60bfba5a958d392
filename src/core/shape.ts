/** Sums over a whole distribution: see `DistributionShape`. */
import { logprobsOf, type Scale } from "./_distribution.ts";
import type { DistributionShape } from "./token.ts";

/**
 * Shape of a full distribution. A kernel gives the same of a row of logits: `LogitKernel.shape`.
 * @param distribution [V] probabilities, or [V] ln p with the scale "logprobs"; -Infinity at probability 0.
 * @throws SurprisalError INVALID_ARGUMENT when it is no distribution.
 */
export function distributionShape(
  distribution: ArrayLike<number>,
  scale: Scale = "probabilities",
): DistributionShape {
  const lnP = logprobsOf(distribution, scale);
  let possible = 0;
  let logprobSum = 0;
  let rootSum = 0; // Σ p^1/2
  let fourthRootSum = 0; // Σ p^1/4
  for (let i = 0; i < lnP.length; i++) {
    const logprob = lnP[i]!;
    if (logprob === -Infinity) continue;
    const fourthRoot = Math.exp(logprob / 4);
    possible++;
    logprobSum += logprob;
    rootSum += fourthRoot * fourthRoot;
    fourthRootSum += fourthRoot;
  }
  return {
    vocabularySize: lnP.length,
    possible,
    meanLogprob: logprobSum / possible,
    rootSum,
    // q = p^1/2 / Σ p^1/2, so Σ √q = Σ p^1/4 / √(Σ p^1/2)
    flatRootSum: fourthRootSum / Math.sqrt(rootSum),
  };
}
