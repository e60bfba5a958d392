/** A number of places, for those who wait in the order of coming. */
import { abortError, type SurprisalError, whenAborted } from "../../core/index.ts";

/** What happens where all are taken. */
export interface WhenFull {
  /** Default "refuse". */
  whenFull?: "wait" | "refuse" | undefined;
  signal?: AbortSignal | undefined;
}

export interface PlacesOptions {
  places: number;
  /** What those are told who find none. */
  full(places: number): SurprisalError;
  /** Anything that goes on changes it. */
  progress(): number;
  /** Something goes on just now, which may take longer than is waited. */
  busy(): boolean;
  /** How long it is waited while nothing goes on: whoever has a place may wait for who waits here. Milliseconds. */
  patienceMs: number;
}

interface Waiter {
  go(): void;
  fail(error: SurprisalError): void;
}

export class Places {
  readonly #options: PlacesOptions;
  readonly #waiting: Waiter[] = [];
  #taken = 0;
  #left = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** Takes a place, to be left with `leave`. @throws SurprisalError what `full` makes; ABORTED. */
  async enter({ whenFull, signal }: WhenFull): Promise<void> {
    if (signal?.aborted) throw abortError("Waiting", signal);
    if (this.#taken < this.#options.places) {
      this.#taken++;
      return;
    }
    if (whenFull !== "wait") throw this.#options.full(this.#options.places);
    let off = () => {};
    try {
      await new Promise<void>((go, fail) => {
        const waiter = { go, fail };
        this.#waiting.push(waiter);
        off = whenAborted(signal, () => {
          const at = this.#waiting.indexOf(waiter);
          if (at < 0) return;
          this.#waiting.splice(at, 1);
          this.#watch();
          fail(abortError("Waiting", signal));
        });
        this.#watch();
      });
    } finally {
      off();
    }
  }

  leave(): void {
    this.#left++;
    const next = this.#waiting.shift();
    if (next) next.go();
    else this.#taken--;
    this.#watch();
  }

  /** Nobody gets a place any more. */
  close(error: SurprisalError): void {
    for (const { fail } of this.#waiting.splice(0)) fail(error);
    this.#watch();
  }

  #watch(): void {
    if (this.#waiting.length > 0 && this.#timer === null) this.#look();
    if (this.#waiting.length > 0 || this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const { progress, busy, patienceMs, full, places } = this.#options;
    const before = [progress(), this.#left].join();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (busy() || [progress(), this.#left].join() !== before) this.#watch();
      else this.close(full(places));
    }, patienceMs);
  }
}
