/** Hallucination: what in an answer is suspected, why, and how surely. finding.ts is the contract. */

export {
  ANOMALY_KINDS,
  type AnomalyOptions,
  type ChangePointOptions,
  changePoints,
  detectAnomaly,
  type Segment,
} from "./anomaly/index.ts";
export {
  type ConfidentCase,
  type ConfidentError,
  type ConfidentErrorOptions,
  type ConfidentErrorReport,
  confidentErrors,
  type ErrorCatcher,
  type ShareOf,
} from "./confident-error.ts";
export {
  CONSISTENCY_KINDS,
  type ConsistencyOptions,
  detectConsistency,
} from "./consistency/index.ts";
export { type DetectorArtefact, loadDetector, parseDetector, saveDetector } from "./detector-file.ts";
export { type ExaminedBy, type ExamineOptions, examine, type FailedDetector } from "./examine.ts";
export * from "./finding.ts";
export {
  DETECTOR_SCHEMA,
  type DetectorFacts,
  type DetectorFitOptions,
  type LabelledCase,
} from "./fitted.ts";
export * from "./fusion/index.ts";
export {
  detectPatterns,
  PATTERN_KINDS,
  PATTERN_WEIGHTS,
  type PatternKind,
  type PatternOptions,
} from "./patterns/index.ts";
export * from "./retrieval/index.ts";
export * from "./series/index.ts";
export { type AnswerWatch, type WatchAnswerOptions, watchAnswer } from "./watch.ts";
