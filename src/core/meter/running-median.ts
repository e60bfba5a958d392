/** Median and median absolute deviation of the last n numbers. Internal to this room. */
import { type JsonNumber, toJson } from "./means.ts";

/**
 * The last `length` numbers, twice: as they came, and sorted. A new one takes the place of the oldest with one shift of
 * what lies between them, which for the tens of numbers held here is faster than any tree.
 */
export class RunningMedian {
  readonly #values: Float64Array; // a ring: the oldest is at #head once it is full
  readonly #sorted: Float64Array;
  #head = 0;
  #count = 0;

  constructor(length: number) {
    this.#values = new Float64Array(length);
    this.#sorted = new Float64Array(length);
  }

  get count(): number {
    return this.#count;
  }

  /** Median of the numbers held; NaN while there are none. Of an even count, the mean of the two in the middle. */
  get median(): number {
    const half = this.#count >> 1;
    if (this.#count % 2 === 1) return this.#sorted[half]!;
    return this.#count === 0 ? Number.NaN : (this.#sorted[half - 1]! + this.#sorted[half]!) / 2;
  }

  /** Median of |x - median| of the numbers held, for a finite `median`; of an even count, as for the median itself. */
  medianAbsoluteDeviation(median: number): number {
    // The deviations are two sorted lists, from the middle downwards and from the middle upwards. Of the half + 1
    // smallest, `down` come from below: the first number for which the next one below is no smaller than the last
    // one taken above.
    const count = this.#count;
    const half = count >> 1;
    let down = 0;
    for (let most = half; down < most; ) {
      const middle = (down + most) >> 1;
      if (this.#below(middle, median) < this.#above(half - middle, median)) down = middle + 1;
      else most = middle;
    }
    const below = this.#below(down - 1, median);
    const above = this.#above(half - down, median);
    if (count % 2 === 1) return Math.max(below, above);
    return below > above
      ? (below + Math.max(this.#below(down - 2, median), above)) / 2
      : (above + Math.max(below, this.#above(half - down - 1, median))) / 2;
  }

  /** Deviation of the i-th number below the middle; -1 before the first. */
  #below(i: number, median: number): number {
    return i < 0 ? -1 : median - this.#sorted[(this.#count >> 1) - 1 - i]!;
  }

  /** Deviation of the i-th number from the middle upwards; -1 before the first, Infinity after the last. */
  #above(i: number, median: number): number {
    const place = (this.#count >> 1) + i;
    if (i < 0) return -1;
    return place < this.#count ? this.#sorted[place]! - median : Infinity;
  }

  push(value: number): void {
    const sorted = this.#sorted;
    let hole: number; // the place in `sorted` that is free
    if (this.#count < this.#values.length) hole = this.#count++;
    else hole = this.#find(this.#values[this.#head]!);
    for (; hole > 0 && sorted[hole - 1]! > value; hole--) sorted[hole] = sorted[hole - 1]!;
    for (; hole + 1 < this.#count && sorted[hole + 1]! < value; hole++) sorted[hole] = sorted[hole + 1]!;
    sorted[hole] = value;
    this.#values[this.#head] = value;
    if (++this.#head === this.#values.length) this.#head = 0;
  }

  /** Where a number that is held stands in `sorted`. */
  #find(value: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The numbers held, oldest first. */
  toState(): JsonNumber[] {
    const oldest = this.#count === this.#values.length ? this.#head : 0;
    return Array.from({ length: this.#count }, (_, i) =>
      toJson(this.#values[(oldest + i) % this.#values.length]!),
    );
  }

  restore(values: readonly JsonNumber[]): void {
    for (const value of values) this.push(Number(value));
  }
}
