/** Scoring texts under a recipe: the number, its error, and everything that has to stand beside it. */
import { createHash } from "node:crypto";
import {
  blockBootstrap,
  checkWellFormed,
  type DistributionShape,
  emptyTable,
  fillColumns,
  type Measures,
  measures,
  originalTextSize,
  perplexityStandardError,
  planFor,
  type Recipe,
  type RecipeFacts,
  type RecipeOption,
  type RecipeOverrides,
  type ResolvedRecipe,
  resolveRecipe,
  type ScoreSums,
  SurprisalError,
  sumTokens,
  type TokenTable,
  tokensRun,
} from "../../core/index.ts";
import type { LanguageModel, ModelIdentity, TokenizedText } from "../../models/index.ts";
import { recipeTokens } from "./recipe-tokens.ts";
import { Shapes } from "./shapes.ts";

/** Options of `scoreText` and `scoreTexts`. */
export interface ScoreTextOptions extends RecipeOverrides {
  /** A named recipe, or one of your own. Default "cached". */
  recipe?: RecipeOption | undefined;
  /** Alternatives per token. Default 0. */
  alternatives?: number | undefined;
  /** Also the shape of every token's distribution (`TextScore.shapes`); needs a model with whole distributions. Default false. */
  shape?: boolean | undefined;
  /** Called after every batch of the text. */
  onProgress?: ((progress: ScoreProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** How far the scoring of a text has come. */
export interface ScoreProgress {
  /** Tokens run through the model so far, and how many will be. */
  run: number;
  total: number;
  /** Perplexity of what was scored so far; `null` before anything was. */
  perplexity: number | null;
}

/** A text's score. */
export interface TextScore extends Measures {
  model: ModelIdentity;
  settings: LanguageModel["settings"];
  recipe: ResolvedRecipe;
  /** What a person should know about every number of this model; `recipe.notes` has what concerns the method. */
  notes: readonly string[];
  /** sha256 of the text's UTF-8 bytes, lower-case hex. */
  textSha256: string;
  /** [bytes] UTF-8 of the text; the table's offsets point into it. */
  text: Uint8Array;
  table: TokenTable;
  /** [tokens] shape of the distribution each token was predicted from; `null` = it has no number. Left out where nobody asked. */
  shapes?: readonly (DistributionShape | null)[] | undefined;
  /** Bytes of a token of the table or of its alternatives, by id; also after the model was disposed. */
  piece: (id: number) => Uint8Array;
  /** The sums the measures are read off; those of several texts can be merged. */
  sums: ScoreSums;
  /** ± of the perplexity; `null` where it cannot be estimated. */
  standardError: number | null;
  /** The formula it is made by. */
  standardErrorMethod: Recipe["standardErrorMethod"];
  timing: {
    /** From text to numbers, milliseconds. */
    totalMs: number;
    /** Inside the model; `null` where several texts shared batches. */
    decodeMs: number | null;
    /** Tokens run through the model. */
    tokensRun: number;
  };
}

/**
 * Scores one text.
 * @throws SurprisalError EMPTY_INPUT, NOTHING_TO_SCORE (one token and nothing in front of it), TOO_FEW_TOKENS
 *   (`half`), CONTEXT_EXCEEDED (`full`), UNKNOWN_RECIPE, INVALID_ARGUMENT (also for half a surrogate pair), ABORTED.
 */
export async function scoreText(
  model: LanguageModel,
  text: string,
  options: ScoreTextOptions = {},
): Promise<TextScore> {
  const recipe = recipeFor(model, options);
  const { alternatives = 0, shape = false, onProgress, signal } = options;
  const start = performance.now();
  const { ids, byteOffsets } = await tokensOf(model, recipe, text);
  const plan = planFor(recipe, ids.length, factsOf(model));
  const total = tokensRun(plan);
  const table = emptyTable(ids, byteOffsets, alternatives);
  const shapes = shape ? new Shapes(ids.length) : null;
  let run = 0;
  let decodeMs = 0;
  let nll = 0;
  let scored = 0;
  for await (const span of model.scoreTokens(ids, plan, { alternatives, distributions: shape, signal })) {
    fillColumns(table, span.start, span);
    await shapes?.read(span);
    run += span.tokensRun;
    decodeMs += span.decodeMs;
    for (const logprob of span.logprobs) {
      if (Number.isNaN(logprob)) continue;
      nll -= logprob;
      scored++;
    }
    onProgress?.({ run, total, perplexity: scored > 0 ? Math.exp(nll / scored) : null });
  }
  const score = await describe(model, recipe, text, table, {
    totalMs: performance.now() - start,
    decodeMs,
    tokensRun: run,
  });
  return shapes ? { ...score, shapes: shapes.list } : score;
}

/**
 * Scores each of several texts by itself, in order. Under a recipe of one window per text the texts share batches,
 * so many short ones take as long as one text of their length; they are all tokenised and checked before the first
 * is run.
 * @throws SurprisalError as `scoreText`, naming the text by its index.
 */
export async function* scoreTexts(
  model: LanguageModel,
  texts: readonly string[],
  options: Omit<ScoreTextOptions, "onProgress"> = {},
): AsyncGenerator<TextScore> {
  const recipe = recipeFor(model, options);
  if (recipe.method === "full" && !options.shape) {
    yield* scoreTogether(model, recipe, texts, options);
    return;
  }
  for (const [index, text] of texts.entries())
    yield await naming(index, () => scoreText(model, text, options));
}

async function* scoreTogether(
  model: LanguageModel,
  recipe: ResolvedRecipe,
  texts: readonly string[],
  { alternatives = 0, signal }: ScoreTextOptions,
): AsyncGenerator<TextScore> {
  const tables: TokenTable[] = [];
  const requests: { context: ArrayLike<number>; continuation: Int32Array }[] = [];
  for (const [index, text] of texts.entries())
    await naming(index, async () => {
      const { ids, byteOffsets } = await tokensOf(model, recipe, text);
      const { prefix } = planFor(recipe, ids.length, factsOf(model)).steps[0]!; // one window, or it throws
      tables.push(emptyTable(ids, byteOffsets, alternatives));
      requests.push(
        prefix.length > 0
          ? { context: prefix, continuation: ids }
          : { context: ids.subarray(0, 1), continuation: ids.subarray(1) },
      );
    });
  let start = performance.now();
  for await (const { index, tokens, tokensRun } of model.score(requests, {
    alternatives,
    signal,
  })) {
    const table = tables[index]!;
    fillColumns(table, table.length - tokens.length, tokens);
    const now = performance.now();
    yield describe(model, recipe, texts[index]!, table, { totalMs: now - start, decodeMs: null, tokensRun });
    start = now;
  }
}

/** Says which text an error is about. */
async function naming<Result>(index: number, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw SurprisalError.isInstance(error) ? error.at(`text ${index}`) : error;
  }
}

function recipeFor(model: LanguageModel, options: ScoreTextOptions): ResolvedRecipe {
  const { recipe = "cached", context, stride, sinks, parseSpecial } = options;
  return resolveRecipe(recipe, { context, stride, sinks, parseSpecial }, factsOf(model));
}

/** What a recipe needs to know of a model. */
export function factsOf({ vocabulary, trainedContext, capabilities }: LanguageModel): RecipeFacts {
  const { bos, eos, addsBos } = vocabulary;
  return { trainedContext, bos, eos, addsBos, canShift: capabilities.shift };
}

async function tokensOf(model: LanguageModel, recipe: ResolvedRecipe, text: string): Promise<TokenizedText> {
  if (text === "")
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The text is empty",
      wayOut: "Give a text of at least one character.",
    });
  checkWellFormed(text, "text");
  return recipeTokens(model, recipe, text);
}

async function describe(
  model: LanguageModel,
  recipe: ResolvedRecipe,
  text: string,
  table: TokenTable,
  timing: TextScore["timing"],
): Promise<TextScore> {
  const bytes = new TextEncoder().encode(text);
  const sums = sumTokens(table, bytes);
  const pieces = new Map<number, Uint8Array>();
  for (const ids of [table.ids, table.alternatives?.ids ?? []])
    for (const id of ids) if (id >= 0 && !pieces.has(id)) pieces.set(id, await model.detokenize([id]));
  return {
    ...measures(sums, recipe.denominator === "original" ? originalTextSize(text) : sums),
    model: model.identity,
    settings: model.settings,
    recipe,
    notes: model.notes ?? [],
    textSha256: createHash("sha256").update(bytes).digest("hex"),
    text: bytes,
    table,
    piece: (id) => pieces.get(id) ?? new Uint8Array(0),
    sums,
    standardError:
      recipe.standardErrorMethod === "llama.cpp"
        ? perplexityStandardError(sums)
        : (blockBootstrap(table.logprobs)?.standardError ?? null),
    standardErrorMethod: recipe.standardErrorMethod,
    timing,
  };
}
