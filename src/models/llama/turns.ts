/**
 * Turns of those who want the same few things: a model's contexts, each of which takes as much memory as a batch of logits
 * and a cache.
 *
 * Whoever has a turn works, or has stopped because nobody asks for its next answer (a stream that is not read on). Only
 * those who work are waited for: what is read on may depend on what waits here, such as a call made for each answer of
 * another one. When nobody works, one more begins, up to a number that is far from what a program needs.
 */
import { abortError, SurprisalError, whenAborted } from "../../core/index.ts";

export interface TurnsOptions {
  /** That work at once. */
  places: number;
  /** That have begun at once, working or not. */
  most: number;
  /** How long it is waited when so many have begun and nobody reads on, milliseconds. */
  patienceMs: number;
}

/** To be ended with `leave`. */
export interface Turn {
  /** Nobody asks for more just now. */
  pause(): void;
  resume(): void;
  leave(): void;
}

interface Waiter {
  go(): void;
  fail(error: SurprisalError): void;
}

export class Turns {
  readonly #options: TurnsOptions;
  readonly #waiting: Waiter[] = [];
  #begun = 0;
  #paused = 0;
  #looking = false;
  #late: NodeJS.Timeout | null = null;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for a turn; in the order of coming.
   * @param closing aborted: nobody will have one any more.
   * @param closed what they are told then.
   * @throws SurprisalError ABORTED, TOO_MANY_CALLS, what `closed` throws.
   */
  async enter(signal: AbortSignal | undefined, closing: AbortSignal, closed: () => void): Promise<Turn> {
    if (this.#waiting.length > 0 || this.#begun >= this.#options.places) await this.#wait(signal, closing);
    else this.#begun++;
    if (closing.aborted) {
      this.#begun--;
      closed();
    }
    return this.#turn();
  }

  async #wait(signal: AbortSignal | undefined, closing: AbortSignal): Promise<void> {
    const callOff: (() => void)[] = [];
    try {
      await new Promise<void>((go, fail) => {
        const waiter = { go, fail };
        this.#waiting.push(waiter);
        const stop = () => {
          if (this.#leave(waiter)) fail(abortError("Scoring", signal));
        };
        const close = () => {
          if (!this.#leave(waiter)) return;
          this.#begun++; // given back by `enter`, which says why
          go();
        };
        callOff.push(whenAborted(signal, stop), whenAborted(closing, close));
        if (signal?.aborted) stop();
        this.#look();
      });
    } finally {
      for (const off of callOff) off();
    }
  }

  /** @returns whether it was still waiting. */
  #leave(waiter: Waiter): boolean {
    const at = this.#waiting.indexOf(waiter);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#look();
    return at >= 0;
  }

  #turn(): Turn {
    let [paused, left] = [false, false];
    const pause = (now: boolean) => {
      if (left || paused === now) return;
      paused = now;
      this.#paused += now ? 1 : -1;
      this.#look();
    };
    return {
      pause: () => pause(true),
      resume: () => pause(false),
      leave: () => {
        if (left) return;
        pause(false);
        left = true;
        this.#begun--;
        this.#admit();
      },
    };
  }

  /** Once what goes on now has had its chance to read on. */
  #look(): void {
    if (this.#late) clearTimeout(this.#late);
    this.#late = null;
    if (this.#looking || this.#waiting.length === 0 || this.#paused < this.#begun) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#admit();
    });
  }

  #admit(): void {
    const { places, most, patienceMs } = this.#options;
    while (this.#waiting.length > 0) {
      const isIdle = this.#paused === this.#begun;
      if (this.#begun >= places && !(isIdle && this.#begun < most)) break;
      this.#begun++;
      this.#waiting.shift()!.go();
    }
    const isStuck = this.#waiting.length > 0 && this.#paused === this.#begun;
    if (isStuck) this.#late ??= setTimeout(() => this.#refuse(), patienceMs);
    else if (this.#late) {
      clearTimeout(this.#late);
      this.#late = null;
    }
  }

  #refuse(): void {
    this.#late = null;
    if (this.#paused < this.#begun) return;
    const error = new SurprisalError({
      code: "TOO_MANY_CALLS",
      what: `${this.#begun} calls of this model have begun and none of them is read on; ${this.#waiting.length} more wait`,
      where: "score",
      wayOut:
        "Read the answers of a call to their end, or leave its loop, before beginning so many others; or give one call all requests.",
    });
    for (const { fail } of this.#waiting.splice(0)) fail(error);
  }
}
