/** Numbers of which only bounds may be known, token by token. */
import { RunningMean } from "../../core/index.ts";
import { leftOut, nothing, type Reading } from "./method.ts";

/** The mean and the greatest of numbers of which bounds are known; `high` Infinity = no bound is known. */
export class BoundedMean {
  readonly #low = new RunningMean();
  readonly #high = new RunningMean();
  #greatestLow = -Infinity;
  #greatestHigh = -Infinity;
  #inexact = 0;
  missing = 0;

  add(low: number, high: number): void {
    this.#low.add(low);
    this.#high.add(high);
    if (low > this.#greatestLow) this.#greatestLow = low;
    if (high > this.#greatestHigh) this.#greatestHigh = high;
    if (low !== high) this.#inexact++;
  }

  miss(count: number): void {
    this.missing += count;
  }

  get count(): number {
    return this.#low.count;
  }

  /** @param what the tokens lack that are missing, such as "entropy". */
  mean(what: string): Reading {
    return this.#read(this.#low.mean, this.#high.mean, what);
  }

  greatest(what: string): Reading {
    return this.#read(this.#greatestLow, this.#greatestHigh, what);
  }

  #read(low: number, high: number, what: string): Reading {
    const none = nothing(this.count, this.missing, what);
    if (none) return none;
    const left = leftOut(this.count, this.missing, what);
    if (low === high) return { uncertainty: low, reason: left };
    const bound = high === Infinity ? null : Math.max(low, high);
    const known = `Of ${this.#inexact} of ${this.count} tokens only the most probable choices are known`;
    const says =
      bound === null
        ? `${known}: it is at least ${low.toPrecision(4)}; vocabularySize gives an upper bound.`
        : `${known}: it lies between ${low.toPrecision(4)} and ${bound.toPrecision(4)}.`;
    return {
      uncertainty: null,
      interval: { low, high: bound },
      reason: left === undefined ? says : `${says} ${left}`,
    };
  }
}
