/** A row of logits as whole numbers that a range coder can code with, in WebAssembly SIMD. */
import { requireInteger } from "../_arguments.ts";
import { SurprisalError } from "../errors.ts";
import { instantiateKernel, type KernelInstance, paddedLength, reserve, rowAt } from "./instance.ts";

/** Start of our memory; address 0 stays free. */
const SUMS = 16;
/** Two counts differ by 2^-30 in probability. */
const COUNTS = 2 ** 30;
/** Largest vocabulary: the ones of all tokens are to leave the counts below 2^31. */
const MOST_TOKENS = 2 ** 29;

/**
 * Frequencies of V tokens: 1 + floor(2^30 p) each, so that every token can be coded, and a token that the model rules out costs 30 bits. The
 * floor costs the others V / 2^30 of their probability: 7e-5 bits per token of a vocabulary of 49,152. Make one per model, copy each row into
 * `row`, call `count`, then ask. The same row gives the same numbers on every machine: all arithmetic is WebAssembly's.
 */
export class FrequencyKernel {
  /** [V] the logits, a view into the WebAssembly memory: `kernel.row.set(logits)`. Left as it was. */
  readonly row: Float32Array;
  /** Sum of all V frequencies, below 2^31. */
  total = 0;
  /** [V] the frequencies, after `count`. */
  readonly counts: Uint32Array;

  readonly #wasm: KernelInstance;
  readonly #bytes: number;
  readonly #sums: Float64Array;
  /** Of the row that was counted: its highest logit, and ln Σ exp(logit - highest). Apart, since logits of 1e30 would swallow the sum. */
  #highest = Number.NaN;
  #logSum = Number.NaN;

  private constructor(wasm: KernelInstance, vocabularySize: number) {
    this.#wasm = wasm;
    this.#bytes = 4 * paddedLength(vocabularySize);
    const row = SUMS + 32;
    reserve(wasm, row + 2 * this.#bytes);
    this.row = rowAt(wasm, row, vocabularySize);
    this.counts = new Uint32Array(wasm.memory.buffer, row + this.#bytes, vocabularySize);
    this.#sums = new Float64Array(wasm.memory.buffer, SUMS, 4);
  }

  /**
   * @param vocabularySize V, at least 1.
   * @throws SurprisalError INVALID_ARGUMENT.
   */
  static async create(vocabularySize: number): Promise<FrequencyKernel> {
    requireInteger(vocabularySize, "vocabularySize", 1, MOST_TOKENS);
    return new FrequencyKernel(await instantiateKernel(), vocabularySize);
  }

  /**
   * Makes frequencies of `row`.
   * @throws SurprisalError ENGINE_FAILED where the row has no softmax (NaN, +Infinity, nothing above -Infinity).
   */
  count(): void {
    const { row, counts } = this;
    const best = this.#wasm.argMax(row.byteOffset, this.#bytes);
    const highest = row[best]!;
    this.#wasm.accumulate(row.byteOffset, this.#bytes, highest, Number.NaN, this.#sums.byteOffset);
    const sum = this.#sums[0]!;
    if (!Number.isFinite(highest) || !(sum >= 1))
      throw new SurprisalError({
        code: "ENGINE_FAILED",
        what: "The model gave a row of logits that has no softmax",
        wayOut: "Check the model with `surprisal doctor`; a damaged file gives such rows.",
      });
    const scale = Math.fround(COUNTS / sum);
    const all = this.#wasm.countAll(row.byteOffset, this.#bytes, highest, scale, counts.byteOffset);
    this.total = all - (this.#bytes / 4 - row.length); // a 1 for each element of the padding
    this.#highest = highest;
    this.#logSum = Math.log(sum);
  }

  /** -ln p of a token by the softmax of the row that was counted: what it would cost if frequencies were no whole numbers. */
  surprisal(token: number): number {
    return this.#highest - this.row[token]! + this.#logSum;
  }

  /** Sum of the frequencies of the tokens before `token`. */
  below(token: number): number {
    return this.#wasm.countBelow(this.counts.byteOffset, token);
  }

  /** The token whose frequency covers `place`, 0 ... total - 1, when they are laid one behind the other. */
  at(place: number): number {
    return this.#wasm.findCount(this.counts.byteOffset, place);
  }
}
