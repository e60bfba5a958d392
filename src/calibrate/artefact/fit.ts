/** From labelled answers to an artefact. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { packageVersion } from "../../evaluate/runs/index.ts";
import {
  applyCalibrator,
  type Calibrator,
  fitBeta,
  fitHistogram,
  fitIsotonic,
  fitPairTemperature,
  fitPlatt,
  fitTemperature,
  fitTemperatureByKind,
  groupFolds,
  singleFolds,
  temperatureOf,
} from "../calibrators/index.ts";
import {
  type CalibrationReport,
  type MeasureCalibrationOptions,
  measureCalibration,
  type Pairs,
  requireCount,
  type Tally,
  tallyOf,
  topLabelPairs,
} from "../measures/index.ts";
import {
  answerRowsOf,
  hasOptions,
  type LabelledAnswers,
  lengthOf,
  optionAnswers,
  pairsOf,
  pickAnswers,
} from "./answers.ts";
import {
  CALIBRATION_SCHEMA,
  type CalibrationArtefact,
  type CalibrationIdentity,
  type CalibrationParameters,
  type FittedOn,
  type KeptMeasures,
  UNKNOWN_IDENTITY,
} from "./artefact.ts";
import { rowsSha256 } from "./hash.ts";

/** Kinds of calibrators that `fitCalibration` fits. */
export const CALIBRATOR_KINDS: readonly Calibrator["kind"][] = [
  "temperature",
  "temperature-by-kind",
  "platt",
  "beta",
  "isotonic",
  "histogram",
];

/** Options of `fitCalibration`. */
export interface FitCalibrationOptions extends MeasureCalibrationOptions {
  /** Default "temperature". */
  kind?: Calibrator["kind"] | undefined;
  /** Folds, disjoint in groups, by which `after` is measured; at least 2. Default 5. */
  folds?: number | undefined;
  /** Fewest right and fewest wrong answers. Default 30. */
  leastPerClass?: number | undefined;
  /** What gave the answers. Default: not known. */
  identity?: Partial<CalibrationIdentity> | undefined;
}

/** A fitted artefact, and the reports of which it keeps the measures. */
export interface FittedCalibration {
  artefact: CalibrationArtefact<Calibrator>;
  before: CalibrationReport;
  /** Each answer by a calibrator fitted to other folds. */
  after: CalibrationReport;
}

/**
 * Fits a calibrator to labelled answers and makes an artefact of it: measures before, and after on answers that the calibrator
 * has not seen.
 *
 * Of options, a temperature is fitted to all of them; the other kinds to the confidence in the most probable one.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming the number that is missing of right or wrong answers; INVALID_ARGUMENT,
 *   EMPTY_INPUT as the calibrators.
 */
export function fitCalibration(
  answers: LabelledAnswers,
  options: FitCalibrationOptions = {},
): FittedCalibration {
  const { kind = "temperature", folds = 5, leastPerClass = 30, identity, seed = 0 } = options;
  requireCount(leastPerClass, "leastPerClass", 1);
  const n = lengthOf(answers);
  const pairs = pairsOf(answers);
  const tally = tallyOf(pairs);
  requireEnough(tally, leastPerClass);
  const parameters = fitted(kind, answers, pairs);
  const places = answers.groups
    ? groupFolds(answers.groups, { folds, seed })
    : singleFolds(n, { folds, seed });
  if (kind === "temperature-by-kind") requireKinds(answers, places, leastPerClass);
  const outOfFold: (number | null)[] = new Array(n).fill(null);
  const rightOutOfFold: (boolean | number | null)[] = Array.from(pairs.correct);
  for (let fold = 0; fold < folds; fold++) {
    const [others, own]: [number[], number[]] = [[], []];
    for (let i = 0; i < n; i++) (places[i] === fold ? own : others).push(i);
    const rest = pickAnswers(answers, others);
    const part = pickAnswers(answers, own);
    const calibrated = calibratedPairs(fitted(kind, rest, pairsOf(rest)), part);
    for (const [k, i] of own.entries()) {
      outOfFold[i] = calibrated.scores[k] ?? null;
      rightOutOfFold[i] = calibrated.correct[k] ?? null;
    }
  }
  const groups = answers.groups;
  const before = measureCalibration({ ...pairs, groups }, options);
  const after = measureCalibration({ scores: outOfFold, correct: rightOutOfFold, groups }, options);
  const measures = { before: kept(before), after: kept(after), folds };
  const artefact = makeArtefact(parameters, describeAnswers(answers), {
    measures,
    identity,
    reference: scoresOf(tally),
  });
  return { artefact, before, after };
}

