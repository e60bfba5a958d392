/** Fits the detector of series, and what it is kept as. */
import type { TokenRecord } from "../../core/index.ts";
import {
  type DetectorFacts,
  type DetectorFitOptions,
  detectorFacts,
  type LabelledCase,
  type LabelledCases,
  labelledCases,
} from "../fitted.ts";
import {
  fitHead,
  heldOutProbabilities,
  type LabelledTable,
  type LinearHead,
  tableOf,
} from "../learn/index.ts";
import { addToSeries, emptySeries, summarise } from "./summary.ts";

/** An answer's tokens and whether it was right. */
export interface LabelledSeries extends LabelledCase {
  /** In the order of the answer; of its part "answer" alone. */
  tokens: readonly TokenRecord[];
}

/** Options of `fitSeries`. */
export interface SeriesFitOptions extends DetectorFitOptions {
  /**
   * The number of tokens is a number that the model may go by. Default false: in many data sets wrong answers are longer than
   * right ones by how they were made, which says nothing of others.
   */
  withLength?: boolean | undefined;
}

/** A fitted detector of series, plain JSON. */
export interface SeriesArtefact extends DetectorFacts {
  kind: "series";
  head: LinearHead;
  withLength: boolean;
}

/**
 * Learns from the course of log-probabilities whether an answer is right: a fixed summary of the series (see
 * docs/hallucination.md) under a logistic regression with an L2 penalty. What a series lacks is masked: it adds nothing.
 * The same answers in any order give the same artefact, digit for digit.
 * Source of the idea: HALT, arXiv 2602.02888, which has a recurrent network of 5 million weights in this place.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming what is missing; INVALID_ARGUMENT for an id that is there twice.
 */
export function fitSeries(
  answers: readonly LabelledSeries[],
  options: SeriesFitOptions = {},
): SeriesArtefact {
  const { folds = 5, seed = 0, withLength = false } = options;
  const { labelled, table } = prepared(answers, options);
  const head = fitHead(table, Array.from(table.wrong.keys()), { folds, seed });
  const right = heldOutProbabilities(table, { folds, seed }).map((wrong) => 1 - wrong);
  const rows = labelled.cases.map(({ id, group, correct, tokens }) => [
    id,
    group ?? id,
    correct,
    tokens.map(({ logprob }) => logprob),
  ]);
  return { ...detectorFacts(labelled, right, rows, options), kind: "series", head, withLength };
}

/**
 * What this detector says of labelled answers, each by a model fitted to other folds: what a fused model may be fitted to
 * besides other signals of the same answers. A detector fitted to all of them knows their labels.
 * @returns probability of being wrong by id, of the answers with a label and a log-probability.
 * @throws SurprisalError as `fitSeries`.
 */
export function heldOutSeries(
  answers: readonly LabelledSeries[],
  options: SeriesFitOptions = {},
): Map<string, number> {
  const { folds = 5, seed = 0 } = options;
  const { labelled, table } = prepared(answers, options);
  const wrong = heldOutProbabilities(table, { folds, seed });
  return new Map(labelled.cases.map(({ id }, i) => [id, wrong[i]!]));
}

function prepared(
  answers: readonly LabelledSeries[],
  { leastPerClass, withLength = false }: SeriesFitOptions,
): { labelled: LabelledCases<LabelledSeries>; table: LabelledTable } {
  const known = answers.map((each) => (hasNumbers(each.tokens) ? each : { ...each, correct: null }));
  const labelled = labelledCases(known, leastPerClass);
  const { cases, wrong, groups } = labelled;
  const numbers = tableOf(
    cases.map(({ tokens }) => summaryOf(tokens, withLength)),
    (i) => `answers, id ${JSON.stringify(cases[i]!.id)}`,
  );
  // That a slope is missing says how short an answer is, and nothing else: no indicators.
  return { labelled, table: { ...numbers, wrong, groups, indicators: false } };
}

const hasNumbers = (tokens: readonly TokenRecord[]): boolean =>
  tokens.some(
    ({ logprob, part = "answer" }) =>
      part === "answer" && typeof logprob === "number" && !Number.isNaN(logprob),
  );

/** The numbers of an answer. */
function summaryOf(tokens: readonly TokenRecord[], withLength: boolean): Record<string, number | null> {
  const columns = emptySeries();
  for (const token of tokens) addToSeries(columns, token);
  return summarise(columns, withLength);
}
