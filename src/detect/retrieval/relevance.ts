/** How well passages answer to a text: by words (BM25), or by embeddings. */
import { abortError, invalidArgument } from "../../core/index.ts";
import type { EmbeddingModel } from "../../models/index.ts";
import { type Embed, embeddingSimilarity } from "../../uncertainty/index.ts";
import { unitsOf } from "./units.ts";

/** A source of vectors: an embedding model, or a function of yours. */
export type Embedder = Pick<EmbeddingModel, "embed" | "identity"> | Embed;

/** What it is called in a result. */
export const nameOf = (embedder: Embedder): string =>
  typeof embedder === "function" ? embedder.name || "a function" : embedder.identity.name;

function embedOf(embedder: Embedder): Embed {
  if (typeof embedder === "function") return embedder;
  return async (texts, options) => (await embedder.embed(texts, options)).map(({ vector }) => vector);
}

/**
 * Cosines of embeddings, below 0 as 0.
 * @returns [queries][passages]
 */
export async function cosines(
  embedder: Embedder,
  queries: readonly string[],
  passages: readonly string[],
  signal: AbortSignal | undefined,
): Promise<number[][]> {
  if (queries.length === 0 || passages.length === 0) return queries.map(() => []);
  const similarity = embeddingSimilarity(embedOf(embedder));
  await similarity.prepare!(
    [...queries, ...passages].map((text) => [text, text] as const),
    { signal },
  );
  const compare = similarity.open();
  return queries.map((query) => passages.map((passage) => compare(query, passage)));
}

/** Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond"; k1 and b as Lucene has them. */
const K1 = 1.2;
const B = 0.75;

/**
 * BM25 over words (and Chinese characters), with Lucene's idf, ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative.
 * @returns [queries][passages]
 */
export function bm25(
  queries: readonly string[],
  passages: readonly string[],
  signal?: AbortSignal | undefined,
): number[][] {
  const wanted = queries.map((query) => new Set(unitsOf(query)));
  const all = new Set(wanted.flatMap((units) => [...units]));
  const found = new Map<string, number>();
  const counts = passages.map((passage) => {
    if (signal?.aborted) throw abortError("Choosing passages", signal);
    const units = unitsOf(passage);
    const own = new Map<string, number>();
    for (const unit of units) if (all.has(unit)) own.set(unit, (own.get(unit) ?? 0) + 1);
    for (const unit of own.keys()) found.set(unit, (found.get(unit) ?? 0) + 1);
    return { own, length: units.length };
  });
  const mean = counts.reduce((sum, { length }) => sum + length, 0) / Math.max(1, passages.length) || 1;
  const idf = (unit: string) => {
    const n = found.get(unit) ?? 0;
    return Math.log(1 + (passages.length - n + 0.5) / (n + 0.5));
  };
  return wanted.map((units) =>
    counts.map(({ own, length }) => {
      let score = 0;
      for (const unit of units) {
        const times = own.get(unit);
        if (times) score += (idf(unit) * times * (K1 + 1)) / (times + K1 * (1 - B + (B * length) / mean));
      }
      return score;
    }),
  );
}

/** Passages that are given to an encoder, at most: the best by words. */
export const MOST_EMBEDDED = 256;

/** @throws SurprisalError INVALID_ARGUMENT for what is no embedder */
export function checkEmbedder(embedder: Embedder | undefined): void {
  if (embedder === undefined || typeof embedder === "function" || typeof embedder.embed === "function")
    return;
  throw invalidArgument(
    "This is no source of vectors",
    "embedder",
    'Give what resolveEmbedding("minilm") gives, or a function from texts to vectors.',
  );
}
