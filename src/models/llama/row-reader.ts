/** From one row of logits to the numbers of one token. */
import {
  type DistributionShape,
  type LogitKernel,
  SurprisalError,
  type TokenColumns,
} from "../../core/index.ts";
import type { KernelThreads } from "../threads/kernel-threads.ts";
import { assertUsable } from "./usable-logits.ts";

/** What is to be read of a row: the number of `token`, for place `index` of the columns. */
export interface RowRead {
  /** [V] */
  logits: Float32Array;
  token: number;
  columns: TokenColumns;
  index: number;
}

type RowNumbers = Pick<
  LogitKernel,
  "logprob" | "rank" | "entropy" | "logSumExp" | "row" | "topIds" | "topLogprobs"
>;

export class RowReader {
  readonly #kernel: LogitKernel;
  readonly #threads: KernelThreads;

  constructor(kernel: LogitKernel, threads: KernelThreads) {
    this.#kernel = kernel;
    this.#threads = threads;
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
    this.#kernel.analyse(token, k);
    write(this.#kernel, columns, index, k);
  }

  /**
   * Reads many rows, each as `read` does, with the help of other threads.
   * @param logSumExps [rows] gets ln Σ e^logit of each, nats.
   * @throws SurprisalError as `read`.
   */
  readAll(reads: readonly RowRead[], k: number, logSumExps?: Float64Array): void {
    this.#threads.run({
      count: reads.length,
      k,
      job: (at) => ({ rows: [reads[at]!.logits], given: [reads[at]!.token] }),
      here: (at) => {
        const { logits, token, columns, index } = reads[at]!;
        this.read(logits, token, columns, index, k);
        if (logSumExps) logSumExps[at] = this.#kernel.logSumExp;
      },
      take: (at, { found, ...top }) => {
        const { logits, columns, index } = reads[at]!;
        const [logprob, rank, entropy, logSumExp] = found as Float64Array & [number, number, number, number];
        write({ logprob, rank, entropy, logSumExp, row: logits, ...top }, columns, index, k);
        if (logSumExps) logSumExps[at] = logSumExp;
      },
    });
  }

  /** What the row read last says beside its entropy. */
  shape(): DistributionShape {
    const shape = this.#kernel.shape();
    if (shape) return shape;
    throw new SurprisalError({ code: "INTERNAL", what: "No row of logits was read before its shape" });
  }

  /** [V] ln p of every token, nats. @param out [V] takes them. */
  distribution(logits: Float32Array, out: Float32Array = new Float32Array(logits.length)): Float32Array {
    this.#kernel.row.set(logits);
    this.#kernel.logSoftmax(out);
    return out;
  }
}

/** @throws SurprisalError ENGINE_FAILED */
function write(numbers: RowNumbers, columns: TokenColumns, index: number, k: number): void {
  assertUsable(numbers);
  columns.logprobs[index] = numbers.logprob;
  columns.entropies[index] = numbers.entropy;
  columns.ranks[index] = numbers.rank;
  if (k === 0 || !columns.alternatives) return;
  columns.alternatives.ids.set(numbers.topIds.subarray(0, k), index * k);
  columns.alternatives.logprobs.set(numbers.topLogprobs.subarray(0, k), index * k);
}