/** Calibrated confidences of answers; of options under a temperature, in the most probable one. */
export function calibratedPairs(calibrator: Calibrator, answers: LabelledAnswers): Pairs {
  const isTemperature = calibrator.kind === "temperature" || calibrator.kind === "temperature-by-kind";
  if (isTemperature && hasOptions(answers))
    return topLabelPairs(optionAnswers(answers, (i) => temperatureOf(calibrator, answers.kinds?.[i])));
  const pairs = pairsOf(answers);
  return {
    ...pairs,
    scores: Array.from(pairs.scores, (score, i) =>
      score === null ? null : applyCalibrator(calibrator, score, answers.kinds?.[i]),
    ),
  };
}

function fitted(kind: Calibrator["kind"], answers: LabelledAnswers, pairs: Pairs): Calibrator {
  switch (kind) {
    case "temperature":
      return hasOptions(answers) ? fitTemperature(answers) : fitPairTemperature(pairs);
    case "temperature-by-kind": {
      const { kinds } = answers;
      if (kinds === undefined)
        throw invalidArgument(
          "The kinds of the questions are missing",
          "kinds",
          "Give the kind of each, or fit one temperature.",
        );
      return fitTemperatureByKind(hasOptions(answers) ? answers : asOptions(pairs), kinds);
    }
    case "platt":
      return fitPlatt(pairs);
    case "beta":
      return fitBeta(pairs);
    case "isotonic":
      return fitIsotonic(pairs);
    case "histogram":
      return fitHistogram(pairs, { binning: "equal-mass", bins: "cube-root" });
    default:
      throw invalidArgument(
        `There is no calibrator "${String(kind)}"`,
        "kind",
        `Give ${CALIBRATOR_KINDS.join(", ")}.`,
      );
  }
}

/** One claim as two options: it holds, it does not. Claims of 0 and 1 are taken for 1e-12 from them. */
function asOptions({ scores, correct }: Pairs): { logprobs: (number[] | null)[]; labels: (number | null)[] } {
  const near = (p: number) => Math.log(Math.max(1e-12, p));
  return {
    logprobs: Array.from(scores, (p) => (p === null ? null : [near(p), near(1 - p)])),
    labels: Array.from(correct, (right) => (right === null ? null : Number(right) === 1 ? 0 : 1)),
  };
}

/** @throws SurprisalError CALIBRATION_TOO_SMALL */
function requireEnough({ totalRight, n }: Tally, least: number): void {
  const lacking = (
    [
      ["right", totalRight],
      ["wrong", n - totalRight],
    ] as const
  ).filter(([, count]) => count < least);
  if (lacking.length === 0) return;
  throw new SurprisalError({
    code: "CALIBRATION_TOO_SMALL",
    what: lacking
      .map(
        ([name, count]) => `${count} answers are ${name}: ${least - count} more are needed to have ${least}`,
      )
      .join("; "),
    where: "answers",
    wayOut: "Label more answers, or ask for fewer (leastPerClass, --least) and trust the result less.",
  });
}

