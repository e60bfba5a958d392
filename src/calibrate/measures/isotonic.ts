/** The rising step function nearest to what happened: pool adjacent violators. */
import type { Tally } from "./pairs.ts";

/** A rising step function of the score, in columns: one entry for each block of scores with one value. */
export interface IsotonicSteps {
  /** [b] least and largest score of the block. */
  low: Float64Array;
  high: Float64Array;
  /** [b] share of the block that was right: rising. */
  value: Float64Array;
  /** [b] pairs in the block. */
  count: Float64Array;
}

/**
 * Isotonic regression of correctness on the score: of all functions that rise with the score the one with the least squares,
 * and the least log loss too. Equal scores are one point.
 * Source: Ayer et al. 1955 (pool adjacent violators); Zadrozny & Elkan 2002.
 */
export function isotonicSteps({ values, right, wrong }: Tally): IsotonicSteps {
  const first = new Column();
  const last = new Column();
  const hits = new Column();
  const sizes = new Column();
  let top = -1;
  for (let j = 0; j < values.length; j++) {
    let size = right[j]! + wrong[j]!;
    if (size === 0) continue;
    let hit = right[j]!;
    let start = j;
    // Products of whole numbers below 2^53 are exact: equal shares are pooled.
    while (top >= 0 && hits.at(top) * size >= hit * sizes.at(top)) {
      hit += hits.at(top);
      size += sizes.at(top);
      start = first.at(top);
      top--;
    }
    top++;
    first.put(top, start);
    last.put(top, j);
    hits.put(top, hit);
    sizes.put(top, size);
  }
  const blocks = { length: top + 1 };
  return {
    low: Float64Array.from(blocks, (_, b) => values[first.at(b)]!),
    high: Float64Array.from(blocks, (_, b) => values[last.at(b)]!),
    value: Float64Array.from(blocks, (_, b) => hits.at(b) / sizes.at(b)),
    count: Float64Array.from(blocks, (_, b) => sizes.at(b)),
  };
}

/** Numbers that become more; few blocks are open at a time, and large arrays of zeros are slow to get. */
class Column {
  #values = new Float64Array(1024);

  at(i: number): number {
    return this.#values[i]!;
  }

  put(i: number, value: number): void {
    if (i === this.#values.length) {
      const larger = new Float64Array(2 * i);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[i] = value;
  }
}
