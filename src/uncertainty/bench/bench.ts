/** What methods are worth on the same answers: order, calibration on held-out folds, and ranks that ties share. */
import {
  applyCalibrator,
  type Calibrator,
  compareRankings,
  fitBeta,
  fitIsotonic,
  fitPlatt,
  groupFolds,
  type MeasureBootstrapOptions,
  type MeasureEstimate,
  measureCalibrationError,
  type Pairs,
  type RankingDifference,
  singleFolds,
} from "../../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../../core/index.ts";

/** Calibrators that are fitted to held-out folds, by name. */
export const CALIBRATORS: Readonly<Record<"platt" | "beta" | "isotonic", (pairs: Pairs) => Calibrator>> = {
  platt: fitPlatt,
  beta: fitBeta,
  isotonic: fitIsotonic,
};
/** One of CALIBRATORS. */
export type HeldOutCalibrator = keyof typeof CALIBRATORS;

/** Answers with a number of every method, in columns of one length. */
export interface BenchAnswers {
  /** [n] of each method, by its name: any number, higher = more uncertain, also infinite; `null` = it has none. */
  methods: Readonly<Record<string, readonly (number | null)[]>>;
  /** [n] `null` = not known. */
  correct: readonly (boolean | null)[];
  /** [n] answers that are resampled together and never stand on both sides of a split. Default: each for itself. */
  groups?: readonly (string | number)[] | undefined;
}

/** Options of `benchMethods`. */
export interface BenchOptions extends MeasureBootstrapOptions {
  /** Folds of the calibration, 2 ... number of groups. Default 5. */
  folds?: number | undefined;
  /** What makes probabilities of the numbers. Default "platt". */
  calibrator?: HeldOutCalibrator | undefined;
}

/** One method. */
export interface BenchedMethod {
  name: string;
  /** 1 more than the number of methods that are told apart from it and better: methods share a rank. */
  rank: number;
  /** Methods it is not told apart from: the interval of the paired difference of the AUROC has 0 in it. */
  tied: string[];
  /** 0.5 says nothing, 1 orders all right before all wrong; below 0.5 the order is upside down. */
  auroc: MeasureEstimate;
  /** Average precision of finding wrong answers; by chance the share of wrong ones. */
  auprcWrong: MeasureEstimate;
  /** Average precision of finding right answers. */
  auprcRight: MeasureEstimate;
  /** Prediction rejection ratio over all coverages: 1 the best order, 0 chance. */
  prr: MeasureEstimate;
  aurc: MeasureEstimate;
  /**
   * Expected calibration error, 15 bins of equal width, of probabilities that a calibrator fitted to the other folds gave; `null`
   * where folds cannot be made, such as of one group.
   */
  ece: MeasureEstimate | null;
  /** What `ece` is of perfectly calibrated probabilities, for want of more answers: their mean. */
  eceFloor: number | null;
  /** Why there is no `ece`. */
  eceReason?: string | undefined;
  /** Answers with a label that it has no number for; they are in no method's measures. */
  missing: number;
}

/** What `benchMethods` finds. */
export interface Benched {
  /** Answers that were measured: with a label, and a number of each method of the table. */
  n: number;
  right: number;
  missingLabels: number;
  /** Groups that were resampled; `null`: each answer for itself. */
  groups: number | null;
  /** Methods without any number, which are not in the table. */
  silent: string[];
  /** By rank, then by AUROC. */
  methods: BenchedMethod[];
  /** Every two methods of the table, first less second. */
  differences: RankingDifference[];
  folds: number;
  calibrator: HeldOutCalibrator;
}

/** Simulations of an error's floor. */
const SIMULATIONS = 200;

/**
 * Measures methods on the answers that all of them have a number for, so that they are compared on the same ones.
 *
 * Calibration: in each fold a number becomes the share of the other folds' answers that are more uncertain, which every scale
 * allows, and a calibrator fitted to the other folds makes a probability of that.
 * @throws SurprisalError INVALID_ARGUMENT for columns of other lengths; EMPTY_INPUT where no answer has a label and all numbers.
 */
