/** How alike two texts are by the angle between their embeddings. */
import { abortError, invalidArgument, type SurprisalError } from "../../../core/index.ts";
import type { PrepareOptions, TextPair } from "../estimator-of-samples.ts";
import type { TextSimilarity } from "./similarity.ts";

/** Vectors of texts, one for each, in their order; any length, the same for all. */
export type Embed = (
  texts: readonly string[],
  options?: { signal?: AbortSignal | undefined },
) => Promise<readonly ArrayLike<number>[]>;

/** Options of `embeddingSimilarity`. */
export interface EmbeddingSimilarityOptions {
  /**
   * How a cosine becomes 0 ... 1. "clipped", the default: below 0 is 0. "halved": (1 + cosine) / 2, as uqlm has it.
   */
  scale?: "clipped" | "halved" | undefined;
}

/**
 * Cosine of embeddings. Each text is embedded once, all that are new in one request.
 * @throws SurprisalError INVALID_ARGUMENT (from `prepare`) for vectors that are not as many, of different lengths, zero, or hold
 *   what is no number; (when compared) for a text that was not prepared
 */
export function embeddingSimilarity(
  embed: Embed,
  { scale = "clipped" }: EmbeddingSimilarityOptions = {},
): TextSimilarity {
  /** Vectors of length 1. */
  const vectors = new Map<string, Float64Array>();
  let length: number | null = null;
  const vectorOf = (text: string): Float64Array => {
    const vector = vectors.get(text);
    if (vector) return vector;
    throw notPrepared("embedded", text);
  };
  return {
    name: `cosine of embeddings, ${scale}`,
    needs: ["embeddings"],
    async prepare(pairs: readonly TextPair[], { signal }: PrepareOptions = {}) {
      if (signal?.aborted) throw abortError("Embedding", signal);
      const fresh = [...new Set(pairs.flat())].filter((text) => !vectors.has(text));
      if (fresh.length === 0) return;
      const found = await embed(fresh, { signal });
      if (found.length !== fresh.length)
        throw invalidArgument(`${fresh.length} texts were embedded as ${found.length} vectors`, "embed");
      const unit = found.map((vector) => {
        length ??= vector.length;
        return unitVector(vector, length);
      });
      for (const [i, text] of fresh.entries()) vectors.set(text, unit[i]!);
    },
    open: () => (a, b) => {
      const [x, y] = [vectorOf(a), vectorOf(b)];
      let cosine = 0;
      for (let i = 0; i < x.length; i++) cosine += x[i]! * y[i]!;
      cosine = Math.max(-1, Math.min(1, cosine));
      return scale === "clipped" ? Math.max(0, cosine) : (1 + cosine) / 2;
    },
  };
}

/** The error for a text or pair that `prepare` was not called with. */
export function notPrepared(what: string, text: string): SurprisalError {
  return invalidArgument(
    `A text was not ${what} before it was compared`,
    JSON.stringify(text.slice(0, 60)),
    "Await the estimator's prepare() before observe(), or use SampleWatch, which does it.",
  );
}

function unitVector(vector: ArrayLike<number>, length: number): Float64Array {
  const unit = Float64Array.from(vector);
  const norm = Math.hypot(...unit);
  if (unit.length !== length)
    throw invalidArgument(`A vector of ${unit.length} numbers stands beside those of ${length}`, "embed");
  if (!Number.isFinite(norm) || norm === 0)
    throw invalidArgument(
      norm === 0 ? "A vector of zeros has no direction" : "A vector holds what is no number",
      "embed",
    );
  return unit.map((value) => value / norm);
}