/** Each kind of question has enough answers, and some of it in two folds at least. @throws SurprisalError CALIBRATION_TOO_SMALL */
function requireKinds({ kinds = [] }: LabelledAnswers, places: Int32Array, least: number): void {
  const found = new Map<string, { count: number; folds: Set<number> }>();
  for (const [i, kind] of kinds.entries()) {
    const each = found.get(kind) ?? { count: 0, folds: new Set() };
    found.set(kind, each);
    each.count++;
    each.folds.add(places[i]!);
  }
  for (const [kind, { count, folds }] of found)
    if (count < least || folds.size < 2)
      throw new SurprisalError({
        code: "CALIBRATION_TOO_SMALL",
        what:
          count < least
            ? `${count} answers are of the kind "${kind}": ${least - count} more are needed to have ${least}`
            : `All answers of the kind "${kind}" are of one group: one more group is needed`,
        where: "kinds",
        wayOut: "Label more answers of that kind, or fit one temperature for all.",
      });
}

/**
 * What a calibration of these answers is fitted to: counts, groups, kinds, digest.
 * @throws SurprisalError INVALID_ARGUMENT, EMPTY_INPUT as `measureCalibration`.
 */
export function describeAnswers(answers: LabelledAnswers): FittedOn {
  const pairs = pairsOf(answers);
  const { n, totalRight } = tallyOf(pairs);
  const kinds = new Map<string, number>(); // a kind may be called "constructor"
  for (const kind of answers.kinds ?? []) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return {
    n,
    right: totalRight,
    wrong: n - totalRight,
    missing: lengthOf(answers) - n,
    groups: answers.groups ? groupsOf(answers.groups, pairs) : null,
    kinds: answers.kinds ? Object.fromEntries(kinds) : null,
    sha256: rowsSha256(answerRowsOf(answers)),
  };
}

/** Groups with an answer that counts. */
function groupsOf(groups: ArrayLike<string | number>, { scores, correct }: Pairs): number {
  const found = new Set<string | number>();
  for (let i = 0; i < groups.length; i++)
    if (scores[i] !== null && correct[i] !== null) found.add(groups[i]!);
  return found.size;
}

/** Fields of an artefact that are not always known. */
export interface ArtefactOptions {
  /** Default: none, as of a threshold. */
  measures?: CalibrationArtefact["measures"];
  /** Default: not known. */
  identity?: Partial<CalibrationIdentity> | undefined;
  /** Scores it was fitted to, ascending: at most 1,000 are kept, evenly picked. Default: none. */
  reference?: ArrayLike<number> | undefined;
}

/**
 * An artefact of parameters that are fitted already, such as prediction sets or a threshold.
 * @param fittedOn see `describeAnswers`.
 */
export function makeArtefact<Parameters extends CalibrationParameters>(
  parameters: Parameters,
  fittedOn: FittedOn,
  { measures = null, identity, reference = [] }: ArtefactOptions = {},
): CalibrationArtefact<Parameters> {
  return {
    schema: CALIBRATION_SCHEMA,
    kind: parameters.kind,
    parameters,
    fittedOn,
    measures,
    identity: { ...UNKNOWN_IDENTITY, ...identity },
    reference: picked(reference),
    madeBy: packageVersion(),
  };
}

const MOST_REFERENCE = 1000;

function picked(sorted: ArrayLike<number>): number[] {
  const most = Math.min(sorted.length, MOST_REFERENCE);
  return Array.from({ length: most }, (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / most)]!);
}

/** Every score of a tally, ascending. */
function scoresOf({ values, right, wrong, n }: Tally): Float64Array {
  const scores = new Float64Array(n);
  let next = 0;
  for (let j = 0; j < values.length; j++) {
    const end = next + right[j]! + wrong[j]!;
    scores.fill(values[j]!, next, end);
    next = end;
  }
  return scores;
}

const kept = ({ n, measures, noiseFloor, intervals, binning }: CalibrationReport): KeptMeasures => ({
  n,
  measures,
  noiseFloor,
  intervals,
  binning,
});
