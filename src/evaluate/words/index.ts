export { BOUNDARY_RULES, type BoundaryRule } from "./boundaries.ts";
export { type ItemRow, type ReadItemsOptions, readItems } from "./items.ts";
export {
  type MinimalPair,
  PAIR_RULES,
  type PairRule,
  type PairSummary,
  type ScoredPair,
  type ScorePairsOptions,
  scorePairs,
  summarisePairs,
} from "./pairs.ts";
export { type ScoredWord, type ScoreWordsOptions, scoreWords, type WordScore } from "./score-words.ts";
export { type WordSpan, wordSpans } from "./segment.ts";
