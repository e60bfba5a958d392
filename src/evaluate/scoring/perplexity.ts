/** Evaluate-style perplexity of several texts. */
import {
  emptySums,
  invalidArgument,
  meanPerplexity,
  measures,
  mergeSums,
  type RecipeOption,
  type RecipeOverrides,
  type ResolvedRecipe,
} from "../../core/index.ts";
import { type LanguageModel, type ModelIdentity, type ResolveOptions, resolve } from "../../models/index.ts";
import { scoreTexts } from "./score-text.ts";

/** Options of `perplexity.compute`. */
export interface ComputeOptions extends RecipeOverrides {
  /** A model that is open, or what `resolve` takes; the latter is loaded and freed again. */
  model: LanguageModel | string;
  /** The texts, at least one. */
  predictions: readonly string[];
  /** Default "hf-evaluate": each text alone, BOS in front where the vocabulary has one. */
  recipe?: RecipeOption | undefined;
  /** How a model given by name is fetched, placed and run. */
  load?: ResolveOptions | undefined;
  /** Called after every text: how many are done, of how many. */
  onProgress?: ((progress: { texts: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What `perplexity.compute` gives: perplexities per token, 1 ... Infinity. */
export interface ComputedPerplexity {
  /** Perplexity of each text, in order; `null` where no token of it carries a number. */
  perplexities: (number | null)[];
  /** Arithmetic mean of `perplexities`, as Hugging Face's evaluate reports it (`mean_perplexity`). */
  mean: number | null;
  /** exp of the mean over all tokens of all texts: the perplexity of the corpus. */
  corpus: number | null;
  /** Which model gave the numbers. */
  model: ModelIdentity;
  /** Device, threads, precision and the like. */
  settings: LanguageModel["settings"];
  /** How the numbers were made. */
  recipe: ResolvedRecipe;
}

/**
 * Perplexity of each text and their mean, in the style of `evaluate.load("perplexity").compute(...)`. Where Python
 * says `model_id`, `device`, `batch_size`, `add_start_token=False`, this says `model`, `load`, nothing (short texts
 * share batches by themselves), `recipe: { ...RECIPES["hf-evaluate"], prefix: "none" }`.
 * @throws SurprisalError INVALID_ARGUMENT without any text; EMPTY_INPUT, NOTHING_TO_SCORE, CONTEXT_EXCEEDED naming
 *   the text by its index.
 */
export async function computePerplexity(options: ComputeOptions): Promise<ComputedPerplexity> {
  if (!Array.isArray(options.predictions) || options.predictions.length === 0)
    throw invalidArgument("There are no texts to score", "predictions", "Give a list of at least one text.");
  if (typeof options.model === "string") {
    await using model = await resolve(options.model, options.load);
    return await computeWith(model, options); // or the model would be freed before it is used
  }
  return computeWith(options.model, options);
}

async function computeWith(
  model: LanguageModel,
  { predictions, recipe = "hf-evaluate", onProgress, ...options }: ComputeOptions,
): Promise<ComputedPerplexity> {
  const perplexities: (number | null)[] = [];
  let sums = emptySums();
  let resolved: ResolvedRecipe;
  for await (const score of scoreTexts(model, predictions, { ...options, recipe })) {
    perplexities.push(score.perplexity);
    sums = mergeSums(sums, score.sums);
    resolved = score.recipe;
    onProgress?.({ texts: perplexities.length, total: predictions.length });
  }
  return {
    perplexities,
    mean: meanPerplexity(perplexities),
    corpus: measures(sums).perplexity,
    model: model.identity,
    settings: model.settings,
    recipe: resolved!,
  };
}
