/** Several signals as one: places with their reasons, and how probable it is that the answer is wrong. */
export { DEFAULT_KIND_WEIGHTS, DEFAULT_WEIGHTS } from "./default-rule.ts";
export {
  type EvaluateFusionOptions,
  evaluateFusion,
  type FusedAgainst,
  type FusionEvaluation,
} from "./evaluate.ts";
export type { ExaminedText } from "./features.ts";
export { type FusionArtefact, type FusionFitOptions, fitFusion, type LabelledExaminations } from "./fit.ts";
export { type FusedAnswer, type FusedSpan, fuse, type SignalContribution } from "./fuse.ts";
