/**
 * Threads that help with rows of logits between two decode calls, while llama.cpp's own have nothing to do. Every row is
 * read by the same code, so the numbers do not depend on who reads it.
 *
 * Why not during the next decode call? Its threads wait for each other after every operation: one that shares its core
 * holds up the others.
 */
import { type KernelJob, type KernelResult, KernelThread } from "./kernel-thread.ts";
import type { KernelKind } from "./shared-rows.ts";

/** Threads beyond these have little left to do. */
const MOST_THREADS = 7;
/**
 * Starting a thread takes 50 ms of a core, and a row of 49,152 logits 0.07 ms, a pair of them 0.16: for less than these the
 * main thread is as quick alone.
 */
const LOGITS_BEFORE = 1024 * 49_152;

/** Jobs to be done, by number. */
export interface KernelWork {
  count: number;
  /** Most probable tokens wanted of each row. */
  k: number;
  /** What a thread needs to do job `at`. */
  job(at: number): KernelJob;
  /** Does it in the main thread. */
  here(at: number): void;
  /** Takes what a thread made of it. */
  take(at: number, result: KernelResult): void;
}

export class KernelThreads {
  static readonly #known = new Map<string, KernelThreads>();
  readonly #wanted: number;
  readonly #vocabularySize: number;
  readonly #create: () => KernelThread;
  readonly #threads = new Set<KernelThread>();
  #started = false;
  #logits = 0;

  /**
   * Those of this process: models with vocabularies of one size, which compute in turns, have the same, and they stay for
   * the next model and comparison.
   * @param threads that work together, the main one among them.
   */
  static of(
    kind: KernelKind,
    threads: number,
    vocabularySize: number,
    maxAlternatives: number,
  ): KernelThreads {
    const key = [kind, threads, vocabularySize, maxAlternatives].join();
    const known = KernelThreads.#known.get(key);
    if (known) return known;
    const made = new KernelThreads(kind, threads, vocabularySize, maxAlternatives);
    KernelThreads.#known.set(key, made);
    return made;
  }

  private constructor(kind: KernelKind, threads: number, vocabularySize: number, maxAlternatives: number) {
    // From the sources, in this project's own tests, there is no file that a thread could run.
    const canStart = import.meta.url.endsWith(".js");
    this.#wanted = canStart ? Math.min(threads - 1, MOST_THREADS) : 0;
    this.#vocabularySize = vocabularySize;
    const what = { kind, vocabularySize, maxAlternatives };
    this.#create = () => new KernelThread(what, (thread) => this.#threads.delete(thread));
  }

  /** Does all jobs, some of them here. @throws what `here` and `take` throw. */
  run(work: KernelWork): void {
    const { count, k } = work;
    const threads = this.#ready(count);
    const shares = new Map<KernelThread, { from: number; to: number }>();
    let next = 0;
    try {
      while (next < count) {
        for (const thread of threads) {
          const share = shares.get(thread);
          if (share && !thread.done) continue;
          shares.delete(thread);
          if (share) take(work, thread, share);
          // All end together: near the end the shares are smaller.
          const size = Math.min(thread.capacity, Math.floor((count - next) / (threads.length + 1)));
          if (size === 0 || !thread.ready) continue;
          const from = next;
          next += size;
          shares.set(thread, { from, to: next });
          thread.begin(size, (i) => work.job(from + i), k);
        }
        if (next < count) work.here(next++);
      }
      for (const [thread, share] of shares) {
        shares.delete(thread);
        take(work, thread, share);
      }
    } finally {
      for (const thread of shares.keys()) thread.finish(); // nothing is left for the jobs of another call
    }
  }

  /** Threads that can be given jobs now. Starts them once there was much to do. */
  #ready(count: number): KernelThread[] {
    this.#logits += count * this.#vocabularySize;
    if (!this.#started && this.#wanted > 0 && this.#logits > LOGITS_BEFORE) {
      this.#started = true;
      for (let i = 0; i < this.#wanted; i++) this.#threads.add(this.#create());
    }
    return [...this.#threads].filter(({ ready }) => ready);
  }
}

function take(work: KernelWork, thread: KernelThread, { from, to }: { from: number; to: number }): void {
  const results = thread.finish();
  for (let at = from; at < to; at++)
    if (results) work.take(at, results(at - from));
    else work.here(at);
}
