/** How far two rows of logits are apart, in WebAssembly SIMD. */
import { requireInteger } from "../_arguments.ts";
import { instantiateKernel, type KernelInstance, paddedLength, reserve, rowAt } from "./instance.ts";

/** Start of our memory; address 0 stays free. */
const START = 16;

/**
 * KL divergence of pairs of rows of V logits. Make one per vocabulary, copy the rows into `p` and `q`, call `measure`,
 * read the fields. Nothing is allocated per pair.
 *
 * Against exact arithmetic the divergence D is off by at most 1e-6 D + 1e-9 + ε min(1, √(2 D)) nats, ε being what single
 * precision may round of a difference of two logits: 2^-24 of the greatest, 2e-6 nats for logits between -15 and 15.
 * Rows that are equal give exactly 0. A logit of -Infinity is a token of probability 0.
 */
export class DivergenceKernel {
  /** [V] the logits of p, a view into the WebAssembly memory. Left as they were. */
  readonly p: Float32Array;
  /** [V] the logits of q. */
  readonly q: Float32Array;
  /**
   * KL(p‖q), nats, 0 ... Infinity (q rules out what p allows); NaN when a row has no softmax. What rounding leaves
   * below 0 is 0.
   */
  divergence: number = Number.NaN;
  /** Id of the most probable token of p, the lowest among equals; -1 when the row has no softmax. */
  topOfP: number = -1;
  /** The same of q. */
  topOfQ: number = -1;

  readonly #wasm: KernelInstance;
  readonly #bytes: number;

  private constructor(wasm: KernelInstance, vocabularySize: number) {
    this.#wasm = wasm;
    this.#bytes = 4 * paddedLength(vocabularySize);
    reserve(wasm, START + 2 * this.#bytes);
    this.p = rowAt(wasm, START, vocabularySize);
    this.q = rowAt(wasm, START + this.#bytes, vocabularySize);
  }

  /**
   * @param vocabularySize V, at least 1.
   * @throws SurprisalError INVALID_ARGUMENT.
   */
  static async create(vocabularySize: number): Promise<DivergenceKernel> {
    requireInteger(vocabularySize, "vocabularySize", 1);
    return new DivergenceKernel(await instantiateKernel(), vocabularySize);
  }

  /**
   * Fills the fields from the rows. The divergence hardly depends on the log-sum-exps: an error ε in their difference
   * changes it by ε²/2.
   * @param logSumExpP ln Σ e^logit of `p`, nats, as `LogitKernel` gives it.
   * @param logSumExpQ the same of `q`.
   */
  measure(logSumExpP: number, logSumExpQ: number): void {
    const { p, q } = this;
    this.divergence = Number.NaN;
    this.topOfP = this.topOfQ = -1;
    if (!Number.isFinite(logSumExpP) || !Number.isFinite(logSumExpQ)) return;
    this.topOfP = this.#wasm.argMax(p.byteOffset, this.#bytes);
    this.topOfQ = this.#wasm.argMax(q.byteOffset, this.#bytes);
    const highestP = p[this.topOfP]!;
    const highestQ = q[this.topOfQ]!;
    // In single precision, as the loop reads it: what it is off by then cancels between ln p - ln q and p - q.
    const shift = Math.fround(logSumExpP - logSumExpQ);
    const scaled = this.#wasm.divergence(
      p.byteOffset,
      q.byteOffset,
      this.#bytes,
      highestP,
      highestQ,
      shift,
      Math.exp(shift - highestP + highestQ),
    );
    this.divergence = Math.max(0, scaled * Math.exp(highestP - logSumExpP));
  }
}
