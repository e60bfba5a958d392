/** Hallucination: what in an answer is suspected, why, and how surely. finding.ts is the contract. */

export {
  type ConfidentCase,
  type ConfidentError,
  type ConfidentErrorOptions,
  type ConfidentErrorReport,
  confidentErrors,
  type ErrorCatcher,
  type ShareOf,
} from "./confident-error.ts";
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
export * from "./retrieval/index.ts";
export * from "./series/index.ts";
