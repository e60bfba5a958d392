/** Nothing native is touched after it was freed, and nothing is freed while it is in use on another thread. */
import { checkOpen } from "../checks.ts";

export class Lifetime {
  readonly #pending = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  /** Aborted when the model is being disposed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** @throws SurprisalError MODEL_DISPOSED */
  assertOpen(): void {
    const wayOut = "Keep it open (`await using model = ...`) for as long as it is used, or load it again.";
    checkOpen(!this.closing.aborted, "The model", wayOut);
  }

  /** Runs a native operation that `close` waits for. */
  async run<Result>(operation: () => Promise<Result>): Promise<Result> {
    this.assertOpen();
    const promise = operation();
    this.#pending.add(promise);
    try {
      return await promise;
    } finally {
      this.#pending.delete(promise);
    }
  }

  /** Refuses new operations and waits until the running ones have ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#pending);
  }
}
