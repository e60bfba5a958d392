/** What an encoder's file says of itself. */
import { ENCODERS } from "./architectures.ts";
import type { GgufFile } from "./types.ts";

/** How the vectors of a text's tokens become one. "rank": they become a score of relevance instead. */
export type Pooling = "mean" | "cls" | "last" | "rank";

/** enum llama_pooling_type; 0 is none. */
const POOLING: readonly (Pooling | null)[] = [null, "mean", "cls", "last", "rank"];

/** `null`: the file does not say. */
export function poolingOf({
  architecture,
  metadata,
}: Pick<GgufFile, "architecture" | "metadata">): Pooling | null {
  const entry = metadata.get(`${architecture}.pooling_type`);
  return entry?.type === "u32" ? (POOLING[entry.value] ?? null) : null;
}

/** The model turns texts into vectors. */
export function isEncoder({ architecture }: Pick<GgufFile, "architecture">): boolean {
  return ENCODERS.has(architecture);
}
