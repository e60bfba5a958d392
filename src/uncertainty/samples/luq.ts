/** LUQ: how much the samples bear each other out, for long answers (Zhang et al. 2024, EMNLP). */

import type { EntailmentProbabilities } from "../entails.ts";
import { type ComparingEstimator, cannotSay, defineEstimator } from "./estimator-of-samples.ts";
import type { EntailmentTable } from "./similarity/entailment.ts";
import { DistinctTexts, pairsWith } from "./similarity/pairs.ts";

/** Options of `luq`. */
export interface LuqOptions {
  entailment: EntailmentTable;
  /** "lm-polygraph": what two samples with the same text are to each other is asked, where a text otherwise entails itself. */
  as?: "lm-polygraph" | undefined;
}

/**
 * 1 minus the mean over all ordered pairs of samples of P(entailment) / (P(entailment) + P(contradiction)), 0 ... 1; confidence is
 * that mean. Whole answers are compared, as in lm-polygraph's LUQ, not sentences as in the paper. A pair that is altogether
 * neutral says neither, and is left out.
 */
export function luq({ entailment, as: peer }: LuqOptions): ComparingEstimator {
  return defineEstimator({
    method: "luq",
    variant: peer ? `whole answers, repeats asked as in ${peer}` : "whole answers",
    needs: ["samples", "entailment"],
    least: 2,
    asks: (n) => n * (peer ? n : n - 1),
    prepare: (before, next, options) =>
      entailment.prepare(
        peer ? [[next, next], ...pairsWith(before, next)] : pairsWith(before, next),
        options,
      ),
    begin() {
      const distinct = new DistinctTexts();
      const count: number[] = [];
      return {
        add({ text }) {
          if (!distinct.has(text)) count.push(0);
          distinct.add(text);
          count[distinct.ids.at(-1)!]!++;
        },
        say() {
          const { texts } = distinct;
          let [sum, pairs, neither] = [0, 0, 0];
          for (const [i, premise] of texts.entries())
            for (const [j, hypothesis] of texts.entries()) {
              const times = count[i]! * (count[j]! - (i === j ? 1 : 0));
              if (times === 0) continue;
              const share = shareOf(
                peer ? entailment.judged(premise, hypothesis) : entailment.between(premise, hypothesis),
              );
              if (share === null) neither += times;
              else sum += share * times;
              pairs += times;
            }
          if (pairs === neither) return cannotSay("Every pair of samples is altogether neutral.");
          const mean = sum / (pairs - neither);
          return {
            uncertainty: 1 - mean,
            confidence: mean,
            ...(neither > 0 && {
              reason: `${neither} of ${pairs} pairs are altogether neutral and are left out.`,
            }),
          };
        },
      };
    },
  });
}

/** P(entailment) where neutral is no choice; `null` where it is the only one. */
export function shareOf({ entailment, contradiction }: EntailmentProbabilities): number | null {
  const both = entailment + contradiction;
  return both > 0 ? entailment / both : null;
}
