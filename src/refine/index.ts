/** Which steps of a reasoning a model needs, and chains without the others. */
export {
  type ChainParts,
  type ChainStep,
  chainText,
  type ReasoningChain,
  reasoningChain,
  reasoningText,
} from "./chain.ts";
export * from "./dataset/index.ts";
export {
  type DanglingReference,
  danglingReferences,
  describeReference,
  type Expression,
  type Item,
  readExpression,
  type StepGraph,
  type StepGraphOptions,
  type StepNode,
  type StepReference,
  sameExpression,
  stepGraph,
} from "./graph/index.ts";
export {
  type ImportanceOptions,
  type ImportanceReport,
  type ScoreSummary,
  type StepImportance,
  stepImportance,
} from "./importance.ts";
export {
  MERGE_PROMPT,
  type MergeRequest,
  type Merger,
  type RewriteOptions,
  rewriteMerger,
  substituteStep,
} from "./merge/index.ts";
export * from "./prune/index.ts";
export { type Change, MEASURES, type MeasureScope } from "./score/measure.ts";
export type { ScoringOptions } from "./score/score-chains.ts";
export {
  SEGMENTATIONS,
  type Segmentation,
  type SegmentationName,
  type SegmentBy,
  type SegmentedStep,
  segment,
} from "./segment/index.ts";