export function benchMethods(
  { methods, correct, groups }: BenchAnswers,
  { folds = 5, calibrator = "platt", ...options }: BenchOptions = {},
): Benched {
  if (!Object.hasOwn(CALIBRATORS, calibrator))
    throw invalidArgument(
      `There is no calibrator "${String(calibrator)}"`,
      "calibrator",
      `Give one of ${Object.keys(CALIBRATORS).join(", ")}.`,
    );
  const names = Object.keys(methods);
  const isSilent = (name: string) =>
    correct.every((label, i) => label === null || (methods[name]![i] ?? null) === null);
  const silent = names.filter(isSilent);
  const said = names.filter((name) => !silent.includes(name));
  if (said.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "No method has a number of an answer with a label",
      where: "methods",
      wayOut: "Give answers with labels, and methods that can judge them.",
    });
  const finite = Object.fromEntries(said.map((name) => [name, finiteOrder(methods[name]!)]));
  const rows = correct.flatMap((label, i) =>
    label === null || said.some((name) => finite[name]![i] === null) ? [] : [i],
  );
  if (rows.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: `No answer with a label has a number of every method: ${said.join(", ")}`,
      where: "methods",
      wayOut: "Measure fewer methods at once: those that judge the same answers.",
    });
  const found = compareRankings({ methods: finite, correct, groups }, options);
  const labels = rows.map((i) => correct[i]!);
  const together = groups && rows.map((i) => groups[i]!);
  const order = ordered(said, found.differences);
  return {
    ...{ n: found.n, right: found.right, missingLabels: found.missingLabels, groups: found.groups },
    silent,
    methods: said
      .map((name): BenchedMethod => {
        const { auroc, auprcRight, auprcWrong, prr, aurc } = found.methods[name]!;
        const pairs = { scores: rows.map((i) => -finite[name]![i]!), correct: labels, groups: together };
        return {
          name,
          ...order.get(name)!,
          ...{ auroc, auprcWrong, auprcRight, prr, aurc },
          ...calibrationOf(pairs, { folds, calibrator, ...options }),
          missing: correct.filter((label, i) => label !== null && finite[name]![i] === null).length,
        };
      })
      .sort((a, b) => a.rank - b.rank || (b.auroc.value ?? -1) - (a.auroc.value ?? -1)),
    differences: found.differences,
    ...{ folds, calibrator },
  };
}

/** Infinities as numbers beyond all others: the order is theirs. Missing is `null`, NaN too. */
export function finiteOrder(values: readonly (number | null)[]): (number | null)[] {
  const known = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  const least = known.reduce((low, each) => Math.min(low, each), 0);
  const most = known.reduce((high, each) => Math.max(high, each), 0);
  const span = Math.max(1, most - least); // beyond the greatest also where 1 is lost beside it
  return values.map((value) => {
    if (value === null || value === undefined || Number.isNaN(value)) return null;
    return value === Infinity ? most + span : value === -Infinity ? least - span : value;
  });
}

/** Of each method: how many better ones are told apart from it, and which are not told apart. */
function ordered(
  names: readonly string[],
  differences: readonly RankingDifference[],
): Map<string, Pick<BenchedMethod, "rank" | "tied">> {
  const order = new Map(names.map((name) => [name, { rank: 1, tied: [] as string[] }]));
  for (const { first, second, measures } of differences) {
    const { low, high } = measures.auroc;
    if (low !== null && low > 0) order.get(second)!.rank++;
    else if (high !== null && high < 0) order.get(first)!.rank++;
    else {
      order.get(first)!.tied.push(second);
      order.get(second)!.tied.push(first);
    }
  }
  return order;
}

/** ECE of held-out probabilities. */
function calibrationOf(
  pairs: Pairs & { scores: readonly number[] },
  { folds, calibrator, ...options }: BenchOptions & { folds: number; calibrator: HeldOutCalibrator },
): Pick<BenchedMethod, "ece" | "eceFloor" | "eceReason"> {
  try {
    const scores = heldOut(pairs, folds, calibrator, options.seed ?? 0);
    const { error, floor } = measureCalibrationError(
      { ...pairs, scores },
      { ...options, simulations: SIMULATIONS },
    );
    return { ece: error, eceFloor: floor.mean };
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    return { ece: null, eceFloor: null, eceReason: `${error.what}.` };
  }
}

/** [n] probabilities of being right, each by a calibrator that was fitted to the other folds. */
function heldOut(
  { scores, correct, groups }: Pairs & { scores: readonly number[] },
  folds: number,
  calibrator: HeldOutCalibrator,
  seed: number,
): number[] {
  const fold = groups ? groupFolds(groups, { folds, seed }) : singleFolds(scores.length, { folds, seed });
  const calibrated = new Array<number>(scores.length).fill(0);
  for (let k = 0; k < folds; k++) {
    const others = Array.from(fold.keys()).filter((i) => fold[i] !== k);
    const sorted = Float64Array.from(others, (i) => scores[i]!).sort();
    const fitted: Calibrator = CALIBRATORS[calibrator]({
      scores: others.map((i) => shareBelow(sorted, scores[i]!)),
      correct: others.map((i) => correct[i]!),
    });
    for (const i of fold.keys())
      if (fold[i] === k) calibrated[i] = applyCalibrator(fitted, shareBelow(sorted, scores[i]!));
  }
  return calibrated;
}

/** Share of rising numbers that lie below, those that are equal counting half; kept within 0 and 1. */
function shareBelow(sorted: Float64Array, value: number): number {
  const below = countBelow(sorted, value, false);
  const upTo = countBelow(sorted, value, true);
  return ((below + upTo) / 2 + 0.5) / (sorted.length + 1);
}

function countBelow(sorted: Float64Array, value: number, withEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value || (withEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
