/** Measures of calibration and ranking: pure functions over counts by score. */
export { type BinningOptions, binsOf } from "./bins.ts";
export type { MeasureBootstrapOptions, MeasureEstimate } from "./bootstrap.ts";
export {
  averageCalibrationError,
  type CalibrationErrorOptions,
  debiasedCalibrationError,
  expectedCalibrationError,
  sweptCalibrationError,
} from "./calibration-error.ts";
export { requireCount, requireShare, requireSingles } from "./checks.ts";
export { type CumulativeTest, cumulativeTests } from "./cumulative.ts";
export { isotonicSteps } from "./isotonic.ts";
export {
  type CalibrationMeasureName,
  type CalibrationReport,
  calibrationMeasures,
  type MeasureCalibrationOptions,
  measureCalibration,
} from "./measure.ts";
export { measureCalibrationError } from "./measure-error.ts";
export {
  compareRankings,
  measureRanking,
  type RankedMethods,
  type RankingComparison,
  type RankingDifference,
  type RankingMeasureName,
  type RankingReport,
  type UncertainAnswers,
} from "./measure-ranking.ts";
export { type NoiseFloor, type NoiseFloorOptions, noiseFloor } from "./noise-floor.ts";
export {
  checkOptions,
  classWisePairs,
  type OptionAnswers,
  type OptionScores,
  optionScores,
  requireOption,
  topLabelPairs,
  topOption,
} from "./options.ts";
export {
  type Pairs,
  requireScore,
  type ScoreRange,
  type Tally,
  tallyOf,
} from "./pairs.ts";
export { auroc, averagePrecision } from "./ranking.ts";
export {
  type Confidence,
  confidenceOf,
  type PerplexityPairs,
  type PerplexityReliability,
  type Reliability,
  type ReliabilityBin,
  reliability,
  reliabilityOverPerplexity,
} from "./reliability.ts";
export {
  type RiskCoverage,
  type RiskCoveragePoint,
  riskCoverage,
  riskCoverageCurve,
} from "./risk-coverage.ts";
export {
  baseRateLogLoss,
  brierDecomposition,
  brierScore,
  type CorpDecomposition,
  corpDecomposition,
  logLoss,
  type MurphyDecomposition,
  type SpiegelhalterTest,
  spiegelhalterTest,
} from "./scores.ts";
export { type SmoothCalibrationError, smoothCalibrationError } from "./smooth.ts";
