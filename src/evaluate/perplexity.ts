/** Evaluate-style perplexity of several texts. */
import {
  meanPerplexity,
  measures,
  mergeSums,
  type Recipe,
  type RecipeOverrides,
  type ResolvedRecipe,
} from "../core/index.ts";
import { type LanguageModel, type ModelIdentity, type ResolveOptions, resolve } from "../models/index.ts";
import { scoreTexts } from "./score-text.ts";

export interface ComputeOptions extends RecipeOverrides {
  /** A model that is open, or what `resolve` takes; the latter is loaded and freed again. */
  model: LanguageModel | string;
  /** The texts, at least one. */
  predictions: readonly string[];
  /** Default "hf-evaluate": each text alone, BOS in front where the vocabulary has one. */
  recipe?: string | Recipe;
  /** How a model given by name is fetched, placed and run. */
  load?: ResolveOptions;
  onProgress?: (progress: { texts: number; total: number }) => void;
  signal?: AbortSignal;
}

export interface ComputedPerplexity {
  /** Perplexity of each text, in order; `null` where no token of it carries a number. */
  perplexities: (number | null)[];
  /** Arithmetic mean of `perplexities`, as Hugging Face's evaluate reports it (`mean_perplexity`). */
  mean: number | null;
  /** exp of the mean over all tokens of all texts: the perplexity of the corpus. */
  corpus: number | null;
  model: ModelIdentity;
  settings: LanguageModel["settings"];
  recipe: ResolvedRecipe;
}

/**
 * Perplexity of each text and their mean, in the style of `evaluate.load("perplexity").compute(...)`.
 * @throws SurprisalError EMPTY_INPUT, TOO_FEW_TOKENS, CONTEXT_EXCEEDED naming the text.
 */
export async function compute(options: ComputeOptions): Promise<ComputedPerplexity> {
  if (typeof options.model === "string") {
    await using model = await resolve(options.model, options.load);
    return computeWith(model, options);
  }
  return computeWith(options.model, options);
}

async function computeWith(
  model: LanguageModel,
  { predictions, recipe = "hf-evaluate", onProgress, ...options }: ComputeOptions,
): Promise<ComputedPerplexity> {
  const scores = [];
  for await (const score of scoreTexts(model, predictions, { ...options, recipe })) {
    scores.push(score);
    onProgress?.({ texts: scores.length, total: predictions.length });
  }
  const perplexities = scores.map(({ perplexity }) => perplexity);
  return {
    perplexities,
    mean: meanPerplexity(perplexities),
    corpus: measures(mergeSums(...scores.map(({ sums }) => sums))).perplexity,
    model: model.identity,
    settings: model.settings,
    recipe: scores[0]!.recipe,
  };
}
