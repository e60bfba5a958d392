/** One thread that helps, and the memory it shares with the main one. */
import { Worker } from "node:worker_threads";
import koffi from "koffi";
import {
  IDLE,
  type KernelKind,
  NUMBERS,
  PLACE,
  rowsOf,
  type SharedRows,
  sharedRows,
  WORK,
} from "./shared-rows.ts";

/** Logits handed to a thread at a time, bytes: enough that waking it costs nothing, few enough that nobody waits long. */
const SHARE_BYTES = 3 * 2 ** 20;
const MOST_JOBS = 16;
/** A share takes a few milliseconds; a thread that has not done it by now is taken for lost. */
const PATIENCE_MS = 10_000;

/** What is to be done. */
export interface KernelJob {
  /** [1 or 2][V] logits. */
  rows: readonly Float32Array[];
  /** The token, or the log-sum-exps of the rows. */
  given: readonly number[];
}

/** What came of it; valid until more is handed over. */
export interface KernelResult {
  /** See `SharedRows`. */
  found: Float64Array;
  /** [k] */
  topIds: Int32Array;
  topLogprobs: Float32Array;
}

export class KernelThread {
  /** It can be given jobs. */
  ready = false;
  /** Most jobs at a time. */
  readonly capacity: number;
  readonly #shared: SharedRows;
  readonly #worker: Worker;
  readonly #onEnd: (thread: KernelThread) => void;

  constructor(
    what: { kind: KernelKind; vocabularySize: number; maxAlternatives: number },
    onEnd: (thread: KernelThread) => void,
  ) {
    const jobs = Math.floor(SHARE_BYTES / (4 * what.vocabularySize * rowsOf(what.kind)));
    this.capacity = Math.max(1, Math.min(jobs, MOST_JOBS));
    this.#shared = sharedRows(this.capacity, what);
    this.#onEnd = onEnd;
    // Without the program's own flags: with --input-type, say, no file can be run.
    const options = { workerData: this.#shared, execArgv: [] };
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), options);
    this.#worker.unref(); // the program may end without it
    this.#worker.once("message", () => {
      this.ready = true;
    });
    this.#worker.on("error", () => this.#lose()); // no memory for one: the main thread works alone
  }

  /**
   * Hands over `count` jobs, at most `capacity`; `finish` is to be called before the next, and before anything else is
   * written to their rows.
   */
  begin(count: number, job: (index: number) => KernelJob, k: number): void {
    const { counts, places, given, state, kind } = this.#shared;
    const rowsPerJob = rowsOf(kind);
    counts[0] = count;
    counts[1] = k;
    for (let i = 0; i < count; i++) {
      const { rows, given: numbers } = job(i);
      for (const [r, { buffer, byteOffset }] of rows.entries())
        places.set(
          [koffi.address(buffer), BigInt(buffer.byteLength), BigInt(byteOffset)],
          (i * rowsPerJob + r) * PLACE,
        );
      given.set(numbers, i * NUMBERS);
    }
    Atomics.store(state, 0, WORK);
    Atomics.notify(state, 0);
  }

  /** Whether what was handed over is done. */
  get done(): boolean {
    return Atomics.load(this.#shared.state, 0) !== WORK;
  }

  /** Waits for what was handed over; `null`: it could not do it. */
  finish(): ((index: number) => KernelResult) | null {
    const { state, counts, found, topIds, topLogprobs, maxAlternatives } = this.#shared;
    Atomics.wait(state, 0, WORK, PATIENCE_MS);
    if (Atomics.load(state, 0) !== IDLE) {
      this.#lose();
      return null;
    }
    const k = counts[1]!;
    return (i) => {
      const top = i * maxAlternatives;
      return {
        found: found.subarray(i * NUMBERS, (i + 1) * NUMBERS),
        topIds: topIds.subarray(top, top + k),
        topLogprobs: topLogprobs.subarray(top, top + k),
      };
    };
  }

  #lose(): void {
    this.ready = false;
    this.#onEnd(this);
    void this.#worker.terminate();
  }
}
