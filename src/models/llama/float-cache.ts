/**
 * Which texts get keys and values in single precision although the model's cache has half.
 *
 * A cache of type f16, and llama.cpp's flash attention, which casts to it, move a token of a model with float weights by
 * up to 0.08 nats, a hundred times what the rest of the arithmetic rounds. Quantised weights round their activations to
 * 8 bits and move by more than that from CPU to CPU: there a float cache would make nothing more exact.
 *
 * Without flash attention every token looks at every cell in use, of which llama.cpp takes 256 at least: so texts and
 * batches are kept so short that a text and a batch fit into these. Processor time of whole requests against the default
 * (SmolLM2-135M, zen4, one thread, November 2026): F32 1.08 so, 1.16 with texts of 256 tokens and batches of 128, 1.18
 * with batches of 512; quantised to Q8_0 1.22 to 1.5.
 */
import type { WindowPlan } from "../../core/index.ts";
import type { GgufFile } from "../gguf/index.ts";
import type { ContextSettings } from "./context.ts";
import type { LlamaLoadOptions } from "./placement.ts";

/** A second kind of context, for short texts. */
export interface FloatCache {
  /** Texts of at most so many tokens use it. */
  tokens: number;
  context: ContextSettings;
}

/** Together 256, the fewest cells that llama.cpp looks at. */
const TOKENS = 192;
const BATCH = 64;
/** ggml type and enum llama_flash_attn_type. */
const F32 = 0;
const OFF = 0;

/**
 * `null` where there is none: quantised or half-precision weights, a GPU, or a cache that the person chose.
 * @param context the settings of all other contexts.
 */
export function floatCache(
  options: Pick<LlamaLoadOptions, "cacheType" | "flashAttention" | "exact">,
  context: ContextSettings,
  { tensors }: Pick<GgufFile, "tensors">,
): FloatCache | null {
  const { cacheType, flashAttention, exact = false } = options;
  const chosen = exact || cacheType !== undefined || flashAttention !== undefined;
  if (chosen || !context.cpuOnly || tensors.some(({ type }) => type !== "F32")) return null;
  const batch = Math.min(context.batch, BATCH);
  return { tokens: TOKENS, context: { ...context, batch, cacheType: F32, flashAttention: OFF } };
}

/** For the model's settings. */
export function describeFloatCache({ tokens }: FloatCache): string {
  return `up to ${tokens} tokens, but in llama.cpp's chunks`;
}

/**
 * Tokens by which a plan counts as short: those of its text or of its windows, whichever are fewer, so that a part of the
 * plan chooses as the whole does. llama.cpp's own chunks are never short: their numbers are those of its default cache.
 */
export function lengthOf(plan: WindowPlan, documentTokens: number): number {
  return plan.method === "half" ? Number.POSITIVE_INFINITY : Math.min(plan.context, documentTokens);
}

/** Positions that carrying out a plan takes. */
export function positionsOf({ context, steps }: WindowPlan, documentTokens: number): number {
  const prefix = steps.reduce((most, { prefix }) => Math.max(most, prefix.length), 0);
  return Math.min(context, documentTokens + prefix);
}
