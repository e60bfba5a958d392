/** Surprisal per word, by two rules: the sum over its tokens, and the same with what belongs to its boundaries put right. */
import {
  checkWellFormed,
  emptyTable,
  fillColumns,
  planFor,
  pythonTrimEnd,
  RECIPES,
  type Recipe,
  type RecipeOption,
  type RecipeOverrides,
  type ResolvedRecipe,
  resolveRecipe,
  SurprisalError,
  type TokenTable,
  tokensRun,
} from "../../core/index.ts";
import { encodeBorder, type LanguageModel, type ModelIdentity } from "../../models/index.ts";
import { factsOf, recipeTokens } from "../scoring/index.ts";
import { type BoundaryRule, type BoundaryTokens, boundaryTokens, lnSum } from "./boundaries.ts";
import { numbersOf } from "./numbers.ts";
import { wordSpans } from "./segment.ts";

/** Options of `scoreWords`. */
export interface ScoreWordsOptions extends RecipeOverrides {
  /** How a text longer than the model's context is cut. Default "cached". */
  recipe?: RecipeOption | undefined;
  /**
   * BOS in front of the text, from which its first word is predicted; without it that word has no number. A model whose vocabulary has
   * none does without. Default true where no recipe is given, else the recipe's own.
   */
  bos?: boolean | undefined;
  /** A text that is read in front, and not scored. Default: none. */
  given?: string | undefined;
  /** What joins the two. Default: a space, unless `given` ends or the text begins with white space. */
  separator?: string | undefined;
  /** Which tokens are a boundary, for the corrected rule. Default "whitespace". */
  boundary?: BoundaryRule | undefined;
  /** Also by the corrected rule. Default: where the model gives whole distributions; true without them is an error. */
  corrected?: boolean | undefined;
  /** Tokens run so far, and how many will be. */
  onProgress?: ((progress: { run: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A word and its numbers. Surprisals, entropy and boundaries are in nats; `null` = missing, and never 0. */
export interface ScoredWord {
  word: string;
  /** Its place among the words of the text, from 0. */
  wordIndex: number;
  /** Its characters [start, end) in the text, code points from 0. */
  start: number;
  end: number;
  /** Length, code points. */
  characters: number;
  /** Tokens that it is read in, those of the white space in front of it among them. */
  tokens: number;
  /** The sum rule: Σ -ln p over its tokens, >= 0. */
  surprisalSum: number | null;
  /**
   * The corrected rule: -ln (p of the tokens · p(boundary after) / p(boundary before)). `null` also without whole distributions.
   */
  surprisalCorrected: number | null;
  /** Of the distribution over the next token in front of the word, >= 0. */
  entropy: number | null;
  /** ln p of a boundary in front of it (at most 0); 0: nothing is divided by. */
  boundaryBefore: number | null;
  /** ln p of a boundary behind it (at most 0); 0: its last token holds the white space behind it. */
  boundaryAfter: number | null;
}

/** A text as scored words. */
export interface WordScore {
  words: ScoredWord[];
  /** White space behind the last word, which belongs to no word: tokens, and Σ -ln p, nats. */
  rest: { tokens: number; surprisalSum: number | null };
  boundary: BoundaryRule;
  model: ModelIdentity;
  settings: LanguageModel["settings"];
  recipe: ResolvedRecipe;
  /** What a person should know of these numbers. */
  notes: readonly string[];
  /** Tokens run through the model. */
  tokensRun: number;
}

/**
 * Scores the words of a text. A word is what stands between white space (`wordSpans`), with its punctuation.
 *
 * The corrected rule: most vocabularies have the space at the beginning of tokens, so a token says both that the word before has
 * ended and what the next one is. p(word) = p(tokens) · p(boundary after) / p(boundary before), each summed over all tokens that are a
 * boundary, puts the end of a word where it belongs; over all words that can follow these are a distribution, and their product over a text
 * is p(text) · p(boundary behind it) / `boundaryBefore` of its first word.
 * Source: Pimentel & Meister 2024, "How to Compute the Probability of a Word"; Oh & Schuler 2024, "Leading Whitespaces of Language
 * Models' Subword Vocabulary Pose a Confound for Calculating Word Probabilities".
 *
 * A word that shares a token with another has no numbers.
 * @throws SurprisalError EMPTY_INPUT for a text without a word; UNSUPPORTED_CAPABILITY for `corrected: true` without whole
 *   distributions; and what `scoreText` throws.
 */
export async function scoreWords(
  model: LanguageModel,
  text: string,
  options: ScoreWordsOptions = {},
): Promise<WordScore> {
  const { boundary = "whitespace", corrected = model.capabilities.distribution } = options;
  if (corrected && !model.capabilities.distribution) throw needsDistributions(model);
  checkWellFormed(text, "text");
  const spans = wordSpans(text);
  if (spans.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The text holds no word",
      wayOut: "Give a text of at least one character that is no white space.",
    });
  const recipe = recipeOf(model, options);
  const read = await encode(model, recipe, text, options);
  const tokens = corrected ? await boundaryTokens(model, boundary) : null;
  const lnBoundary = new Float64Array(read.ids.length + 1).fill(Number.NaN);
  const { table, run } = await score(model, recipe, read, tokens, lnBoundary, options);
  const { words, rest, shared } = numbersOf(spans, {
    table,
    first: read.first,
    offsets: read.byteOffsets,
    lead: read.lead,
    opens: read.opens,
    lnBoundary: tokens && lnBoundary,
    rule: boundary,
  });
  return {
    words,
    rest,
    boundary,
    model: model.identity,
    settings: model.settings,
    recipe,
    notes: [...(model.notes ?? []), ...recipe.notes, ...notesOf(words, shared, corrected)],
    tokensRun: run,
  };
}

function needsDistributions(model: LanguageModel): SurprisalError {
  return new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: "The corrected rule sums over all tokens that begin a word, and this model gives no whole distributions",
    where: model.identity.name,
    wayOut: "Use the sum rule, or a model in process (a GGUF file).",
  });
}

function notesOf(words: readonly ScoredWord[], shared: number, corrected: boolean): string[] {
  const missing = words.filter(({ surprisalSum }) => surprisalSum === null).length - shared;
  return [
    ...(shared > 0 ? [`${shared} words share a token with another, and have no numbers.`] : []),
    ...(missing > 0
      ? [
          words[0]!.surprisalSum === null && missing === 1
            ? "The first word has no number: nothing stands in front of it that it could be predicted from (BOS)."
            : `${missing} words have no number: a token of them was not scored.`,
        ]
      : []),
    ...(corrected
      ? []
      : ["No word has a number by the corrected rule: the model gives no whole distributions."]),
  ];
}

/** The recipe with BOS as it is asked for; where that is what the model does by itself, it stays the recipe that it is. */
function recipeOf(model: LanguageModel, options: ScoreWordsOptions): ResolvedRecipe {
  const { recipe = "cached", context, stride, sinks, parseSpecial } = options;
  const { bos = options.recipe === undefined ? true : undefined } = options;
  const overrides = { context, stride, sinks, parseSpecial };
  const plain = resolveRecipe(recipe, overrides, factsOf(model));
  const { bos: id, addsBos } = model.vocabulary;
  if (bos === undefined || (plain.prefix === "model" && bos === (addsBos && id !== null))) return plain;
  if (bos && id === null) return plain;
  const own: Recipe = typeof recipe === "string" ? RECIPES[recipe as keyof typeof RECIPES] : recipe; // resolved, so it is one
  const name = own.name === null ? null : `${own.name}, ${bos ? "BOS in front" : "no BOS"}`;
  return resolveRecipe(
    { ...own, name, prefix: bos ? "bos" : "none", addSpecial: bos ? own.addSpecial : false },
    overrides,
    factsOf(model),
  );
}

interface Encoded {
  ids: Int32Array;
  /** The first token of what is scored. */
  first: number;
  /** [n - first + 1] of the tokens from there, counted from where the scored part begins. */
  byteOffsets: Uint32Array;
  /** Bytes of white space in front of the text there. */
  lead: number;
  /** Nothing stands in front but BOS. */
  opens: boolean;
}

/** White space at the end of the context, and what joins the two, stand in front of the text's first word. */
async function encode(
  model: LanguageModel,
  recipe: ResolvedRecipe,
  text: string,
  { given = "", separator }: ScoreWordsOptions,
): Promise<Encoded> {
  const { bos, eos, addsBos } = model.vocabulary;
  if (given === "") {
    const { ids, byteOffsets } = await recipeTokens(model, recipe, text);
    const first = ids[0] === bos && byteOffsets[1] === 0 ? 1 : 0; // a BOS of the tokenizer's is no part of a word
    return { ids, first, byteOffsets: byteOffsets.slice(first), lead: 0, opens: true };
  }
  const between = separator ?? (/\s$/u.test(given) || /^\s/u.test(text) ? "" : " ");
  const tokenizer = {
    prefix: bos ?? eos,
    prefixText: bos === null ? "" : new TextDecoder().decode(await model.detokenize([bos])),
    tokenize: (one: string, how: { addSpecial?: boolean; parseSpecial?: boolean }) =>
      model.tokenize(one, how),
    bytesOf: (ids: Int32Array) => model.detokenize(ids),
  };
  const { context, continuation, byteOffsets } = await encodeBorder(
    { context: given, continuation: between + text },
    "text",
    tokenizer,
    { parseSpecial: recipe.parseSpecial },
  );
  // The plan puts BOS in front, where it is wanted.
  const own = addsBos && bos !== null && context[0] === bos ? context.subarray(1) : context;
  const ids = new Int32Array(own.length + continuation.length);
  ids.set(own);
  ids.set(continuation, own.length);
  const lead = new TextEncoder().encode((given + between).slice(pythonTrimEnd(given).length)).length;
  return { ids, first: own.length, byteOffsets, lead, opens: false };
}

/** Runs the tokens, and one more behind them where the boundary behind the last is asked for. */
async function score(
  model: LanguageModel,
  recipe: ResolvedRecipe,
  { ids, first, byteOffsets, opens }: Encoded,
  tokens: BoundaryTokens | null,
  lnBoundary: Float64Array,
  { onProgress, signal, boundary }: ScoreWordsOptions,
): Promise<{ table: TokenTable; run: number }> {
  const { bos, eos } = model.vocabulary;
  const all = tokens ? Int32Array.of(...ids, eos ?? bos ?? 0) : ids;
  const plan = planFor(recipe, all.length, factsOf(model));
  const total = tokensRun(plan);
  const table = emptyTable(all, new Uint32Array(all.length + 1), 0);
  // A text that begins with white space, or a tokenizer that puts a space of its own in front, begins with a boundary.
  const bare = opens && boundary !== "minicons" && tokens?.isSpaced[ids[first]!] === 0;
  let run = 0;
  for await (const span of model.scoreTokens(all, plan, { distributions: tokens !== null, signal })) {
    fillColumns(table, span.start, span);
    run += span.tokensRun;
    const { distributions } = span;
    if (tokens && distributions)
      for (const [i, logprob] of span.logprobs.entries()) {
        const token = span.start + i;
        if (Number.isNaN(logprob) || token < first) continue;
        lnBoundary[token] = lnSum(
          distributions,
          i,
          token === first && bare ? tokens.opening : tokens.boundary,
        );
      }
    onProgress?.({ run, total });
  }
  return { table: { ...table, byteOffsets }, run };
}
