/** Calibrators: fitted to pairs or to options, kept as JSON, applied to new ones. */
export {
  applyCalibrator,
  type BetaCalibrator,
  type Calibrator,
  type HistogramCalibrator,
  type IsotonicCalibrator,
  type KindTemperatureCalibrator,
  type PlattCalibrator,
  type TemperatureCalibrator,
  temperatureOf,
} from "./calibrator.ts";
export { fitBeta, fitPlatt, type PlattOptions } from "./curves.ts";
export { crossCalibrated, groupFolds, singleFolds } from "./folds.ts";
export {
  fitModelTemperature,
  fitTopKTemperature,
  LogitTemperature,
  type ModelTemperature,
  type ModelTemperatureOptions,
  type TopK,
  temperedTopK,
} from "./logits.ts";
export { fitHistogram, fitIsotonic } from "./steps.ts";
export {
  fitPairTemperature,
  fitTemperature,
  fitTemperatureByKind,
  type OptionLogprobs,
  temperedProbabilities,
} from "./temperature.ts";
