/** All measures of a set of scores at once, each with its interval. */
import type { BinningOptions } from "./bins.ts";
import { binsOf, DEFAULT_BINS } from "./bins.ts";
import {
  bootstrapMeasures,
  type MeasureBootstrapOptions,
  type MeasureEstimate,
  resampleSlots,
} from "./bootstrap.ts";
import {
  averageOfBins,
  debiasedErrorOfBins,
  errorOfBins,
  sweptCalibrationError,
} from "./calibration-error.ts";
import { type RankingMeasureName, rankingMeasures } from "./measure-ranking.ts";
import { type NoiseFloor, noiseFloor } from "./noise-floor.ts";
import { type Pairs, type Tally, tallyOf } from "./pairs.ts";
import { type Confidence, confidenceOf, type Reliability, reliability } from "./reliability.ts";
import { type RiskCoveragePoint, riskCoverageCurve } from "./risk-coverage.ts";
import { baseRateLogLoss, corpDecomposition, logLoss, spiegelhalterTest } from "./scores.ts";
import { smoothCalibrationError } from "./smooth.ts";

/** A measure: what `docs/calibration.md` has a row for. */
export type CalibrationMeasureName =
  | RankingMeasureName
  | "meanConfidence"
  | "eceEqualWidth"
  | "eceEqualMass"
  | "eceSweep"
  | "aceEqualMass"
  | "rmsCalibrationError"
  | "mce"
  | "debiasedEceL2"
  | "smoothEce"
  | "brier"
  | "brierMiscalibration"
  | "brierDiscrimination"
  | "brierUncertainty"
  | "logLoss"
  | "baseRateLogLoss"
  | "spiegelhalterZ";

/** Those that noise only ever makes larger: their intervals are centred on the value. */
const ERRORS: ReadonlySet<string> = new Set<CalibrationMeasureName>([
  "eceEqualWidth",
  "eceEqualMass",
  "eceSweep",
  "aceEqualMass",
  "rmsCalibrationError",
  "mce",
  "debiasedEceL2",
  "smoothEce",
  "brierMiscalibration",
]);

/** Options of `measureCalibration`. */
export interface MeasureCalibrationOptions extends MeasureBootstrapOptions {
  /** Bins of the measures that have some, and of the diagram; each measure's name says equal width or mass. Default 15, right-closed. */
  bins?: BinningOptions["bins"];
  closed?: BinningOptions["closed"];
  outerEdge?: BinningOptions["outerEdge"];
  /** Simulations of the noise floor. Default 1000. */
  simulations?: number | undefined;
}

/** What a set of scores and labels says. */
export interface CalibrationReport {
  /** Pairs that were measured. */
  n: number;
  right: number;
  /** Left out, for want of a score or a label. */
  missingScores: number;
  missingLabels: number;
  /** Groups that were resampled; `null`: each pair for itself. */
  groups: number | null;
  measures: Record<CalibrationMeasureName, MeasureEstimate>;
  /** The bins of the measures that have some, and which edge is theirs. */
  binning: Required<Pick<BinningOptions, "bins" | "closed" | "outerEdge">>;
  /** How the intervals were made. */
  intervals: { level: number; resamples: number; over: "pairs" | "groups"; seed: number };
  /** Of `eceEqualWidth`. */
  noiseFloor: NoiseFloor;
  /** Two-sided, of `spiegelhalterZ`; `null` where nothing varies. */
  spiegelhalterPValue: number | null;
  confidence: Confidence;
  reliability: Reliability;
  riskCoverage: RiskCoveragePoint[];
}

/** Every measure of a tally, without intervals: one pass or two each, no sort. */
export function calibrationMeasures(
  tally: Tally,
  binning: Omit<BinningOptions, "binning"> = {},
): Record<CalibrationMeasureName, number | null> {
  const width: BinningOptions = { ...binning, binning: "equal-width" };
  const mass: BinningOptions = { ...binning, binning: "equal-mass" };
  const bins = binsOf(tally, width);
  const equal = binsOf(tally, mass);
  const corp = corpDecomposition(tally);
  const { accuracy, ...order } = rankingMeasures(tally);
  return {
    accuracy,
    meanConfidence: bins.claimed.reduce((sum, claimed) => sum + claimed, 0) / tally.n,
    eceEqualWidth: errorOfBins(bins, "l1"),
    eceEqualMass: errorOfBins(equal, "l1"),
    eceSweep: sweptCalibrationError(tally).error,
    aceEqualMass: averageOfBins(equal),
    rmsCalibrationError: errorOfBins(bins, "l2"),
    mce: errorOfBins(bins, "max"),
    debiasedEceL2: debiasedErrorOfBins(bins),
    smoothEce: smoothCalibrationError(tally).error,
    brier: corp.score,
    brierMiscalibration: corp.miscalibration,
    brierDiscrimination: corp.discrimination,
    brierUncertainty: corp.uncertainty,
    logLoss: logLoss(tally),
    baseRateLogLoss: baseRateLogLoss(tally),
    ...order,
    spiegelhalterZ: spiegelhalterTest(tally)?.z ?? null,
  };
}

/**
 * Measures scores in 0 ... 1 against what came of them: every measure with its bootstrap interval, the noise floor of the ECE,
 * the reliability diagram, and the risk-coverage curve.
 *
 * Cost: one sort, then a few passes for each resample: a million pairs with 200 resamples take half a minute at most.
 * @throws SurprisalError INVALID_ARGUMENT, EMPTY_INPUT as `tallyOf`.
 */
export function measureCalibration(pairs: Pairs, options: MeasureCalibrationOptions = {}): CalibrationReport {
  const { resamples = 200, seed = 0, level = 0.95, simulations, bins, closed, outerEdge } = options;
  const binning = { bins, closed, outerEdge };
  const tally = tallyOf(pairs);
  const slots = resampleSlots(pairs, tally);
  const measures = bootstrapMeasures(tally, slots, (each) => calibrationMeasures(each, binning), ERRORS, {
    resamples,
    seed,
    level,
  });
  return {
    n: tally.n,
    right: tally.totalRight,
    missingScores: tally.missingScores,
    missingLabels: tally.missingLabels,
    groups: slots.starts === null ? null : slots.starts.length - 1,
    measures,
    binning: { bins: bins ?? DEFAULT_BINS, closed: closed ?? "right", outerEdge: outerEdge ?? "inside" },
    intervals: { level, resamples, over: slots.starts === null ? "pairs" : "groups", seed },
    noiseFloor: noiseFloor(tally, { ...binning, simulations, seed, level, pairs }),
    spiegelhalterPValue: spiegelhalterTest(tally)?.pValue ?? null,
    confidence: confidenceOf(tally),
    reliability: reliability(tally, { ...binning, level }),
    riskCoverage: riskCoverageCurve(tally),
  };
}
