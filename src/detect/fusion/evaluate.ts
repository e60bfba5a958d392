/** Whether fusing is worth it: the fused model on answers that it has not seen, beside each signal alone. */
import {
  compareRankings,
  type KeptMeasures,
  type MeasureBootstrapOptions,
  type MeasureEstimate,
  measureCalibration,
  type RankingMeasureName,
} from "../../calibrate/index.ts";
import { invalidArgument } from "../../core/index.ts";
import { SIGNALS } from "../finding.ts";
import { heldOutProbabilities, requireNumber } from "../learn/index.ts";
import { type FusionFitOptions, fusionTable, type LabelledExaminations } from "./fit.ts";

/** Options of `evaluateFusion`. */
export interface EvaluateFusionOptions extends FusionFitOptions {
  /** Other numbers of each answer, by name and then by the answer's id: higher = more suspicious. Such as its number of words. */
  baselines?: Readonly<Record<string, ReadonlyMap<string, number | null>>> | undefined;
}

/** The fused model beside one signal, on the answers that have a number of it. */
export interface FusedAgainst {
  /** A signal, or the name of a baseline. */
  name: string;
  n: number;
  right: number;
  /** Answers that it has no number for. */
  missing: number;
  /** How well the fused model orders these answers, right before wrong. */
  fused: Record<RankingMeasureName, MeasureEstimate>;
  single: Record<RankingMeasureName, MeasureEstimate>;
  /** Fused less single, on the same resamples. An interval above 0: fusing wins. */
  difference: Record<RankingMeasureName, MeasureEstimate>;
}

/** What fusing is worth. */
export interface FusionEvaluation {
  n: number;
  right: number;
  /** Answers without a label. */
  missing: number;
  groups: number;
  folds: number;
  /** Of the held-out probability that an answer is right. */
  calibration: KeptMeasures;
  /** Highest AUROC of the single first; those that no answer has a number for are left out. */
  against: readonly FusedAgainst[];
  /** Name of the single with the highest AUROC among the signals, baselines aside; `null`: there is none. */
  bestSingle: string | null;
  /** By id: probability of being wrong, by a model that nothing of the answer's fold was fitted to. */
  heldOut: ReadonlyMap<string, number>;
}

/**
 * Fits the fused model to all folds but one, penalty and calibrator included, says what it says of the one, and compares that
 * with each signal's own suspicion: bootstrap over groups, both on the same resamples.
 * @throws SurprisalError as `fitFusion`; INVALID_ARGUMENT for a baseline that is called as a signal.
 */
export function evaluateFusion(
  answers: readonly LabelledExaminations[],
  options: EvaluateFusionOptions = {},
): FusionEvaluation {
  const { folds = 5, seed = 0, baselines = {}, resamples, level } = options;
  const taken = Object.keys(baselines).find(
    (name) => name === "fused" || SIGNALS.some((each) => each === name),
  );
  if (taken !== undefined)
    throw invalidArgument(`A baseline is called ${taken}`, "baselines", "Give it a name of its own.");
  const { labelled, table } = fusionTable(answers, options);
  const { cases, groups, missing } = labelled;
  const wrong = heldOutProbabilities(table, { folds, seed });
  const correct = cases.map((each) => each.correct);
  const report = measureCalibration({ scores: wrong.map((p) => 1 - p), correct, groups }, options);
  const bootstrap: MeasureBootstrapOptions = { resamples, level, seed };
  const columns = [
    ...SIGNALS.map((name) => ({
      name: name as string,
      column: cases.map(
        ({ examinations }) => examinations.find(({ signal }) => signal === name)?.suspicion ?? null,
      ),
    })),
    ...Object.entries(baselines).map(([name, numbers]) => ({
      name,
      column: cases.map(({ id }) => numbers.get(id) ?? null),
    })),
  ];
  const against = columns
    .filter(({ column }) => column.some((value) => value !== null))
    .map(({ name, column }): FusedAgainst => {
      const single = column.map((value, i) => (value === null ? null : ranked(value, name, cases[i]!.id)));
      const comparison = compareRankings({ methods: { fused: wrong, single }, correct, groups }, bootstrap);
      return {
        name,
        n: comparison.n,
        right: comparison.right,
        missing: comparison.missing.single!,
        fused: comparison.methods.fused!,
        single: comparison.methods.single!,
        difference: comparison.differences[0]!.measures,
      };
    })
    .toSorted((a, b) => (b.single.auroc.value ?? 0) - (a.single.auroc.value ?? 0));
  const { n, measures, noiseFloor, intervals, binning } = report;
  return {
    n,
    right: report.right,
    missing,
    groups: new Set(groups).size,
    folds: Math.min(folds, new Set(groups).size),
    calibration: { n, measures, noiseFloor, intervals, binning },
    against,
    bestSingle: against.find(({ name }) => SIGNALS.some((each) => each === name))?.name ?? null,
    heldOut: new Map(cases.map(({ id }, i) => [id, wrong[i]!])),
  };
}

/** Infinite is the largest number there is. */
function ranked(value: number, name: string, id: string): number {
  requireNumber(value, name, `answers, id ${JSON.stringify(id)}`);
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value));
}
