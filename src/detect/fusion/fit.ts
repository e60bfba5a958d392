/** Fits the fused model to labelled answers, and what it is kept as. */
import { type Examination, SIGNALS, type Signal } from "../finding.ts";
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
import { kindsIn, numbersOf } from "./features.ts";

/** What detectors said of an answer, and whether it was right. */
export interface LabelledExaminations extends LabelledCase {
  /** One of each signal at most. */
  examinations: readonly Examination[];
}

/** Options of `fitFusion`. */
export interface FusionFitOptions extends DetectorFitOptions {
  /** Signals that the model may go by. Default: all that were examined. */
  signals?: readonly Signal[] | undefined;
}

/** A fitted fused model, plain JSON. */
export interface FusionArtefact extends DetectorFacts {
  kind: "fusion";
  head: LinearHead;
  /** Signals that numbers of the model come from. */
  signals: readonly Signal[];
}

/**
 * Fits a logistic regression with an L2 penalty to all that detectors said of labelled answers: their suspicions, their
 * features, and the strongest finding of each kind.
 *
 * Numbers are clipped at their 0.5 % and 99.5 % quantiles and standardised. What is missing is taken for the mean, and that it
 * is missing is a number of its own (one for all that are missing together). Numbers that are always missing, there in fewer
 * than 5 answers, constant or a copy of another are left out, and the artefact says which. The penalty is the one with the least
 * log loss on held-out folds that tear no group apart; Platt's calibrator is fitted to what was said of those folds. The same
 * answers in any order give the same artefact, digit for digit.
 *
 * A detector that was itself fitted to these answers knows their labels: give what `heldOutSeries` says in its place.
 *
 * Cost: about 200 fits to n answers and p numbers, each of a few steps of n p² / 2: 1,000 answers and 50 numbers take some seconds.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming what is missing; INVALID_ARGUMENT for an id that is there twice, two
 *   examinations of one signal in an answer, and numbers that are none.
 */
export function fitFusion(
  answers: readonly LabelledExaminations[],
  options: FusionFitOptions = {},
): FusionArtefact {
  const { folds = 5, seed = 0 } = options;
  const { labelled, table } = fusionTable(answers, options);
  const head = fitHead(table, Array.from(table.wrong.keys()), { folds, seed });
  const right = heldOutProbabilities(table, { folds, seed }).map((wrong) => 1 - wrong);
  const { names, values } = table;
  const rows = labelled.cases.map(({ id, group, correct }, i) => [
    id,
    group ?? id,
    correct,
    Array.from(values.subarray(i * names.length, (i + 1) * names.length)),
  ]);
  return {
    ...detectorFacts(labelled, right, rows, options),
    kind: "fusion",
    head,
    signals: SIGNALS.filter((signal) =>
      head.features.some(({ name }) => name.startsWith(`${signal}.`) || name.startsWith(`${signal}/`)),
    ),
  };
}

/** Labelled answers as numbers. Internal to this folder. */
export function fusionTable(
  answers: readonly LabelledExaminations[],
  { signals = SIGNALS, leastPerClass }: FusionFitOptions,
): { labelled: LabelledCases<LabelledExaminations>; table: LabelledTable } {
  const labelled = labelledCases(answers, leastPerClass);
  const { wrong, groups } = labelled;
  const cases = labelled.cases.map(({ id, examinations }) => ({
    id,
    examinations: examinations.filter(({ signal }) => signals.includes(signal)),
  }));
  const kinds = kindsIn(cases.map(({ examinations }) => examinations));
  const where = (i: number) => `answers, id ${JSON.stringify(cases[i]!.id)}`;
  const numbers = tableOf(
    cases.map(({ examinations }, i) => numbersOf(examinations, kinds, where(i))),
    where,
  );
  return { labelled, table: { ...numbers, wrong, groups, indicators: true } };
}
