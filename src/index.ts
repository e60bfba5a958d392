/**
 * surprisal: how surprised a language model is, by what it reads and by what it writes.
 *
 * `surprisal/core` has the numbers alone (no I/O, runs in a browser), `surprisal/test` a model with known
 * perplexity and the conformance suite for model sources.
 */
import { perplexity as perplexityOf } from "./core/index.ts";
import { computePerplexity } from "./evaluate/index.ts";

export * from "./core/index.ts";
export * from "./evaluate/index.ts";
export * from "./models/index.ts";

/** `perplexity(logprobs)` of numbers at hand, and Evaluate-style `perplexity.compute({ model, predictions })`. */
export const perplexity: typeof perplexityOf & {
  compute: typeof computePerplexity;
} = Object.assign((logprobs: Iterable<number | null>) => perplexityOf(logprobs), {
  compute: computePerplexity,
});
