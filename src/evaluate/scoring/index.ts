export { ByteSurprisal, type ComparedSpan, compareSpans } from "./byte-surprisal.ts";
export { type CompressionBaselines, compressionBaselines } from "./compression.ts";
export {
  type Measure,
  type MeasureTable,
  readMeasures,
  type TableOf,
  TEXT_MEASURES,
  type TextMeasure,
  type TextValues,
  type Unit,
} from "./measures.ts";
export { type ComputedPerplexity, type ComputeOptions, computePerplexity } from "./perplexity.ts";
export { documentText, recipeTokens } from "./recipe-tokens.ts";
export {
  factsOf,
  type ScoreProgress,
  type ScoreTextOptions,
  scoreText,
  scoreTexts,
  type TextScore,
} from "./score-text.ts";
