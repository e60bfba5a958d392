/** Estimates from the likelihoods of the samples alone, whatever they say. */
import { type ComparingEstimator, defineEstimator, loglikelihoods, meanOf } from "./estimator-of-samples.ts";

/** Options of `sequenceEntropy`. */
export interface SequenceEntropyOptions {
  /** Each text's ln p divided by its number of tokens. Default false. */
  perToken?: boolean | undefined;
}

/**
 * Entropy of what the model writes, estimated from what it wrote: -mean ln p(s), nats, 0 ... ∞ (Malinin & Gales 2021). lm-polygraph's
 * MonteCarloSequenceEntropy, and per token its MonteCarloNormalizedSequenceEntropy. The samples have to be drawn at
 * temperature 1; a text that comes again counts again, as the mean over draws needs.
 */
export function sequenceEntropy({ perToken = false }: SequenceEntropyOptions = {}): ComparingEstimator {
  return defineEstimator({
    method: "sequence-entropy",
    variant: perToken ? "Monte Carlo, per token" : "Monte Carlo, whole texts",
    needs: ["samples", "logprobs"],
    least: 1,
    begin: () => ({
      say(samples) {
        const written = perToken ? samples.filter(({ tokens }) => tokens !== 0) : samples;
        if (written.length === 0) return { uncertainty: null, reason: "No sample has a token." };
        const found = loglikelihoods(written, perToken);
        if ("reason" in found) return { uncertainty: null, reason: found.reason };
        const left = samples.length - written.length;
        return {
          uncertainty: 0 - meanOf(found.values), // not -0
          ...(left > 0 && {
            reason: `${left} of ${samples.length} samples have no tokens and are left out.`,
          }),
        };
      },
    }),
  });
}

/**
 * 1 minus the mean probability per token of answer and samples, 0 ... 1: uqlm's monte_carlo_probability, whose number is the
 * confidence.
 */
export function sampleProbability(): ComparingEstimator {
  return defineEstimator({
    method: "sample-probability",
    variant: "1 - mean of exp(mean ln p)",
    needs: ["samples", "logprobs"],
    least: 1,
    begin: () => ({
      say(samples) {
        const found = loglikelihoods(samples, true);
        if ("reason" in found) return { uncertainty: null, reason: found.reason };
        const mean = meanOf(found.values.map(Math.exp));
        return { uncertainty: 1 - mean, confidence: mean };
      },
    }),
  });
}
