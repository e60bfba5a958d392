/**
 * Recipes: everything besides the model and the text that decides a perplexity.
 *
 * A perplexity without its recipe is not a number. A recipe is plain data with a short id, the same for the same
 * method whatever its name; the named ones reproduce other people's tools.
 */
import { checkRecipe } from "./_recipe-check.ts";
import { invalidArgument, SurprisalError } from "./errors.ts";
import { withDefaults } from "./options.ts";
import {
  checkWindow,
  planWindows,
  type WindowMethod,
  type WindowOptions,
  type WindowPlan,
} from "./windows.ts";

/** What the tokens of a text are put behind: an id that is no token of the text. */
export type PrefixPolicy =
  /** Nothing. */
  | "none"
  /** BOS, if the model's own tokenizer adds one. */
  | "model"
  /** BOS, if the vocabulary has one (Hugging Face's evaluate). */
  | "bos"
  /**
   * BOS, else EOS (lm-evaluation-harness). To a text that begins with that token's own text, where special tokens are read,
   * the tokenizer then adds none (lm-eval's `has_bos_prefix`).
   */
  | "bos-else-eos";

/** A length that depends on the model: its trained context, or half of the recipe's own context, capped. */
export interface AtMost {
  atMost: number;
}

/** How a perplexity is made. Lengths are tokens; `null` = the method has no such number. */
export interface Recipe {
  /** A name for people; no part of the method. */
  name: string | null;
  method: WindowMethod;
  /** Positions. "model" = the context the model was trained for; { atMost } = that, capped; `null` = no limit (`full`). */
  context: number | "model" | AtMost | null;
  /** `strided`, `cached`. { atMost } = half of the context, capped; "half" = half of the context. */
  stride: number | "half" | AtMost | null;
  /** `cached`: first positions kept for ever. { atMost } = as many as the window has room for, capped. */
  sinks: number | AtMost | null;
  /** `disjoint`: the last window reaches back to full length. */
  extendLast: boolean;
  prefix: PrefixPolicy;
  /** `disjoint`: in front of the first window only, or of each. (`strided` has it in each, the others once.) */
  prefixIn: "first" | "every";
  /** Tokenise the text with the special tokens the model's tokenizer adds (they become tokens of the document). */
  addSpecial: boolean;
  /** Read `<|im_end|>` and the like in the text as special tokens. */
  parseSpecial: boolean;
  /** Words, bytes and characters are those of the scored tokens, or (lm-eval) of the original text. */
  denominator: "scored" | "original";
  /** One perplexity of all texts together, or the arithmetic mean of each text's own. */
  aggregate: "corpus" | "mean-of-texts";
  /** Formula of the ± of the perplexity. */
  standardErrorMethod: "llama.cpp" | "block-bootstrap";
}

/** A recipe with every number filled in for one model. */
export interface ResolvedRecipe extends Recipe {
  /** 8 hex digits, a hash of the method: equal for equal methods, whatever their name. */
  id: string;
  /** Positions; `null` = no limit is known (`full` on a model that does not tell its context). */
  context: number | null;
  stride: number | null;
  sinks: number | null;
  /** What a person should know about this recipe on this model: fallbacks and oddities, one sentence each. */
  notes: readonly string[];
}

/** What a recipe needs to know of the model. */
export interface RecipeFacts {
  /** Longest context the model was trained for, tokens; `null` when unknown. */
  trainedContext: number | null;
  /** Beginning-of-sequence id, or `null`. */
  bos: number | null;
  /** End-of-sequence id, or `null`. */
  eos: number | null;
  /** The model's own tokenizer puts BOS in front of a text. */
  addsBos: boolean;
  /** A kept cache can be shifted, which the `cached` window needs. */
  canShift: boolean;
}

/** What a person may give in place of the recipe's own. Lengths are tokens. */
export interface RecipeOverrides {
  context?: number | undefined;
  stride?: number | undefined;
  sinks?: number | undefined;
  /** Read `<|im_end|>` and the like in the text as special tokens. */
  parseSpecial?: boolean | undefined;
}

/** What our own recipes have in common. */
const OURS = {
  stride: null,
  sinks: null,
  extendLast: false,
  prefix: "model",
  prefixIn: "every",
  addSpecial: false,
  parseSpecial: false, // a text that contains <|im_end|> is a text
  denominator: "scored",
  aggregate: "corpus",
  standardErrorMethod: "block-bootstrap",
} as const;

/** Names of RECIPES. */
export type RecipeName =
  | "cached"
  | "strided"
  | "disjoint"
  | "half"
  | "full"
  | "llama.cpp"
  | "lm-eval"
  | "hf-strided"
  | "hf-evaluate";

/** A recipe as it is asked for: the name of one (an editor proposes them), or one of your own. */
export type RecipeOption = RecipeName | (string & {}) | Recipe;

