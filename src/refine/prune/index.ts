export {
  type ComparedPruning,
  type ComparePruningsOptions,
  comparePrunings,
  type PruningComparison,
} from "./compare.ts";
export {
  type CutThresholds,
  DEFAULT_THRESHOLDS,
  type GreedyOptions,
  type PruneCandidate,
  type PruneRound,
  type StopRules,
} from "./greedy.ts";
export { STEP_PURPOSES, type StepPurpose, stepPurpose } from "./kinds.ts";
export {
  type KeepTarget,
  PRUNE_METHODS,
  type PruneMethod,
  type PruneStepsOptions,
  pruneSteps,
  reconstructionsOf,
  type StepPruning,
} from "./methods.ts";
export type { CutKind } from "./proposals.ts";
export {
  type CalibrationQuestion,
  type DemonstrationSet,
  type RefineDemonstrationsOptions,
  type RefinedDemonstrations,
  refineDemonstrations,
} from "./spirit-fs.ts";
export {
  type PrunedSample,
  type PruneSampleOptions,
  pruneSample,
  SPIRIT_RECONSTRUCTIONS,
  type StepFate,
} from "./spirit-ft.ts";
