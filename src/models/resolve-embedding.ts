/** From what a person writes ("minilm", a path, "hf:...") to a model that turns texts into vectors. */
import { SurprisalError } from "../core/index.ts";
import type { EmbeddingModel } from "./embedding-model.ts";
import { type EncoderLoadOptions, LlamaEncoder } from "./llama/index.ts";
import { assertKind, assertUnchanged, type LocateOptions, locate } from "./registry/index.ts";

/** The embedding model that is used where none is named. */
export const DEFAULT_EMBEDDING_MODEL = "minilm";

/** Options of `resolveEmbedding`: where the model is looked for, and how it is loaded. */
export interface ResolveEmbeddingOptions extends LocateOptions, EncoderLoadOptions {}

/**
 * Gets an embedding model (from the cache, a file, or the network) and loads it.
 *
 * `await using model = await resolveEmbedding()` frees its memory at the end of the block.
 * @param reference as for `locate`. Default: "minilm", all-MiniLM-L6-v2, which is fetched once (83 MB) and kept with 25 MB.
 * @throws SurprisalError UNKNOWN_MODEL, MODEL_UNAVAILABLE, CONVERSION_FAILED, DOWNLOAD_FAILED, GGUF_*; GGUF_UNSUPPORTED for a
 *   model that predicts tokens (`resolve` opens it), ...
 */
export async function resolveEmbedding(
  reference: string = DEFAULT_EMBEDDING_MODEL,
  options: ResolveEmbeddingOptions = {},
): Promise<EmbeddingModel> {
  if (/^https?:|^(ollama|gemini|openai|azure|deepseek|openrouter|xai):/i.test(reference))
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "Servers are not asked for embeddings",
      where: reference,
      wayOut: 'Use an embedding model in process, such as "minilm", or give vectors of your own.',
    });
  assertKind(reference, "encoder");
  const located = await locate(reference, options);
  const { path, name, sha256, files, notes } = located;
  const identity = { source: reference, name, sha256, ...(files && { files }) };
  const model = await LlamaEncoder.load(path, options, identity, notes);
  try {
    await assertUnchanged(located, options);
    return model;
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}
