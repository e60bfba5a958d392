export { type DifferenceBlocks, type PairedRatio, pairedRatio } from "./blocks.ts";
export type { BitsPerByte, ByteMeasures, ChangedSpan } from "./byte-comparison.ts";
export {
  type CompareOptions,
  type CompareProgress,
  type Comparison,
  compareModels,
  type ModelComparison,
} from "./compare-models.ts";
export { type LockstepPiece, lockstep } from "./lockstep.ts";
export type { Place } from "./most-changed.ts";
export type { PairedErrorMethod } from "./paired-errors.ts";
export {
  type Choice,
  type Resolution,
  resolutionOf,
  SMALL_DIFFERENCE,
  type UndecidedPair,
  WIDE_TEXT,
} from "./resolution.ts";
export { type SharedTokens, sharedTokens } from "./same-tokens.ts";
export type { ChangedToken, TokenMeasures } from "./token-comparison.ts";