/** The named recipes: the peers', ours (`cached` is the default), and the other plain windows. */
export const RECIPES: Readonly<Record<RecipeName, Recipe>> = {
  cached: {
    ...OURS,
    name: "cached",
    method: "cached",
    context: { atMost: 2048 },
    stride: { atMost: 512 },
    sinks: { atMost: 4 }, // Xiao et al. 2023, "Efficient Streaming Language Models with Attention Sinks"
  },
  strided: { ...OURS, name: "strided", method: "strided", context: { atMost: 2048 }, stride: "half" },
  disjoint: { ...OURS, name: "disjoint", method: "disjoint", context: { atMost: 2048 } },
  half: { ...OURS, name: "half", method: "half", context: { atMost: 2048 } },
  full: { ...OURS, name: "full", method: "full", context: "model" },
  /**
   * tools/perplexity/perplexity.cpp: common_tokenize(ctx, prompt, add_special = true), parse_special is false. Of a file
   * (not of a string) its last line feed is taken off first: whoever reads files for this recipe does so.
   */
  "llama.cpp": {
    ...OURS,
    name: "llama.cpp",
    method: "half",
    context: 512,
    addSpecial: true,
    standardErrorMethod: "llama.cpp",
  },
  /**
   * lm_eval/models/huggingface.py, loglikelihood_rolling: the text goes through the tokenizer as it is, special
   * tokens included, and the prefix token is put in front of whatever comes out; so a model whose tokenizer adds
   * BOS gets it twice, and the second is scored (their issue 3333). A text that begins with BOS gets none added.
   */
  "lm-eval": {
    ...OURS,
    name: "lm-eval",
    method: "disjoint",
    context: "model",
    extendLast: true,
    prefix: "bos-else-eos",
    prefixIn: "first",
    addSpecial: true,
    parseSpecial: true,
    denominator: "original",
  },
  /**
   * The snippet of "Perplexity of fixed-length models", with exact token sums: `max_length` is the model's context
   * (GPT-2's 1024), the stride half of it.
   */
  "hf-strided": {
    ...OURS,
    name: "hf-strided",
    method: "strided",
    context: { atMost: 1024 },
    stride: { atMost: 512 },
    prefix: "none",
    addSpecial: true,
    parseSpecial: true,
  },
  /** metrics/perplexity/perplexity.py with add_start_token, its default. */
  "hf-evaluate": {
    ...OURS,
    name: "hf-evaluate",
    method: "full",
    context: "model",
    prefix: "bos",
    parseSpecial: true,
    aggregate: "mean-of-texts",
  },
};

/** The context assumed of a model that does not tell its own, tokens; lm-eval assumes the same. */
const ASSUMED_CONTEXT = 2048;

/**
 * Fills in every number of a recipe for a model. A `cached` recipe on a model whose cache cannot be shifted becomes
 * our `strided`, under that recipe's name and id, and a note says so.
 * @param recipe a name of RECIPES, or a recipe of one's own.
 * @throws SurprisalError UNKNOWN_RECIPE for a name that is none; INVALID_ARGUMENT for a recipe with a field missing or
 *   wrong, and for numbers that do not fit together.
 */
export function resolveRecipe(
  recipe: RecipeOption,
  overrides: RecipeOverrides,
  facts: RecipeFacts,
): ResolvedRecipe {
  const notes: string[] = [];
  const given = withDefaults<Recipe>(
    typeof recipe === "string" ? recipeNamed(recipe) : checkRecipe(recipe),
    overrides,
  );
  const method = shiftable(given, facts, notes);
  const context = contextFor(method, facts, notes);
  const stride = strideFor(method, context);
  const sinks = sinksFor(method, context, stride);
  const extendLast = method.method === "disjoint" && method.extendLast;
  const filledIn = { ...method, context, stride, sinks, extendLast, prefixIn: prefixInFor(method) };
  notePrefix(filledIn, facts, notes);
  const resolved = { ...filledIn, id: recipeId(filledIn), notes };
  checkWindow(windowFor(resolved, facts));
  return resolved;
}

/** The window plan of a document of `tokens` tokens. Throws as planWindows does. */
export function planFor(
  recipe: ResolvedRecipe,
  tokens: number,
  facts: Pick<RecipeFacts, "bos" | "eos" | "addsBos">,
): WindowPlan {
  return planWindows(tokens, windowFor(recipe, facts));
}

function recipeNamed(name: string): Recipe {
  if (Object.hasOwn(RECIPES, name)) return RECIPES[name as RecipeName];
  throw new SurprisalError({
    code: "UNKNOWN_RECIPE",
    what: `There is no recipe called "${name}"`,
    where: "recipe",
    wayOut: `The recipes are: ${Object.keys(RECIPES).join(", ")}.`,
  });
}

/** The recipe itself, or where the model's cache cannot be shifted, the strided one in place of a cached one. */
function shiftable(recipe: Recipe, { canShift }: RecipeFacts, notes: string[]): Recipe {
  if (recipe.method !== "cached" || canShift) return recipe;
  notes.push("The cache of this model cannot be shifted: scored with the recipe strided in place of cached.");
  const stride = typeof recipe.stride === "number" ? recipe.stride : "half";
  return { ...recipe, name: "strided", method: "strided", stride, sinks: null };
}

