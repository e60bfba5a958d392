/** Paired bootstrap over groups: all methods are looked at on the same resampled questions. Internal to this folder. */
import { invalidArgument, quantileOf, seededRandom } from "../../core/index.ts";

/** A mean with its percentile interval. */
export interface Interval {
  value: number;
  low: number;
  high: number;
}

/**
 * Draws as many groups as there are, with replacement; a group stays together.
 * Source: Efron & Tibshirani 1993, chapters 8 and 13.
 */
export class PairedBootstrap {
  readonly #groups: Int32Array;
  readonly #groupCount: number;
  /** [resamples][groups] how often each was drawn. */
  readonly #counts: Uint16Array[];
  readonly #level: number;

  /** @throws SurprisalError INVALID_ARGUMENT */
  constructor(groups: Int32Array, groupCount: number, resamples: number, seed: number, level: number) {
    if (!(Number.isSafeInteger(resamples) && resamples >= 100))
      throw invalidArgument(`${resamples} resamples are too few`, "resamples", "Give at least 100.");
    requireLevel(level);
    this.#groups = groups;
    this.#groupCount = groupCount;
    this.#level = level;
    const random = seededRandom(seed);
    this.#counts = Array.from({ length: resamples }, () => {
      const counts = new Uint16Array(groupCount);
      for (let drawn = 0; drawn < groupCount; drawn++) counts[Math.floor(random() * groupCount)]!++;
      return counts;
    });
  }

  /** Mean of a column; of a difference of two, the paired difference. `null` where a value is not known. */
  mean(column: Float64Array, other?: Float64Array): Interval | null {
    const sums = new Float64Array(this.#groupCount);
    const sizes = new Float64Array(this.#groupCount);
    let total = 0;
    for (let i = 0; i < column.length; i++) {
      const value = column[i]! - (other?.[i] ?? 0);
      sums[this.#groups[i]!]! += value;
      sizes[this.#groups[i]!]!++;
      total += value;
    }
    if (Number.isNaN(total)) return null;
    const means = Float64Array.from(this.#counts, (counts) => {
      let [sum, size] = [0, 0];
      for (let group = 0; group < counts.length; group++) {
        sum += counts[group]! * sums[group]!;
        size += counts[group]! * sizes[group]!;
      }
      return sum / size;
    }).sort();
    return {
      value: total / column.length,
      low: quantileOf(means, (1 - this.#level) / 2),
      high: quantileOf(means, (1 + this.#level) / 2),
    };
  }

  /** Sum of a column over the sum of another; Infinity where that is in it. */
  ratio(column: Float64Array, weights: Float64Array): Interval {
    const sums = new Float64Array(this.#groupCount);
    const sizes = new Float64Array(this.#groupCount);
    for (let i = 0; i < column.length; i++) {
      sums[this.#groups[i]!]! += column[i]!;
      sizes[this.#groups[i]!]! += weights[i]!;
    }
    const of = (timesOf: (group: number) => number) => {
      let [sum, size] = [0, 0];
      for (let group = 0; group < sums.length; group++) {
        const times = timesOf(group);
        if (times === 0) continue; // never Infinity times 0
        sum += times * sums[group]!;
        size += times * sizes[group]!;
      }
      return sum / size;
    };
    const drawn = Float64Array.from(this.#counts, (counts) => of((group) => counts[group]!)).sort();
    const at = (share: number) => {
      const place = share * (drawn.length - 1);
      const [low, high] = [drawn[Math.floor(place)]!, drawn[Math.ceil(place)]!];
      return low === high ? low : low + (high - low) * (place % 1);
    };
    return { value: of(() => 1), low: at((1 - this.#level) / 2), high: at((1 + this.#level) / 2) };
  }
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function requireLevel(level: number): void {
  if (typeof level === "number" && level > 0 && level < 1) return;
  throw invalidArgument(`${level} is no coverage`, "level", "Give a number between 0 and 1, such as 0.95.");
}
