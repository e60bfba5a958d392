/** One base model against others over the same texts, without keeping any distribution. */
import {
  checkWellFormed,
  emptyTable,
  fillColumns,
  invalidArgument,
  planFor,
  type RecipeFacts,
  type RecipeOption,
  type RecipeOverrides,
  type ResolvedRecipe,
  resolveRecipe,
  SurprisalError,
  sliceColumns,
  type TokenTable,
  tokensRun,
} from "../../core/index.ts";
import { kernelsNote, type LanguageModel, type ModelIdentity, type ScoredSpan } from "../../models/index.ts";
import type { CorpusDocument } from "../corpora/index.ts";
import { CorpusDigest, sha256 } from "../corpora/index.ts";
import { ByteSurprisal, documentText, factsOf, recipeTokens } from "../scoring/index.ts";
import { ByteComparison, type ByteMeasures } from "./byte-comparison.ts";
import { lockstep } from "./lockstep.ts";
import { type SharedTokens, sameIds, sharedTokens } from "./same-tokens.ts";
import { type ComparedDocument, TokenComparison, type TokenMeasures } from "./token-comparison.ts";

/** Options of `compareModels`. */
export interface CompareOptions extends RecipeOverrides {
  /** A named recipe, or one of your own. Default "cached". */
  recipe?: RecipeOption | undefined;
  /** How many of the most changed tokens or spans are kept. Default 20. */
  mostChanged?: number | undefined;
  /** Called after every piece of a document. */
  onProgress?: ((progress: CompareProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** How far a comparison has come. */
export interface CompareProgress {
  /** Name of the document, and its place, from 0. */
  document: string;
  documentIndex: number;
  /** Tokens of it run through all models together so far, and how many will be. */
  run: number;
  total: number;
  /** Mean KL divergence from the base of the first model that has one, nats; `null` before anything was scored. */
  divergence: number | null;
}

interface ComparedModel {
  model: ModelIdentity;
  settings: LanguageModel["settings"];
  recipe: ResolvedRecipe;
  /** What a person should know about this comparison. */
  notes: readonly string[];
}

/** A model against the base. */
export type Comparison = ComparedModel &
  (
    | { per: "token"; measures: TokenMeasures }
    /** Different tokenizers: there is no KL divergence between distributions over different tokens. */
    | { per: "byte"; measures: ByteMeasures }
  );

/** What one model is against the base, over all documents. */
export interface ModelComparison {
  base: Omit<ComparedModel, "notes">;
  /** In the order of the models. */
  comparisons: Comparison[];
  /** What was compared. */
  texts: {
    documents: number;
    /** UTF-8 bytes. */
    bytes: number;
    /** sha256 of the one text's bytes; of several, sha256 over the lines of their sha256 in hex. */
    sha256: string;
    /** Documents the recipe cannot score, and why: empty ones, too short ones. */
    skipped: { name: string; code: string; reason: string }[];
  };
  timing: {
    totalMs: number;
    /** Tokens run through all models together. */
    tokensRun: number;
  };
}

/**
 * Compares models with a base over the same texts.
 *
 * A model with the base's tokens (a quantisation of it, a fine-tune) runs in lockstep with it: the base's tokens and
 * window plan, KL divergence of every pair of distributions as they are computed, nothing written anywhere. One with
 * another tokenizer reads the same texts by itself and is compared per byte. All models are open at once, the base runs
 * once. Memory grows by 20 bytes per token and model, for exact percentiles and intervals.
 * @param others at least one.
 * @throws SurprisalError INVALID_ARGUMENT without models; UNSUPPORTED_CAPABILITY for one that does not score given
 *   text; what scoring throws; when no document can be scored, the first one's error, or NOTHING_TO_SCORE.
 */
export async function compareModels(
  base: LanguageModel,
  others: readonly LanguageModel[],
  documents: AsyncIterable<CorpusDocument> | Iterable<CorpusDocument>,
  options: CompareOptions = {},
): Promise<ModelComparison> {
  if (others.length === 0)
    throw invalidArgument("There is no model to compare with the base", "others", "Give at least one.");
  for (const { capabilities, identity } of [base, ...others])
    if (!capabilities.score || !capabilities.tokenize)
      throw new SurprisalError({
        code: "UNSUPPORTED_CAPABILITY",
        what: "This model does not score given text token by token",
        where: identity.name,
        wayOut:
          "Use a model in process (a GGUF file), or a server that can: `surprisal probe` shows what one does.",
      });
  const run = await ComparisonRun.start(base, others, options);
  for await (const document of documents) await run.add(document);
  return run.result();
}

/** Errors that concern one document; the others can be compared. */
const DOCUMENT_ERRORS: readonly string[] = [
  "EMPTY_INPUT",
  "NOTHING_TO_SCORE",
  "TOO_FEW_TOKENS",
  "CONTEXT_EXCEEDED",
];

interface Other {
  model: LanguageModel;
  recipe: ResolvedRecipe;
  facts: RecipeFacts;
  notes: string[];
  comparison: TokenComparison | ByteComparison;
  /** Documents that its own tokenizer would have cut otherwise than the base's. */
  cutOtherwise: number;
}

class ComparisonRun {
  readonly #base: LanguageModel;
  readonly #facts: RecipeFacts;
  readonly #recipe: ResolvedRecipe;
  readonly #others: readonly Other[];
  readonly #options: CompareOptions;
  readonly #started = performance.now();
  readonly #digest = new CorpusDigest();
  readonly #skipped: ModelComparison["texts"]["skipped"] = [];
  #firstError: SurprisalError | null = null;
  #documents = 0;
  #bytes = 0;
  #tokensRun = 0;

  private constructor(
    base: LanguageModel,
    facts: RecipeFacts,
    recipe: ResolvedRecipe,
    others: readonly Other[],
    options: CompareOptions,
  ) {
    this.#base = base;
    this.#facts = facts;
    this.#recipe = recipe;
    this.#others = others;
    this.#options = options;
  }

  static async start(
    base: LanguageModel,
    models: readonly LanguageModel[],
    options: CompareOptions,
  ): Promise<ComparisonRun> {
    const { recipe = "cached", context, stride, sinks, parseSpecial, mostChanged = 20 } = options;
    const resolve = (facts: RecipeFacts) =>
      resolveRecipe(recipe, { context, stride, sinks, parseSpecial }, facts);
    const shared: (SharedTokens | null)[] = [];
    for (const model of models) shared.push(await sharedTokens(base, model));
    const facts = common(
      base,
      models.filter((_, i) => shared[i]),
    );
    const plan = resolve(facts);
    const others: Other[] = [];
    for (const [i, model] of models.entries()) {
      const tokens = shared[i]!;
      const own = tokens ? facts : factsOf(model);
      others.push({
        model,
        recipe: tokens ? plan : resolve(own),
        facts: own,
        notes: [
          ...(tokens?.notes ?? [
            "Another tokenizer than the base's: compared per byte. KL divergence is not defined between distributions over different tokens.",
          ]),
          ...[kernelsNote(base, model)].filter((note) => note !== null),
          ...(model.notes ?? []),
          ...(i === 0 ? (base.notes ?? []).map((note) => `The base, ${base.identity.name}: ${note}`) : []),
        ],
        comparison: tokens
          ? await TokenComparison.create({ base, model }, tokens, mostChanged)
          : new ByteComparison(mostChanged),
        cutOtherwise: 0,
      });
    }
    return new ComparisonRun(base, facts, plan, others, options);
  }

  async add(document: CorpusDocument): Promise<void> {
    const { name, messages } = document;
    try {
      // One text for all of them: of a chat, what the base's own template makes of it.
      await this.#compare(name, documentText(this.#base, document), messages !== undefined);
    } catch (error) {
      if (!SurprisalError.isInstance(error) || !DOCUMENT_ERRORS.includes(error.code)) throw error;
      this.#firstError ??= error.at(name);
      this.#skipped.push({ name, code: error.code, reason: error.what });
    }
  }

  async #compare(name: string, text: string, isChat: boolean): Promise<void> {
    if (text === "") throw new SurprisalError({ code: "EMPTY_INPUT", what: "The text is empty" });
    checkWellFormed(text, name);
    const bytes = new TextEncoder().encode(text);
    // Everything that can be wrong with a document is found before the first token of it is counted.
    const { ids, byteOffsets } = await recipeTokens(this.#base, this.#recipe, text, { isChat });
    const document: ComparedDocument = { name, bytes, ids, byteOffsets };
    const plan = planFor(this.#recipe, ids.length, this.#facts);
    const together = this.#others.filter(({ comparison }) => comparison instanceof TokenComparison);
    const apart: { other: Other; comparison: ByteComparison; table: TokenTable; plan: typeof plan }[] = [];
    for (const other of this.#others) {
      const { ids: own, byteOffsets } = await recipeTokens(other.model, this.#recipeFor(other), text, {
        isChat,
      });
      if (other.comparison instanceof ByteComparison)
        apart.push({
          other,
          comparison: other.comparison,
          table: emptyTable(own, byteOffsets, 0),
          plan: planFor(other.recipe, own.length, other.facts),
        });
      else if (!sameIds(withoutBos(own, other.model), withoutBos(ids, this.#base))) other.cutOtherwise++;
    }

    const documentIndex = this.#documents + this.#skipped.length;
    const total =
      (1 + together.length) * tokensRun(plan) + apart.reduce((sum, { plan }) => sum + tokensRun(plan), 0);
    let run = 0;
    const progress = (more: number) => {
      run += more;
      this.#tokensRun += more;
      const [first] = together;
      const measures = first ? (first.comparison as TokenComparison).measures : null;
      const divergence = measures?.divergence.value ?? null;
      this.#options.onProgress?.({ document: name, documentIndex, run, total, divergence });
    };

    const { signal } = this.#options;
    const streams = [this.#base, ...together.map(({ model }) => model)].map((model) =>
      model.scoreTokens(ids, plan, { distributions: together.length > 0, signal }),
    );
    const table = emptyTable(ids, byteOffsets, 0);
    for await (const { start, length, places, tokensRun } of lockstep(streams)) {
      const [base, ...models] = places;
      const { span, offset } = base!;
      fillColumns(table, start, sliceColumns(columnsOf(span), offset, offset + length));
      for (const [m, { comparison }] of together.entries()) {
        const { span: other, offset: at } = models[m]!;
        (comparison as TokenComparison).add(document, { start, length }, span, offset, other, at);
      }
      progress(tokensRun);
    }
    for (const { comparison } of together) (comparison as TokenComparison).endDocument();
    for (const { other, comparison, table: own, plan } of apart) {
      for await (const span of other.model.scoreTokens(own.ids, plan, { signal })) {
        fillColumns(own, span.start, columnsOf(span));
        progress(span.tokensRun);
      }
      comparison.add(document, ByteSurprisal.fromTable(table), ByteSurprisal.fromTable(own));
    }
    this.#documents++;
    this.#bytes += bytes.length;
    this.#digest.add(sha256(text));
  }

  #recipeFor({ recipe, comparison }: Other): ResolvedRecipe {
    return comparison instanceof ByteComparison ? recipe : this.#recipe;
  }

  async result(): Promise<ModelComparison> {
    const nothing = new SurprisalError({
      code: "NOTHING_TO_SCORE",
      what: "No token of these texts has a number in every model",
      wayOut: "Give texts of at least a few words.",
    });
    if (this.#documents === 0) throw this.#firstError ?? nothing;
    const comparisons: Comparison[] = [];
    for (const { model, recipe, notes, comparison, cutOtherwise } of this.#others) {
      const more =
        cutOtherwise === 0
          ? []
          : [
              `Its own tokenizer cuts ${cutOtherwise} of the documents otherwise; the base's tokens were used.`,
            ];
      const about = {
        model: model.identity,
        settings: model.settings,
        recipe,
        notes: [...notes, ...more],
      };
      if (comparison instanceof TokenComparison) {
        const measures = await comparison.result(recipe.standardErrorMethod);
        if (measures === null) throw nothing;
        comparisons.push({ ...about, per: "token", measures });
      } else {
        const measures = comparison.result();
        if (measures === null) throw nothing;
        comparisons.push({ ...about, per: "byte", measures });
      }
    }
    return {
      base: { model: this.#base.identity, settings: this.#base.settings, recipe: this.#recipe },
      comparisons,
      texts: {
        documents: this.#documents,
        bytes: this.#bytes,
        sha256: this.#digest.hex(),
        skipped: this.#skipped,
      },
      timing: { totalMs: performance.now() - this.#started, tokensRun: this.#tokensRun },
    };
  }
}

/** What a plan must suit that the base and the models with its tokens carry out: the base's tokens, everyone's limits. */
function common(base: LanguageModel, models: readonly LanguageModel[]): RecipeFacts {
  const facts = factsOf(base);
  const contexts = [base, ...models].flatMap(({ trainedContext }) => trainedContext ?? []);
  return {
    ...facts,
    trainedContext: contexts.length > 0 ? Math.min(...contexts) : null,
    canShift: [base, ...models].every(({ capabilities }) => capabilities.shift),
  };
}

function withoutBos(ids: Int32Array, { vocabulary }: LanguageModel): Int32Array {
  return vocabulary.bos !== null && ids[0] === vocabulary.bos ? ids.subarray(1) : ids;
}

/** The columns of a span without what is only valid for a moment. */
function columnsOf({ logprobs, entropies, ranks, alternatives }: ScoredSpan) {
  return { logprobs, entropies, ranks, alternatives };
}
