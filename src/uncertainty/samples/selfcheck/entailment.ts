/** SelfCheckGPT by entailment: does a sample contradict a sentence of the answer? */
import {
  type ComparingEstimator,
  cannotSay,
  defineEstimator,
  meanOf,
  type TextPair,
} from "../estimator-of-samples.ts";
import { shareOf } from "../luq.ts";
import type { EntailmentTable } from "../similarity/entailment.ts";
import { sentencesOf } from "../text/sentences.ts";

/** Options of `selfCheckEntailment`. */
export interface SelfCheckEntailmentOptions {
  entailment: EntailmentTable;
  /** Default `sentencesOf`. */
  sentences?: ((text: string) => readonly string[]) | undefined;
  /**
   * "selfcheckgpt": the sentence is the premise and the sample the hypothesis, as its code has it; the other way round the
   * question is what it means to be: whether the sample says otherwise.
   */
  as?: "selfcheckgpt" | undefined;
}

/**
 * P(contradiction) / (P(entailment) + P(contradiction)), the mean over samples and over the sentences of the answer, the first
 * that is observed; 0 ... 1. A pair that is altogether neutral says neither, and is left out.
 */
export function selfCheckEntailment({
  entailment,
  sentences = sentencesOf,
  as: peer,
}: SelfCheckEntailmentOptions): ComparingEstimator {
  const pair = (sentence: string, sample: string): TextPair =>
    peer ? [sentence, sample] : [sample, sentence];
  return defineEstimator({
    method: "selfcheck-entailment",
    variant: peer ? "sentence to sample, as in selfcheckgpt" : "sample to sentence",
    needs: ["samples", "entailment"],
    least: 2,
    asks: () => null,
    async prepare([answer], next, options) {
      if (answer === undefined) return;
      const pairs = sentences(answer).map((sentence) => pair(sentence, next));
      // A text entails itself: that is not asked.
      await entailment.prepare(
        pairs.filter(([premise, hypothesis]) => premise !== hypothesis),
        options,
      );
    },
    begin: () => ({
      say([answer, ...samples]) {
        let neither = 0;
        const parts = sentences(answer!.text);
        if (parts.length === 0) return cannotSay("The answer, which is the first sample, has no sentence.");
        const scores = parts.flatMap((sentence) => {
          const shares = samples
            .map(({ text }) => shareOf(entailment.between(...pair(sentence, text))))
            .filter((share) => share !== null);
          neither += samples.length - shares.length;
          return shares.length === 0 ? [] : [1 - meanOf(shares)];
        });
        if (scores.length === 0) return cannotSay("Every pair of sentence and sample is altogether neutral.");
        const mean = meanOf(scores);
        return {
          uncertainty: mean,
          confidence: 1 - mean,
          ...(neither > 0 && {
            reason: `${neither} of ${parts.length * samples.length} pairs are altogether neutral and are left out.`,
          }),
        };
      },
    }),
  });
}
