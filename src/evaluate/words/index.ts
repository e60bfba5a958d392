export { BOUNDARY_RULES, type BoundaryRule } from "./boundaries.ts";
export { type ItemRow, type ReadItemsOptions, readItems } from "./items.ts";
export { type ScoredWord, type ScoreWordsOptions, scoreWords, type WordScore } from "./score-words.ts";
export { type WordSpan, wordSpans } from "./segment.ts";
