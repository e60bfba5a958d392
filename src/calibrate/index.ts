/** Whether a probability means what it says, and how to make it so: measures, calibrators, guarantees, artefacts. */
export * from "./artefact/index.ts";

export * from "./calibrators/index.ts";
export { type ConformalQuantile, conformalQuantile } from "./conformal/quantile.ts";
export {
  fitPredictionSets,
  type PredictionSetOptions,
  type PredictionSets,
  type PredictOptions,
  predictionSet,
  type SetMethod,
} from "./conformal/sets.ts";
export {
  type DriftReading,
  DriftWatch,
  type DriftWatchOptions,
} from "./drift/martingale.ts";
export { type TwoSampleTest, twoSampleTest } from "./drift/two-sample.ts";
export * from "./measures/index.ts";
export {
  type ProxyModel,
  type ProxyOptions,
  type ProxyScore,
  type ProxyScoreOptions,
  proxy,
} from "./proxy/proxy.ts";
export { type FitProxyOptions, fitProxy } from "./proxy/proxy-artefact.ts";
export {
  applyProxyCalibration,
  calibrateProxy,
  type ProxyCalibration,
  type ProxyEstimate,
  type ProxyLine,
  type ProxyPair,
} from "./proxy/proxy-calibration.ts";
export {
  type AnswersNeededOptions,
  answersNeeded,
  clopperPearson,
  fewestAnswers,
  type RiskTest,
  riskPValue,
} from "./risk/bounds.ts";
export { fitRiskThreshold, type RiskThreshold, type RiskThresholdOptions } from "./risk/threshold.ts";
