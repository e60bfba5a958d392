/** Calibrators of one score without a formula: isotonic and histogram. */
import { type BinningOptions, binsOf, isotonicSteps, type Pairs, tallyOf } from "../measures/index.ts";
import type { HistogramCalibrator, IsotonicCalibrator } from "./calibrator.ts";

/**
 * Isotonic regression: the rising curve nearest to what happened; straight between the blocks, flat beyond the ends, as
 * scikit-learn's `IsotonicRegression(out_of_bounds="clip")`. It may give 0 and 1, and makes ties: it ranks no better, and its
 * AUROC may change.
 * Source: Zadrozny & Elkan 2002.
 * @throws SurprisalError as `tallyOf`.
 */
export function fitIsotonic(pairs: Pairs): IsotonicCalibrator {
  const { low, high, value } = isotonicSteps(tallyOf(pairs));
  const scores: number[] = [];
  const values: number[] = [];
  for (let b = 0; b < value.length; b++)
    for (const score of low[b] === high[b] ? [low[b]!] : [low[b]!, high[b]!]) {
      scores.push(score);
      values.push(value[b]!);
    }
  return { kind: "isotonic", scores, values };
}

/**
 * Histogram binning: each bin's share of right ones. Bins of equal width lie between i/bins; of equal mass, edges lie half-way
 * between the scores on either side.
 * Source: Zadrozny & Elkan 2001.
 * @throws SurprisalError as `tallyOf`, `binsOf`.
 */
export function fitHistogram(
  pairs: Pairs,
  options: Pick<BinningOptions, "binning" | "bins"> = {},
): HistogramCalibrator {
  const tally = tallyOf(pairs);
  const { low, high, count, right } = binsOf(tally, { ...options, closed: "right" });
  const edges: number[] = [0];
  const values: (number | null)[] = [];
  for (let b = 0; b < count.length; b++) {
    if (options.binning === "equal-mass") edges.push(b + 1 < count.length ? (high[b]! + low[b + 1]!) / 2 : 1);
    else {
      if (low[b]! > edges.at(-1)!) {
        edges.push(low[b]!);
        values.push(null);
      }
      edges.push(high[b]!);
    }
    values.push(right[b]! / count[b]!);
  }
  if (edges.at(-1)! < 1) {
    edges.push(1);
    values.push(null);
  }
  return { kind: "histogram", edges, values };
}
