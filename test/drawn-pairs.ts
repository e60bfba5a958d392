/** Labelled scores for tests of calibration: drawn from a model of known truth, and any at all. */
import fc from "fast-check";
import type { Pairs } from "../src/calibrate/index.ts";
import { seededRandom } from "../src/core/index.ts";

/** Pairs of a model that is right with probability `truth(score)`. */
export function drawn(n: number, seed: number, truth: (score: number) => number = (score) => score): Pairs {
  const random = seededRandom(seed);
  const scores = Float64Array.from({ length: n }, () => Math.sqrt(random()));
  return { scores, correct: Array.from(scores, (score) => random() < truth(score)) };
}

/** Few pairs with ties, for properties. */
export const anyPairs: fc.Arbitrary<{ scores: number[]; correct: boolean[] }> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean()), { minLength: 2, maxLength: 60 })
  .map((rows) => ({ scores: rows.map(([s]) => s / 20), correct: rows.map(([, right]) => right) }));
