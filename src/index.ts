/**
 * `surprisal`: how surprised a language model is, by what it reads and by what it writes.
 *
 * What most programs need. Each room has an entry with the rest: `surprisal/core`, `/models`, `/servers`, `/evaluate`,
 * `/calibrate`, `/decide`, `/report`, `/charts`, `/openai`, `/ai-sdk`, `/problems`, `/test`. test/exports.test.ts lists every name.
 */
import { perplexity as perplexityOf } from "./core/index.ts";
import { computePerplexity } from "./evaluate/index.ts";

export { type ProxyModel, type ProxyOptions, proxy } from "./calibrate/index.ts";
export {
  ERROR_CODES,
  type ErrorCode,
  type MeterOptions,
  type MeterReading,
  type MonitoredTokens,
  type MonitorOptions,
  monitorTokens,
  PerplexityMeter,
  type Policy,
  type PolicyEvent,
  type PolicyText,
  parsePolicy,
  policy,
  RECIPES,
  type Recipe,
  type RecipeName,
  type RecipeOption,
  SurprisalError,
  type SurprisalErrorOptions,
  type TokenRecord,
} from "./core/index.ts";
export {
  type DecideOptions,
  type DecideRequest,
  type Decisions,
  decide,
  type Question,
} from "./decide/index.ts";
export {
  type CompareOptions,
  type Comparison,
  type ComputedPerplexity,
  type ComputeOptions,
  type Corpus,
  compareModels,
  type EvaluateHandlers,
  type EvaluateOptions,
  evaluate,
  type OpenCorporaOptions,
  openCorpora,
  type ReadTaskOptions,
  type Run,
  type RunTaskOptions,
  readTask,
  resumeEvaluation,
  runTask,
  type ScoreTextOptions,
  scoreText,
  scoreTexts,
  type Task,
  type TaskResult,
  type TextScore,
} from "./evaluate/index.ts";
export {
  DEFAULT_MODEL,
  type Embedding,
  type EmbeddingModel,
  type LanguageModel,
  type LlamaLoadOptions,
  LlamaModel,
  listModels,
  type ModelInfo,
  type OpenAIOptions,
  type ProbeReport,
  probe,
  type ResolveEmbeddingOptions,
  type ResolveOptions,
  resolve,
  resolveEmbedding,
  type ServerOptions,
} from "./models/index.ts";

/** `perplexity(logprobs)` of numbers at hand, and Evaluate-style `perplexity.compute({ model, predictions })`. */
export const perplexity: typeof perplexityOf & {
  compute: typeof computePerplexity;
} = Object.assign((logprobs: Iterable<number | null>) => perplexityOf(logprobs), {
  compute: computePerplexity,
});
