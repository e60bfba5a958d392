/** From one row of logits to the numbers of one token. */
import { type LogitKernel, SurprisalError, type TokenColumns } from "../../core/index.ts";
import type { RowNumbers, RowThread, RowThreads } from "./row-threads.ts";

/** What is to be read of a row: the number of `token`, for place `index` of the columns. */
export interface RowRead {
  logits: Float32Array;
  token: number;
  columns: TokenColumns;
  index: number;
}

export class RowReader {
  readonly #kernel: LogitKernel;
  readonly #threads: RowThreads | null;

  constructor(kernel: LogitKernel, threads: RowThreads | null = null) {
    this.#kernel = kernel;
    this.#threads = threads;
  }

  /**
   * Writes what a row of logits says about `token` into place `index` of the columns.
   * @param logits [V]
   * @throws SurprisalError ENGINE_FAILED when the row holds NaN: the model file or the build is broken.
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
  readAll(rows: readonly RowRead[], k: number, logSumExps?: Float64Array): void {
    const threads = this.#threads?.ready(rows.length) ?? [];
    const shares = new Map<RowThread, { from: number; to: number }>();
    const readHere = (at: number) => {
      const { logits, token, columns, index } = rows[at]!;
      this.read(logits, token, columns, index, k);
      if (logSumExps) logSumExps[at] = this.logSumExp;
    };
    const take = (thread: RowThread, { from, to }: { from: number; to: number }) => {
      shares.delete(thread);
      const numbers = thread.finish();
      for (let at = from; at < to; at++) {
        if (!numbers) readHere(at);
        else {
          const read = numbers(at - from);
          write(read, rows[at]!.columns, rows[at]!.index, k);
          if (logSumExps) logSumExps[at] = read.logSumExp;
        }
      }
    };
    let next = 0;
    try {
      while (next < rows.length) {
        for (const thread of threads) {
          const share = shares.get(thread);
          if (share && !thread.done) continue;
          if (share) take(thread, share);
          // All end together: near the end the shares are smaller.
          const size = Math.min(thread.capacity, Math.floor((rows.length - next) / (threads.length + 1)));
          if (size === 0 || !thread.ready) continue;
          const from = next;
          next += size;
          shares.set(thread, { from, to: next });
          thread.begin(rows.slice(from, next), k);
        }
        if (next < rows.length) readHere(next++);
      }
      for (const [thread, share] of shares) take(thread, share);
    } finally {
      for (const thread of shares.keys()) thread.finish(); // nothing is left for the rows of another call
    }
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

  async dispose(): Promise<void> {
    await this.#threads?.dispose();
  }
}

/** @throws SurprisalError ENGINE_FAILED */
function write(read: RowNumbers, columns: TokenColumns, index: number, k: number): void {
  if (Number.isNaN(read.logSumExp))
    throw new SurprisalError({
      code: "ENGINE_FAILED",
      what: "The model's logits are not numbers (NaN)",
      wayOut:
        'The model file is damaged or its weights overflow; try another quantisation, or cacheType: "f32".',
    });
  columns.logprobs[index] = read.logprob;
  columns.entropies[index] = read.entropy;
  columns.ranks[index] = read.rank;
  if (k === 0 || !columns.alternatives) return;
  columns.alternatives.ids.set(read.topIds.subarray(0, k), index * k);
  columns.alternatives.logprobs.set(read.topLogprobs.subarray(0, k), index * k);
}
