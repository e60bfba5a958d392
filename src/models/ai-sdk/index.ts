/**
 * `surprisal/ai-sdk`: the AI SDK's models with perplexity. One middleware for ai 6 and 7, and an adapter that makes a
 * model of this package one of theirs.
 */
export type { SurprisalSummary } from "../metered/index.ts";
export type { AskedCall } from "./ask.ts";
export { type SurprisalMiddlewareOptions, surprisalMiddleware } from "./middleware.ts";
export { type SurprisalModelOptions, surprisalModel } from "./model.ts";
export type { LogprobEntry, SurprisalLanguageModel, SurprisalMiddleware } from "./types.ts";
