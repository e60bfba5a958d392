/** What fitted detectors keep beside their parameters. Internal to this room. */
import {
  type CalibrationIdentity,
  type FittedOn,
  type KeptMeasures,
  type MeasureCalibrationOptions,
  measureCalibration,
  requireCount,
  rowsSha256,
} from "../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../core/index.ts";
import { packageVersion } from "../evaluate/runs/index.ts";

/** The form of this version. A file of a higher number is refused. */
export const DETECTOR_SCHEMA = "surprisal.detector/1";

/** What stands beside the parameters of every fitted detector. */
export interface DetectorFacts {
  schema: typeof DETECTOR_SCHEMA;
  fittedOn: FittedOn;
  identity: CalibrationIdentity;
  /**
   * Of the probability that an answer is right, each answer by a fit that has seen nothing of its fold: penalty, weights and
   * calibrator.
   */
  measures: KeptMeasures;
  /** How many folds that was. */
  folds: number;
  /** Up to 1,000 of the same probabilities, ascending, evenly picked: what `DriftWatch` compares with. */
  reference: readonly number[];
  /** Version of surprisal that made it. */
  madeBy: string;
}

/** Options of every fit. */
export interface DetectorFitOptions extends MeasureCalibrationOptions {
  /** Folds, disjoint in groups, by which the penalty is chosen, the calibrator fitted and the result measured; at least 2. Default 5. */
  folds?: number | undefined;
  /** Fewest right and fewest wrong answers. Default 30. */
  leastPerClass?: number | undefined;
  /** What gave the numbers. Default: not known. */
  identity?: Partial<CalibrationIdentity> | undefined;
}

/** What every labelled answer has. */
export interface LabelledCase {
  /** Told apart by it: no id may be there twice. */
  id: string;
  /** Answers of one group, such as those to one question, never stand on both sides of a split. Default: its id. */
  group?: string | undefined;
  /** `null` = not known: it is left out. */
  correct: boolean | null;
}

/** Cases with a label, sorted by id: nothing depends on their order. */
export interface LabelledCases<Case extends LabelledCase> {
  cases: Case[];
  /** [n] 1 = wrong. */
  wrong: Uint8Array;
  groups: string[];
  /** Without a label. */
  missing: number;
}

/**
 * @throws SurprisalError INVALID_ARGUMENT for ids that are there twice and labels that say nothing, CALIBRATION_TOO_SMALL naming
 *   how many right, wrong answers or groups are missing.
 */
export function labelledCases<Case extends LabelledCase>(
  answers: readonly Case[],
  least: number = 30,
): LabelledCases<Case> {
  const ids = new Set<string>();
  for (const { id, correct } of answers) {
    if (ids.has(id))
      throw invalidArgument(
        `The id ${JSON.stringify(id)} is there twice`,
        "answers",
        "Give each answer an id of its own; what belongs together shares a group.",
      );
    ids.add(id);
    if (typeof correct !== "boolean" && correct !== null)
      throw invalidArgument(
        `${String(correct)} says neither right nor wrong`,
        `answers, id ${JSON.stringify(id)}`,
        "Give true, false, or null where it is not known.",
      );
  }
  const cases = answers.filter(({ correct }) => correct !== null).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const wrong = Uint8Array.from(cases, ({ correct }) => (correct ? 0 : 1));
  const groups = cases.map(({ id, group }) => group ?? id);
  requireCount(least, "leastPerClass", 1);
  requireEnough(wrong, groups, least);
  return { cases, wrong, groups, missing: answers.length - cases.length };
}

/** Groups that a fold can be held out of, and another within the rest. */
const FEWEST_GROUPS = 4;

function requireEnough(wrong: Uint8Array, groups: readonly string[], least: number): void {
  const wrongs = wrong.reduce((sum, label) => sum + label, 0);
  const lacking = [
    { what: "answers are right", count: wrong.length - wrongs, needed: least },
    { what: "answers are wrong", count: wrongs, needed: least },
    { what: "groups are there", count: new Set(groups).size, needed: FEWEST_GROUPS },
  ].filter(({ count, needed }) => count < needed);
  if (lacking.length === 0) return;
  throw new SurprisalError({
    code: "CALIBRATION_TOO_SMALL",
    what: lacking
      .map(
        ({ what, count, needed }) => `${count} ${what}: ${needed - count} more are needed to have ${needed}`,
      )
      .join("; "),
    where: "answers",
    wayOut: "Label more answers, or, in a program, ask for fewer (leastPerClass) and trust the result less.",
  });
}

/**
 * Facts of a fit.
 * @param right [n] held-out probabilities that each case is right.
 * @param rows what the digest is of, one of each case.
 */
export function detectorFacts(
  { cases, wrong, groups, missing }: LabelledCases<LabelledCase>,
  right: Float64Array,
  rows: Iterable<readonly unknown[]>,
  options: DetectorFitOptions,
): DetectorFacts {
  const correct = Array.from(wrong, (label) => label === 0);
  const wrongs = wrong.reduce((sum, label) => sum + label, 0);
  const report = measureCalibration({ scores: right, correct, groups }, options);
  const { n, measures, noiseFloor, intervals, binning } = report;
  return {
    schema: DETECTOR_SCHEMA,
    fittedOn: {
      n: cases.length,
      right: cases.length - wrongs,
      wrong: wrongs,
      missing,
      groups: new Set(groups).size,
      kinds: null,
      sha256: rowsSha256(rows),
    },
    identity: {
      model: null,
      tokenizer: null,
      wordingSha256: null,
      recipe: null,
      kernels: null,
      ...options.identity,
    },
    measures: { n, measures, noiseFloor, intervals, binning },
    folds: Math.min(options.folds ?? 5, new Set(groups).size),
    reference: evenlyPicked(right.toSorted()),
    madeBy: packageVersion(),
  };
}

const MOST_REFERENCE = 1000;

function evenlyPicked(sorted: Float64Array): number[] {
  const most = Math.min(sorted.length, MOST_REFERENCE);
  return Array.from({ length: most }, (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / most)]!);
}