function contextFor(recipe: Recipe, { trainedContext }: RecipeFacts, notes: string[]): number | null {
  const { method, context } = recipe;
  if (typeof context === "number") {
    if (trainedContext !== null && context > trainedContext)
      beyondTrained(method, context, trainedContext, notes);
    return context;
  }
  const cap = context !== null && context !== "model" ? context.atMost : Infinity;
  if (trainedContext !== null) return Math.min(cap, trainedContext);
  if (method === "full") return cap === Infinity ? null : cap;
  notes.push(`The model does not tell its context: ${ASSUMED_CONTEXT} tokens are assumed.`);
  return Math.min(cap, ASSUMED_CONTEXT);
}

/** More context than the model knows: an error where the whole text is one window, else a warning. */
function beyondTrained(method: WindowMethod, context: number, trainedContext: number, notes: string[]): void {
  const what = `A context of ${context} is beyond the ${trainedContext} tokens the model was trained for`;
  if (method === "full") throw invalidArgument(what, "context", "Give a smaller context, or leave it out.");
  notes.push(`${what}.`);
}

function strideFor({ method, stride }: Recipe, context: number | null): number | null {
  const strides = method === "strided" || method === "cached";
  if (!strides || context === null) return refuseNumber(method, "stride", stride, "strided or cached");
  const half = Math.max(1, Math.floor(context / 2));
  if (typeof stride === "number") return stride;
  return stride === null || stride === "half" ? half : Math.min(stride.atMost, half);
}

function sinksFor({ method, sinks }: Recipe, context: number | null, stride: number | null): number | null {
  if (method !== "cached" || context === null || stride === null)
    return refuseNumber(method, "sinks", sinks, "cached");
  if (typeof sinks === "number") return sinks;
  return Math.max(0, Math.min(sinks?.atMost ?? 0, context - stride - 1));
}

/** `null`, unless a number was given that the method would ignore. */
function refuseNumber(method: WindowMethod, name: string, value: unknown, wayOut: string): null {
  if (typeof value !== "number") return null;
  throw invalidArgument(`The ${method} window has no ${name}`, name, `Leave it out, or use ${wayOut}.`);
}

/** Where the prefix goes, the same for recipes that do the same. */
function prefixInFor({ method, prefix, prefixIn }: Recipe): Recipe["prefixIn"] {
  if (prefix === "none" || method === "cached" || method === "full") return "first";
  return method === "disjoint" ? prefixIn : "every";
}

function prefixFor(
  policy: PrefixPolicy,
  { bos, eos, addsBos }: Pick<RecipeFacts, "bos" | "eos" | "addsBos">,
): number | null {
  switch (policy) {
    case "none":
      return null;
    case "model":
      return addsBos ? bos : null;
    case "bos":
      return bos;
    case "bos-else-eos":
      return bos ?? eos;
  }
}

function notePrefix({ method, prefix, addSpecial }: Recipe, facts: RecipeFacts, notes: string[]): void {
  const id = prefixFor(prefix, facts);
  if (method !== "half" && addSpecial && facts.addsBos && id !== null)
    notes.push(
      "The tokenizer adds BOS and the recipe puts a prefix in front of it: the text's BOS is itself scored.",
    );
  if ((prefix === "bos" || prefix === "bos-else-eos") && id === null) {
    const missing = prefix === "bos" ? "no BOS" : "neither BOS nor EOS";
    notes.push(`The vocabulary has ${missing}: the first token of a text is not scored.`);
  }
}

/** The recipe's window with the model's ids in it. */
function windowFor(
  recipe: ResolvedRecipe,
  facts: Pick<RecipeFacts, "bos" | "eos" | "addsBos">,
): WindowOptions {
  const { method, prefixIn, extendLast } = recipe;
  const prefix = prefixFor(recipe.prefix, facts);
  if (method === "full") return { method, context: recipe.context, prefix };
  const context = recipe.context ?? Number.NaN; // every method but full has its numbers; checkWindow refuses NaN
  const stride = recipe.stride ?? Number.NaN;
  switch (method) {
    case "disjoint":
      return { method, context, prefix, prefixIn, extendLast };
    case "strided":
      return { method, context, stride, prefix };
    case "half":
      return { method, context, overwriteFirst: prefix };
    case "cached":
      return { method, context, stride, sinks: recipe.sinks ?? Number.NaN, prefix };
  }
}

/** 8 hex digits over everything but the name: FNV-1a (32 bits) of the method as JSON with a fixed order of keys. */
function recipeId(recipe: Recipe): string {
  const { method, context, stride, sinks, extendLast, prefix, prefixIn } = recipe;
  const { addSpecial, parseSpecial, denominator, aggregate, standardErrorMethod } = recipe;
  const window = { method, context, stride, sinks, extendLast, prefix, prefixIn };
  const json = JSON.stringify({
    ...window,
    addSpecial,
    parseSpecial,
    denominator,
    aggregate,
    stderrMethod: standardErrorMethod, // as it was named first: ids stay what they are
  });
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(json)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
