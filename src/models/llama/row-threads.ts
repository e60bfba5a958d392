/**
 * Threads that help to read the rows of logits of a decode call, while llama.cpp's own threads have nothing to do. Every
 * row is read by the same code, so the numbers do not depend on who reads it.
 *
 * Why not read them during the next decode call? Its threads wait for each other after every operation: one that shares
 * its core holds up the others.
 */
import { Worker } from "node:worker_threads";
import { IDLE, NUMBERS, type SharedRows, sharedRows, WORK } from "./row-sharing.ts";

/** Logits handed to a thread at a time, bytes: enough that waking it costs nothing, few enough that nobody waits long. */
const SHARE_BYTES = 3 * 2 ** 20;
const MOST_ROWS = 16;
/** Threads beyond these have little left to do. */
const MOST_THREADS = 7;
/** A text with fewer rows than these is read sooner than a thread is there. */
const ROWS_BEFORE = 512;
/** A share takes a few milliseconds; a thread that has not read it by now is taken for lost. */
const PATIENCE_MS = 10_000;

/** A row to be read. */
export interface RowJob {
  logits: Float32Array;
  token: number;
}

/** What was read of a row. */
export interface RowNumbers {
  logprob: number;
  rank: number;
  entropy: number;
  logSumExp: number;
  /** [k] */
  topIds: Int32Array;
  topLogprobs: Float32Array;
}

export class RowThreads {
  readonly #wanted: number;
  readonly #create: () => RowThread;
  readonly #threads = new Set<RowThread>();
  #started = false;
  #rows = 0;

  /** @param threads of llama.cpp: as many read rows, the main one among them. */
  constructor(threads: number, vocabularySize: number, maxAlternatives: number) {
    // From the sources, in this project's own tests, there is no file that a thread could run.
    const canStart = import.meta.url.endsWith(".js");
    this.#wanted = canStart ? Math.min(threads - 1, MOST_THREADS) : 0;
    this.#create = () =>
      new RowThread(vocabularySize, maxAlternatives, (thread) => this.#threads.delete(thread));
  }

  /**
   * Threads that can be given rows now. Starts them once the rows are many.
   * @param rows that are about to be read.
   */
  ready(rows: number): RowThread[] {
    this.#rows += rows;
    if (!this.#started && this.#wanted > 0 && this.#rows > ROWS_BEFORE) {
      this.#started = true;
      for (let i = 0; i < this.#wanted; i++) this.#threads.add(this.#create());
    }
    return [...this.#threads].filter((thread) => thread.ready);
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.end()));
    this.#threads.clear();
  }
}

/** One of them. */
export class RowThread {
  ready = false;
  readonly capacity: number;
  readonly #shared: SharedRows;
  readonly #worker: Worker;
  readonly #onEnd: (thread: this) => void;

  constructor(vocabularySize: number, maxAlternatives: number, onEnd: (thread: RowThread) => void) {
    const rows = Math.floor(SHARE_BYTES / (4 * vocabularySize));
    this.capacity = Math.max(1, Math.min(rows, MOST_ROWS));
    this.#shared = sharedRows(this.capacity, vocabularySize, maxAlternatives);
    this.#onEnd = onEnd;
    this.#worker = new Worker(new URL("./row-worker.js", import.meta.url), { workerData: this.#shared });
    this.#worker.unref(); // the program may end without it
    this.#worker.once("message", () => {
      this.ready = true;
    });
    this.#worker.on("error", () => this.#lose()); // no memory for one: the main thread reads alone
  }

  /** Hands over rows, at most `capacity`; `finish` is to be called before the next. */
  begin(jobs: readonly RowJob[], k: number): void {
    const { job, logits, vocabularySize, state } = this.#shared;
    job[0] = jobs.length;
    job[1] = k;
    for (const [i, { logits: row, token }] of jobs.entries()) {
      logits.set(row, i * vocabularySize);
      job[2 + i] = token;
    }
    Atomics.store(state, 0, WORK);
    Atomics.notify(state, 0);
  }

  /** Whether what was handed over is read. */
  get done(): boolean {
    return Atomics.load(this.#shared.state, 0) !== WORK;
  }

  /** Waits for the numbers of the rows handed over; `null`: it could not read them. Valid until the next `begin`. */
  finish(): ((index: number) => RowNumbers) | null {
    const { state, job, numbers, topIds, topLogprobs, maxAlternatives } = this.#shared;
    Atomics.wait(state, 0, WORK, PATIENCE_MS);
    if (Atomics.load(state, 0) !== IDLE) {
      this.#lose();
      return null;
    }
    const k = job[1]!;
    return (i) => {
      const top = i * maxAlternatives;
      return {
        logprob: numbers[i * NUMBERS]!,
        rank: numbers[i * NUMBERS + 1]!,
        entropy: numbers[i * NUMBERS + 2]!,
        logSumExp: numbers[i * NUMBERS + 3]!,
        topIds: topIds.subarray(top, top + k),
        topLogprobs: topLogprobs.subarray(top, top + k),
      };
    };
  }

  #lose(): void {
    this.ready = false;
    this.#onEnd(this);
    void this.end();
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
