/** `surprisal/ai-sdk`: the AI SDK's models (6 and 7) with perplexity, and an adapter that makes a model of this package one of theirs. */
export {
  type AskedCall,
  type LogprobEntry,
  type SurprisalLanguageModel,
  type SurprisalMiddleware,
  type SurprisalMiddlewareOptions,
  type SurprisalModelOptions,
  type SurprisalSummary,
  surprisalMiddleware,
  surprisalModel,
} from "../models/ai-sdk/index.ts";
