/** Means that stay exact over long streams. Internal to this room. */

/** A number in JSON, which has no Infinity and no NaN. `Number` reads it back. */
export type JsonNumber = number | "Infinity" | "NaN";

export const toJson = (value: number): JsonNumber =>
  Number.isFinite(value) ? value : (String(value) as JsonNumber);

/**
 * The mean of numbers in (-Infinity, Infinity], by a sum whose error does not grow with their count: what rounding
 * takes from it is kept beside it. Numbers can be taken out again; infinite ones are counted apart for that, since
 * Infinity - Infinity is no number. So are those whose sum could pass the largest number there is.
 * Source: Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen".
 */
export class RunningMean {
  #sum = 0;
  #compensation = 0;
  #infinite = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get total(): number {
    return this.#infinite > 0 ? Infinity : this.#sum + this.#compensation;
  }

  /** NaN while there are none. */
  get mean(): number {
    return this.total / this.#count;
  }

  add(x: number): void {
    this.#count++;
    if (x >= AS_GOOD_AS_INFINITE) this.#infinite++;
    else this.#accumulate(x);
  }

  /** Takes out a number that was added before. */
  remove(x: number): void {
    this.#count--;
    if (x >= AS_GOOD_AS_INFINITE) this.#infinite--;
    else this.#accumulate(-x);
  }

  clear(): void {
    this.#sum = this.#compensation = this.#infinite = this.#count = 0;
  }

  toState(): RunningMeanState {
    return [this.#sum, this.#compensation, this.#infinite, this.#count];
  }

  restore([sum, compensation, infinite, count]: RunningMeanState): void {
    this.#sum = sum;
    this.#compensation = compensation;
    this.#infinite = infinite;
    this.#count = count;
  }

  #accumulate(x: number): void {
    const sum = this.#sum + x;
    this.#compensation += Math.abs(this.#sum) >= Math.abs(x) ? this.#sum - sum + x : x - sum + this.#sum;
    this.#sum = sum;
  }
}

/** exp of its negative is 0 in every format, and a hundred million of them still have a sum. */
const AS_GOOD_AS_INFINITE = 1e300;

/** Sum, compensation, count of infinite numbers, count of all. */
export type RunningMeanState = [number, number, number, number];

/** A stretch of tokens [start, end) and the mean over it. */
export interface Stretch {
  start: number;
  end: number;
  mean: number;
}

/** The mean of the last `length` numbers, where they stand, and the lowest and the highest such mean so far. */
export class SlidingMean {
  readonly #length: number;
  readonly #values: Float64Array; // a ring: once it is full, the oldest is at #head
  readonly #indexes: Float64Array;
  readonly #held = new RunningMean();
  readonly #lowest: Stretch = { start: 0, end: 0, mean: Number.NaN };
  readonly #highest: Stretch = { start: 0, end: 0, mean: Number.NaN };
  #head = 0;
  #end = 0;

  constructor(length: number) {
    this.#length = length;
    this.#values = new Float64Array(length);
    this.#indexes = new Float64Array(length);
  }

  /** Of the numbers held, also while they are fewer than `length`; NaN while there are none. */
  get mean(): number {
    return this.#held.mean;
  }

  /** The last `length` numbers; `null` until there are as many. */
  get window(): Stretch | null {
    return this.#full ? { start: this.#indexes[this.#head]!, end: this.#end, mean: this.mean } : null;
  }

  get lowest(): Stretch | null {
    return Number.isNaN(this.#lowest.mean) ? null : { ...this.#lowest };
  }

  get highest(): Stretch | null {
    return Number.isNaN(this.#highest.mean) ? null : { ...this.#highest };
  }

  /** @param index of the token that carries the number. */
  push(value: number, index: number): void {
    if (this.#full) this.#held.remove(this.#values[this.#head]!);
    this.#values[this.#head] = value;
    this.#indexes[this.#head] = index;
    this.#end = index + 1;
    this.#held.add(value);
    if (++this.#head === this.#length) {
      this.#head = 0;
      this.#addUp();
    }
    if (!this.#full) return;
    const mean = this.#held.total / this.#length;
    if (!(mean >= this.#lowest.mean)) this.#note(this.#lowest, mean);
    if (!(mean <= this.#highest.mean)) this.#note(this.#highest, mean);
  }

  get #full(): boolean {
    return this.#held.count === this.#length;
  }

  /** Once per `length` numbers, so that no rounding of long ago stays in the sum. */
  #addUp(): void {
    this.#held.clear();
    for (let i = 0; i < this.#length; i++) this.#held.add(this.#values[i]!);
  }

  #note(stretch: Stretch, mean: number): void {
    stretch.start = this.#indexes[this.#head]!;
    stretch.end = this.#end;
    stretch.mean = mean;
  }

  toState(): SlidingMeanState {
    const { count } = this.#held;
    return {
      values: Array.from(this.#values.subarray(0, count), toJson),
      indexes: Array.from(this.#indexes.subarray(0, count)),
      head: this.#head,
      end: this.#end,
      held: this.#held.toState(),
      lowest: stretchToState(this.#lowest),
      highest: stretchToState(this.#highest),
    };
  }

  restore({ values, indexes, head, end, held, lowest, highest }: SlidingMeanState): void {
    this.#values.set(values.map(Number));
    this.#indexes.set(indexes);
    this.#head = head;
    this.#end = end;
    this.#held.restore(held);
    restoreStretch(this.#lowest, lowest);
    restoreStretch(this.#highest, highest);
  }
}

export interface SlidingMeanState {
  values: JsonNumber[];
  indexes: number[];
  head: number;
  end: number;
  held: RunningMeanState;
  lowest: StretchState;
  highest: StretchState;
}

type StretchState = [start: number, end: number, mean: JsonNumber];

const stretchToState = ({ start, end, mean }: Stretch): StretchState => [start, end, toJson(mean)];

function restoreStretch(stretch: Stretch, [start, end, mean]: StretchState): void {
  Object.assign(stretch, { start, end, mean: Number(mean) });
}
