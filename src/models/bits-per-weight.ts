/** How much a model takes for each of its weights. */
import type { ModelIdentity } from "./language-model.ts";

/**
 * Bits per weight of a model: as it says itself, else those of its files with their headers, which older runs have (of a file of
 * some megabytes a few percent more); `null` when unknown.
 */
export function bitsPerWeightOf({
  bitsPerWeight,
  bytes,
  parameters,
}: Pick<ModelIdentity, "bitsPerWeight" | "bytes" | "parameters">): number | null {
  if (typeof bitsPerWeight === "number") return bitsPerWeight;
  return bytes === null || !parameters ? null : (8 * bytes) / parameters;
}
