/** What the model-based measures share: a text's tokens, and a stretch of them scored. Internal to this room. */
import { planFor, type ResolvedRecipe, resolveRecipe, SurprisalError } from "../core/index.ts";
import { factsOf } from "../evaluate/index.ts";
import type { LanguageModel, ModelIdentity } from "../models/index.ts";

/** A text, or ids without BOS. */
export type TextOrTokens = string | ArrayLike<number>;

/** Options that all of them have. */
export interface ModelRunOptions {
  /** Only so many tokens from the beginning. Default: all. */
  tokens?: number | undefined;
  /** Coverage of intervals. Default 0.95. */
  level?: number | undefined;
  /** Of the bootstrap. Default 0. */
  seed?: number | undefined;
  /** Tokens run through models so far, and how many will be. */
  onProgress?: ((run: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Which model said it. */
export interface ModelOfRun {
  model: ModelIdentity;
  settings: LanguageModel["settings"];
}

export const modelOf = ({ identity, settings }: LanguageModel): ModelOfRun => ({ model: identity, settings });

/** @throws SurprisalError UNSUPPORTED_CAPABILITY */
export function requireCapability(
  model: LanguageModel,
  capability: "score" | "distribution",
  what: string,
): void {
  if (model.capabilities[capability] && model.capabilities.tokenize) return;
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what,
    where: model.identity.name,
    wayOut:
      "Use a model in process (a GGUF file), or a server that can: `surprisal probe` shows what one does.",
  });
}

/** The first tokens of a text, without BOS. @throws SurprisalError EMPTY_INPUT */
export async function tokensOf(
  model: LanguageModel,
  text: TextOrTokens,
  most: number | undefined,
): Promise<Int32Array> {
  const ids = typeof text === "string" ? (await model.tokenize(text)).ids : Int32Array.from(text);
  if (ids.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There is no text to score",
      wayOut: "Give one of at least a few tokens.",
    });
  return most === undefined ? ids : ids.subarray(0, most);
}

/** The recipe `cached`: one pass over a kept cache. */
export const recipeOf = (model: LanguageModel): ResolvedRecipe => resolveRecipe("cached", {}, factsOf(model));

/** [n] ln p of each token, the model's memory empty before the first; NaN = without a number. */
export async function scoreAlone(
  model: LanguageModel,
  ids: Int32Array,
  recipe: ResolvedRecipe,
  { onRun, signal }: { onRun?: ((tokens: number) => void) | undefined; signal?: AbortSignal | undefined },
): Promise<Float64Array> {
  const logprobs = new Float64Array(ids.length).fill(Number.NaN);
  for await (const span of model.scoreTokens(ids, planFor(recipe, ids.length, factsOf(model)), { signal })) {
    logprobs.set(span.logprobs, span.start);
    onRun?.(span.tokensRun);
  }
  return logprobs;
}
