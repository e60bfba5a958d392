/** Semantic density: how much of the model's probability lies near the answer in meaning (Qiu & Miikkulainen 2024, NeurIPS). */

import type { TextPair } from "./estimator-of-samples.ts";
import {
  type ComparingEstimator,
  cannotSay,
  defineEstimator,
  loglikelihoods,
  type Said,
  type Sample,
} from "./estimator-of-samples.ts";
import type { EntailmentTable } from "./similarity/entailment.ts";

/** Options of `semanticDensity`. */
export interface SemanticDensityOptions {
  entailment: EntailmentTable;
  /**
   * Either asks about samples with the answer's own text too. "lm-polygraph": minus the density, -1 ... 0. "uqlm": without the answer itself, repeated samples counted as often as they come,
   * and the kernel cut off where contradiction + neutral·√½ is above 1, which it never is.
   */
  as?: "lm-polygraph" | "uqlm" | undefined;
}

/**
 * 1 - Σ w·K / Σ w over the answer, the first that is observed, and the distinct samples, 0 ... 1; confidence is the density. w is the
 * probability per token, K = 1 - (P(contradiction) + ½ P(neutral)) from the answer to the sample, 1 for the answer itself.
 */
export function semanticDensity({ entailment, as: peer }: SemanticDensityOptions): ComparingEstimator {
  return defineEstimator({
    method: "semantic-density",
    variant: peer ? `as in ${peer}` : "distinct samples with the answer",
    needs: ["samples", "logprobs", "entailment"],
    least: 2,
    asks: (n) => Math.max(0, n - 1),
    async prepare(before, next, options) {
      const asked = before.length > 0 && (peer !== undefined || before[0] !== next);
      const pairs: TextPair[] = asked ? [[before[0]!, next]] : [];
      await entailment.prepare(pairs, options);
    },
    begin: () => ({
      say(samples) {
        const weighed = peer === "uqlm" ? samples.slice(1) : distinct(samples);
        const found = loglikelihoods(weighed, true);
        if ("reason" in found) return cannotSay(found.reason);
        const answer = samples[0]!.text;
        const greatest = Math.max(...found.values);
        if (greatest === -Infinity) return cannotSay("Every sample has probability 0.");
        let [sum, total] = [0, 0];
        for (const [i, { text }] of weighed.entries()) {
          const weight = Math.exp(found.values[i]! - greatest);
          const itself = weighed[i] === samples[0] || (!peer && text === answer);
          const { contradiction, neutral } = itself ? ITSELF : entailment.judged(answer, text);
          sum += weight * (1 - (contradiction + neutral / 2));
          total += weight;
        }
        return said(sum / total, peer);
      },
    }),
  });
}

const ITSELF = { contradiction: 0, neutral: 0 };

function said(density: number, peer: SemanticDensityOptions["as"]): Said {
  if (peer === "lm-polygraph")
    return {
      uncertainty: -density,
      peer: {
        library: "lm-polygraph 0.7.0",
        name: "SemanticDensity",
        value: -density,
        higher: "more uncertain",
      },
    };
  const own = { uncertainty: 1 - density, confidence: density };
  if (peer !== "uqlm") return own;
  return {
    ...own,
    peer: { library: "uqlm 0.6.7", name: "semantic_density", value: density, higher: "more confident" },
  };
}

/**
 * The answer, and each other text once. lm-polygraph counts the answer beside a sample with the same text; so here.
 * Of several log-probabilities of one text the greatest per token counts, as the order must not matter.
 */
function distinct([answer, ...samples]: readonly Sample[]): Sample[] {
  const perToken = ({ logprob, tokens }: Sample) =>
    logprob === null || !tokens ? -Infinity : logprob / tokens;
  const best = new Map<string, Sample>();
  for (const sample of samples) {
    const held = best.get(sample.text);
    if (held === undefined || perToken(sample) > perToken(held)) best.set(sample.text, sample);
  }
  return [answer!, ...best.values()];
}
