/**
 * From one row of logits to the numbers of one token, in WebAssembly SIMD. Runs in Node and in browsers; the
 * arithmetic is the same on every machine.
 */
import { requireInteger } from "../_arguments.ts";
import type { DistributionShape } from "../token.ts";
import { instantiateKernel, type KernelInstance, paddedLength, reserve, rowAt } from "./instance.ts";

export { DivergenceKernel } from "./divergence.ts";
export { FrequencyKernel } from "./frequencies.ts";

/** Start of our memory; address 0 stays free. */
const SUMS = 16;

/**
 * Softmax statistics of rows of V logits. Make one per model, copy each row into `row`, call `analyse`, read the
 * fields. Nothing is allocated per row.
 *
 * Against exact arithmetic, log-probabilities and entropies are off by at most 1e-6 nats, and small entropies by at
 * most 5e-6 of their value. A logit of -Infinity is a token of probability 0. A row with NaN or +Infinity in it, or
 * with nothing but -Infinity, has no softmax: its numbers are NaN, its rank 0, its ids -1.
 */
export class LogitKernel {
  /** [V] the row to analyse, a view into the WebAssembly memory: `kernel.row.set(logits)`. Left as it was. */
  readonly row: Float32Array;
  /** ln Σ e^logit, nats. */
  logSumExp: number = Number.NaN;
  /** -Σ p ln p of the whole row, nats, 0 ... ln V. */
  entropy: number = Number.NaN;
  /** ln p(target), nats; NaN without a target. */
  logprob: number = Number.NaN;
  /** 1 + number of logits strictly larger than the target's; 0 without a target. */
  rank: number = 0;
  /** Id of the most probable token, the lowest among equals. */
  argMax: number = -1;
  /** [maxAlternatives] the first k: ids of the most probable tokens, best first, the lower id first among equals;
   * -1 when fewer than k tokens have a probability above 0. */
  readonly topIds: Int32Array;
  /** [maxAlternatives] the first k: their ln p, nats; NaN where the id is -1. */
  readonly topLogprobs: Float32Array;

  readonly #wasm: KernelInstance;
  /** [4] see `accumulate` and `rootSums`. */
  readonly #sums: Float64Array;
  readonly #bytes: number;

  private constructor(wasm: KernelInstance, vocabularySize: number, maxAlternatives: number) {
    const topIds = SUMS + 4 * 8;
    const topLogprobs = topIds + 4 * maxAlternatives;
    const row = Math.ceil((topLogprobs + 4 * maxAlternatives) / 16) * 16;
    const bytes = 4 * paddedLength(vocabularySize);
    reserve(wasm, row + bytes);
    this.row = rowAt(wasm, row, vocabularySize);
    const { buffer } = wasm.memory;
    this.topIds = new Int32Array(buffer, topIds, maxAlternatives);
    this.topLogprobs = new Float32Array(buffer, topLogprobs, maxAlternatives);
    this.#wasm = wasm;
    this.#sums = new Float64Array(buffer, SUMS, 4);
    this.#bytes = bytes;
  }

  /**
   * @param vocabularySize V, at least 1.
   * @param maxAlternatives largest k that `analyse` will be asked for, 0 ... V.
   * @throws SurprisalError INVALID_ARGUMENT.
   */
  static async create(vocabularySize: number, maxAlternatives: number): Promise<LogitKernel> {
    requireInteger(vocabularySize, "vocabularySize", 1);
    requireInteger(maxAlternatives, "maxAlternatives", 0, vocabularySize);
    return new LogitKernel(await instantiateKernel(), vocabularySize, maxAlternatives);
  }

  /**
   * Fills the fields from `row`.
   * @param target id of the token to look up; -1 = none.
   * @param k most probable tokens wanted, 0 ... maxAlternatives.
   * @throws SurprisalError INVALID_ARGUMENT.
   */
  analyse(target: number, k: number): void {
    requireInteger(target, "target", -1, this.row.length - 1);
    requireInteger(k, "k", 0, this.topIds.length);
    const { row } = this;
    const best = this.#wasm.argMax(row.byteOffset, this.#bytes);
    const highest = row[best]!;
    const logit = target < 0 ? Number.NaN : row[target]!;
    // The best token's own e^0 = 1 is added below in double precision: so a small rest keeps its digits.
    row[best] = Number.NEGATIVE_INFINITY;
    this.#wasm.accumulate(row.byteOffset, this.#bytes, highest, logit, this.#sums.byteOffset);
    row[best] = highest;
    const rest = this.#sums[0]!; // Σ e^d over the other tokens, d = logit - highest
    const weighted = this.#sums[1]!; // Σ d e^d
    const above = this.#sums[2]!;
    if (!Number.isFinite(highest) || Number.isNaN(rest)) {
      this.#setMissing(k);
      return;
    }
    const logSum = Math.log1p(rest); // ln Σ e^d
    this.logSumExp = highest + logSum;
    this.entropy = logSum - weighted / (1 + rest); // -Σ p ln p = ln Σ e^d - Σ d e^d / Σ e^d
    this.logprob = logit - highest - logSum;
    this.rank = target < 0 ? 0 : 1 + above + (highest > logit ? 1 : 0);
    this.argMax = best;
    if (k > 0) this.#selectTop(k, highest, logSum);
  }

  /**
   * What `row` says beside its entropy, after `analyse` of it; `null` when it has no softmax. Against exact arithmetic the mean is off
   * by at most 2e-6 nats and 1e-6 of its value, the sums by 1e-6 of theirs; a token less probable than e^-348 times the first counts as that in them.
   */
  shape(): DistributionShape | null {
    const { row, argMax: best } = this;
    if (best < 0) return null;
    const highest = row[best]!;
    row[best] = Number.NEGATIVE_INFINITY; // its e^0 = 1 is added in double precision, as in `analyse`
    this.#wasm.rootSums(row.byteOffset, this.#bytes, highest, this.#sums.byteOffset);
    row[best] = highest;
    const [fourthRoots, roots, differences, others] = this.#sums as Float64Array &
      [number, number, number, number];
    const logSum = this.logSumExp - highest;
    const possible = others + 1;
    return {
      vocabularySize: row.length,
      possible,
      meanLogprob: differences / possible - logSum,
      rootSum: (1 + roots) * Math.exp(-logSum / 2), // Σ √p = Σ e^(d/2) / √Z
      flatRootSum: (1 + fourthRoots) / Math.sqrt(1 + roots), // q = e^(d/2) / Σ e^(d/2)
    };
  }

  /** Writes ln p of every token of `row`, nats, to `out` [V]; all NaN when the row has no softmax. */
  logSoftmax(out: Float32Array): void {
    this.analyse(-1, 0);
    const { row, logSumExp } = this;
    for (let i = 0; i < row.length; i++) out[i] = row[i]! - logSumExp;
  }

  #selectTop(k: number, highest: number, logSum: number): void {
    const { row, topIds, topLogprobs } = this;
    this.#wasm.selectTop(row.byteOffset, this.#bytes, k, topIds.byteOffset, topLogprobs.byteOffset);
    for (let i = 0; i < k; i++)
      topLogprobs[i] = topIds[i]! < 0 ? Number.NaN : topLogprobs[i]! - highest - logSum;
  }

  #setMissing(k: number): void {
    this.logSumExp = this.entropy = this.logprob = Number.NaN;
    this.rank = 0;
    this.argMax = -1;
    this.topIds.fill(-1, 0, k);
    this.topLogprobs.fill(Number.NaN, 0, k);
  }
}
