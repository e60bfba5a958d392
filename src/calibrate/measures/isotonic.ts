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
  const m = values.length;
  const first = new Uint32Array(m);
  const last = new Uint32Array(m);
  const hits = new Float64Array(m);
  const size = new Float64Array(m);
  let top = -1;
  for (let j = 0; j < m; j++) {
    const pairs = right[j]! + wrong[j]!;
    if (pairs === 0) continue;
    top++;
    first[top] = j;
    last[top] = j;
    hits[top] = right[j]!;
    size[top] = pairs;
    // Products of whole numbers below 2^53 are exact: equal shares are pooled.
    while (top > 0 && hits[top - 1]! * size[top]! >= hits[top]! * size[top - 1]!) {
      hits[top - 1]! += hits[top]!;
      size[top - 1]! += size[top]!;
      last[top - 1] = last[top]!;
      top--;
    }
  }
  const blocks = top + 1;
  return {
    low: Float64Array.from({ length: blocks }, (_, b) => values[first[b]!]!),
    high: Float64Array.from({ length: blocks }, (_, b) => values[last[b]!]!),
    value: Float64Array.from({ length: blocks }, (_, b) => hits[b]! / size[b]!),
    count: size.slice(0, blocks),
  };
}
