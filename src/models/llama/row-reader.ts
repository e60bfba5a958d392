/** From one row of logits to the numbers of one token. */
import type { LogitKernel, TokenColumns } from "../../core/index.ts";
import { assertUsable } from "./usable-logits.ts";

export class RowReader {
  readonly #kernel: LogitKernel;

  constructor(kernel: LogitKernel) {
    this.#kernel = kernel;
  }

  /**
   * Writes what a row of logits says about `token` into place `index` of the columns.
   * @param logits [V]
   * @throws SurprisalError ENGINE_FAILED when the row is none of a working model: see `assertUsable`.
   */
  read(logits: Float32Array, token: number, columns: TokenColumns, index: number, k: number): void {
    this.#kernel.row.set(logits);
    this.readAgain(token, columns, index, k);
  }

  /** The same for another token of the row read last. */
  readAgain(token: number, columns: TokenColumns, index: number, k: number): void {
    const kernel = this.#kernel;
    kernel.analyse(token, k);
    assertUsable(kernel);
    columns.logprobs[index] = kernel.logprob;
    columns.entropies[index] = kernel.entropy;
    columns.ranks[index] = kernel.rank;
    if (k === 0 || !columns.alternatives) return;
    columns.alternatives.ids.set(kernel.topIds.subarray(0, k), index * k);
    columns.alternatives.logprobs.set(kernel.topLogprobs.subarray(0, k), index * k);
  }

  /** ln Σ e^logit of the row read last, nats. */
  get logSumExp(): number {
    return this.#kernel.logSumExp;
  }

  /** [V] ln p of every token, nats. */
  distribution(logits: Float32Array): Float32Array {
    this.#kernel.row.set(logits);
    const out = new Float32Array(logits.length);
    this.#kernel.logSoftmax(out);
    return out;
  }
}
