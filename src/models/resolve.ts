/** From what a person writes ("smollm2", a path, "hf:...") to a model ready to score. */
import type { LanguageModel } from "./language-model.ts";
import { type LlamaLoadOptions, LlamaModel } from "./llama/index.ts";
import { type LocateOptions, locate } from "./registry/index.ts";

export interface ResolveOptions extends LocateOptions, LlamaLoadOptions {}

/**
 * Gets the model (from the cache, a file, or the network) and loads it.
 *
 * `await using model = await resolve("smollm2")` frees its memory at the end of the block.
 * @throws SurprisalError UNKNOWN_MODEL, MODEL_UNAVAILABLE, TERMS_NOT_ACCEPTED, DOWNLOAD_FAILED, GGUF_*, ...
 */
export async function resolve(reference: string, options: ResolveOptions = {}): Promise<LanguageModel> {
  const { path, name, sha256 } = await locate(reference, options);
  return LlamaModel.load(path, options, { source: reference, name, sha256 });
}
