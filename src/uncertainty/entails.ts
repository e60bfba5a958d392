/**
 * Whether one text follows from another: the words that all estimators use for it. A judge is a model or a function of yours; what it
 * says are three probabilities, of which a verdict is the greatest.
 */

/** A premise, and what may follow from it. */
export type EntailmentPair = readonly [premise: string, hypothesis: string];

/** What is said of a premise and a hypothesis; the three sum to 1. */
export interface EntailmentProbabilities {
  /** The hypothesis follows from the premise. */
  entailment: number;
  neutral: number;
  contradiction: number;
}

/** The most probable of the three. */
export type EntailmentVerdict = keyof EntailmentProbabilities;

/**
 * What is said of pairs, in their order: a model, or a function of yours.
 * @throws what the model throws; ABORTED
 */
export type Entails = (
  pairs: readonly EntailmentPair[],
  options?: { signal?: AbortSignal | undefined },
) => Promise<EntailmentProbabilities[]>;

/** The most probable of the three; of equals the first in the order contradiction, neutral, entailment, as numpy's argmax. */
export function verdictOf({
  entailment,
  neutral,
  contradiction,
}: EntailmentProbabilities): EntailmentVerdict {
  if (contradiction >= neutral && contradiction >= entailment) return "contradiction";
  return neutral >= entailment ? "neutral" : "entailment";
}
