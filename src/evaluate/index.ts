export { type CompressionBaselines, compressionBaselines } from "./compression.ts";
export { type ComputedPerplexity, type ComputeOptions, computePerplexity } from "./perplexity.ts";
export { type DecodedText, decodeText } from "./read-text.ts";
export {
  type ScoreProgress,
  type ScoreTextOptions,
  scoreText,
  scoreTexts,
  type TextScore,
} from "./score-text.ts";
