/** A prompt as an embedding model sees it. */
import type { EmbeddingModel } from "../../../models/index.ts";
import type { PaqFeatures } from "./contract.ts";

/**
 * Vectors of an embedding model that is open: `paq.encoder(await resolveEmbedding("minilm"))`. Of a prompt that is longer than the model reads (MiniLM:
 * 256 tokens) the end is left out, and `leftOut` says how much. The model stays the caller's, to be disposed of.
 */
export function encoderFeatures(
  model: Pick<EmbeddingModel, "embed" | "dimensions" | "identity">,
): PaqFeatures {
  const { name, sha256 } = model.identity;
  return {
    name: "encoder",
    dimensions: model.dimensions,
    identity: { name, sha256 },
    async of(prompts, { signal, onProgress } = {}) {
      const vectors = [];
      for (const prompt of prompts) {
        const start = performance.now();
        const [found] = await model.embed([prompt], { signal });
        const { vector, tokensLeftOut } = found!;
        vectors.push({ vector, ms: performance.now() - start, leftOut: tokensLeftOut });
        onProgress?.(vectors.length);
      }
      return vectors;
    },
  };
}
