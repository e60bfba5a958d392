/** How many requests a server gets at once. */
import { abortError, whenAborted } from "../../core/index.ts";

/** A counting semaphore: waiting callers go in the order they came. */
export class Limit {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Waits for a place. @returns the function that gives it back; calling it again does nothing. */
  async enter(signal?: AbortSignal): Promise<() => void> {
    if (signal?.aborted) throw abortError("The request", signal);
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(abortError("The request", signal));
      };
      const go = () => {
        callOff();
        resolve();
      };
      const callOff = whenAborted(signal, onAbort);
      this.#waiting.push(go);
    });
  }
}
