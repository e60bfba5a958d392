/** The text that quantisations are compared on: read once, and tried, before anything long begins. */
import {
  abortError,
  planFor,
  type RecipeOption,
  type RecipeOverrides,
  type ResolvedRecipe,
  resolveRecipe,
  SurprisalError,
} from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { type Corpus, CorpusDigest, sha256 } from "../corpora/index.ts";
import { documentText, factsOf, recipeTokens } from "../scoring/index.ts";

/** What is known of it. */
export interface ComparedText {
  corpus: Corpus;
  documents: number;
  /** UTF-8 bytes. */
  bytes: number;
  /** As `RunCorpus.sha256`; `scored`: of the documents that are not empty. */
  sha256: string;
  scored: string;
  /** Of the first document. */
  beginning: string;
}

const BEGINNING = 4000;

/** @throws SurprisalError EMPTY_INPUT, and what the corpus throws. */
export async function readText(corpus: Corpus, signal: AbortSignal | undefined): Promise<ComparedText> {
  const [all, scored] = [new CorpusDigest(), new CorpusDigest()];
  let [documents, bytes, beginning] = [0, 0, ""];
  for await (const { text } of corpus.documents()) {
    if (signal?.aborted) throw abortError("Reading the text", signal);
    const digest = sha256(text);
    all.add(digest);
    if (text !== "") scored.add(digest);
    if (beginning === "") beginning = text.slice(0, BEGINNING);
    documents++;
    bytes += Buffer.byteLength(text);
  }
  if (bytes === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The text is empty: nothing can be compared on it",
      where: corpus.source,
      wayOut: "Give one of some thousand words.",
    });
  return { corpus, documents, bytes, sha256: all.hex(), scored: scored.hex(), beginning };
}

/**
 * Whether a document of it can be scored at all.
 * @returns the recipe with this model's numbers in it.
 * @throws SurprisalError NOTHING_TO_SCORE, TOO_FEW_TOKENS, ...: the first document's error where none can.
 */
export async function checkText(
  model: LanguageModel,
  { corpus }: ComparedText,
  { recipe = "cached", ...overrides }: RecipeOverrides & { recipe?: RecipeOption | undefined },
): Promise<ResolvedRecipe> {
  const facts = factsOf(model);
  const resolved = resolveRecipe(recipe, overrides, facts);
  let first: unknown;
  for await (const document of corpus.documents()) {
    try {
      const isChat = document.messages !== undefined;
      const { ids } = await recipeTokens(model, resolved, documentText(model, document), { isChat });
      planFor(resolved, ids.length, facts);
      return resolved;
    } catch (error) {
      if (!SurprisalError.isInstance(error)) throw error;
      first ??= error.at(document.name);
    }
  }
  throw first;
}
