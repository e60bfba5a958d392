/** What numbers of quantised weights owe to the kernels that computed them (src/models/kernels.ts). */
import { kernelsOf, type LanguageModel } from "../src/models/index.ts";

/** Kernels of the machines on which other tools' numbers were recorded: x86 with AVX-512, AMX not used. */
const RECORDED = "avx512";

/**
 * How much other kernels move ln p of one token of SmolLM2, standard deviation, nats. Measured between the builds haswell
 * and zen4 over 765 tokens: 0.091 in Q8_0, 0.093 in Q4_0, 0.079 in Q4_1 (largest: 0.59). Activations are rounded to 8
 * bits after every layer, so a sum in another order comes out as noise; its mean over n tokens shrinks as 1 / sqrt(n).
 */
const MOVED = 0.1;

/** The model computes with other kernels than those that numbers were recorded with. */
export function hasOtherKernels({ settings }: LanguageModel): boolean {
  return kernelsOf(settings) !== RECORDED;
}

/**
 * What kernels leave open of the mean ln p of `tokens` tokens, nats, and so of a perplexity, relatively: with those of the
 * recording what the shape of a batch does (1e-4); with others four standard deviations.
 */
export function leftOpen(model: LanguageModel, tokens: number): number {
  return hasOtherKernels(model) ? (4 * MOVED) / Math.sqrt(tokens) : 1e-4;
}

/** Largest difference of one token's ln p, nats. */
export function leftOpenOfToken(model: LanguageModel): number {
  return hasOtherKernels(model) ? 6 * MOVED : 0.1;
}

/** Numbers of quantised weights were recorded on x86 only. */
export const NOT_X86: string | false =
  process.arch !== "x64" && `recorded on x86, and ${process.arch} has other kernels`;
