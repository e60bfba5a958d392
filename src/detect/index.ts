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
  CONSISTENCY_KINDS,
  type ConsistencyOptions,
  detectConsistency,
} from "./consistency/index.ts";
export * from "./finding.ts";
export {
  detectPatterns,
  PATTERN_KINDS,
  PATTERN_WEIGHTS,
  type PatternKind,
  type PatternOptions,
} from "./patterns/index.ts";
export { type AnswerWatch, type WatchAnswerOptions, watchAnswer } from "./watch.ts";
