/** How far what is claimed is from how often it is right, in bins. Each variant under its own name. */
import { invalidArgument } from "../../core/index.ts";
import { erf } from "../special.ts";
import { type BinningOptions, type Bins, binsOf } from "./bins.ts";
import type { Tally } from "./pairs.ts";

/** Options of `expectedCalibrationError`. */
export interface CalibrationErrorOptions extends BinningOptions {
  /**
   * "l1": mean of |gap|, ECE; "l2": root of the mean square; "max": the largest, MCE (Naeini et al. 2015). Pairs count
   * alike in the first two. Default "l1".
   */
  norm?: "l1" | "l2" | "max" | undefined;
}

/**
 * Expected calibration error over bins: the mean, over pairs, of |accuracy - mean confidence| of the pair's bin; with `norm`
 * the l2 or the maximal one. 0 ... 1. It grows as bins get emptier (see `noiseFloor`), and depends on the edges.
 * Sources: Naeini, Cooper & Hauskrecht 2015; Guo et al. 2017; Kumar, Liang & Ma 2019 (l2).
 */
export function expectedCalibrationError(tally: Tally, options: CalibrationErrorOptions = {}): number {
  return errorOfBins(binsOf(tally, options), options.norm);
}

/** The error of bins that are there already. */
export function errorOfBins(
  { count, right, claimed }: Bins,
  norm: CalibrationErrorOptions["norm"] = "l1",
): number {
  let [total, sum, most] = [0, 0, 0];
  const power = norm === "l2" ? 2 : 1;
  for (let b = 0; b < count.length; b++) {
    const gap = Math.abs(right[b]! - claimed[b]!) / count[b]!;
    total += count[b]!;
    sum += count[b]! * gap ** power;
    most = Math.max(most, gap);
  }
  switch (norm) {
    case "l1":
      return sum / total;
    case "l2":
      return Math.sqrt(sum / total);
    case "max":
      return most;
    default:
      throw invalidArgument(`There is no norm "${String(norm)}"`, "norm", "Give l1, l2 or max.");
  }
}

/**
 * Average calibration error: the mean of |accuracy - mean confidence| over the bins that hold a pair, each the same. Over
 * bins of equal width it is netcal's ACE; over those of equal mass Nixon et al.'s adaptive calibration error of one class.
 * Sources: Neumann, Zisserman & Vedaldi 2018 (average); Nixon et al. 2019 (adaptive).
 */
export function averageCalibrationError(tally: Tally, options: BinningOptions = {}): number {
  const { count, right, claimed } = binsOf(tally, options);
  let sum = 0;
  for (let b = 0; b < count.length; b++) sum += Math.abs(right[b]! - claimed[b]!) / count[b]!;
  return sum / count.length;
}

/**
 * Expected calibration error over as many bins of equal mass as leave the accuracy rising from bin to bin (ECE_sweep): the
 * number of bins adapts to the data, and the bias is smaller than that of a fixed number.
 * Source: Roelofs, Cain, Shlens & Mozer 2022, "Mitigating Bias in Calibration Error Estimation".
 * @returns the error, and how many bins it took.
 */
export function sweptCalibrationError(tally: Tally): { error: number; bins: number } {
  const { values, right, wrong, n } = tally;
  const m = values.length;
  const before = new Float64Array(m + 1);
  const hits = new Float64Array(m + 1);
  const sums = new Float64Array(m + 1);
  for (let j = 0; j < m; j++) {
    const size = right[j]! + wrong[j]!;
    before[j + 1] = before[j]! + size;
    hits[j + 1] = hits[j]! + right[j]!;
    sums[j + 1] = sums[j]! + size * values[j]!;
  }
  /** First score whose middle pair is at or after the cut. */
  const startOf = (cut: number): number => {
    let [low, high] = [0, m];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const size = before[middle + 1]! - before[middle]!;
      const place = before[middle]! + Math.floor((size - 1) / 2);
      if (size === 0 || place < cut) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  let best = { error: Math.abs(hits[m]! - sums[m]!) / n, bins: 1 };
  for (let bins = 2; bins <= n; bins++) {
    const least = Math.floor(n / bins);
    const larger = n % bins;
    let [error, last, from, used] = [0, -1, 0, 0];
    for (let b = 1; b <= bins; b++) {
      const to = b === bins ? m : startOf(b * least + Math.min(b, larger));
      const size = before[to]! - before[from]!;
      if (size > 0) {
        const accuracy = (hits[to]! - hits[from]!) / size;
        if (accuracy < last) return best;
        last = accuracy;
        error += Math.abs(hits[to]! - hits[from]! - (sums[to]! - sums[from]!)) / n;
        used++;
      }
      from = to;
    }
    if (used < bins) return best; // ties: finer cuts make no more bins
    best = { error, bins };
  }
  return best;
}

/**
 * Calibration error without most of the bias that noise in the bins brings: what a perfectly calibrated model shows comes
 * down to about 0. "l2": sqrt(max(0, Σ w (gap² - a(1-a)/(n-1)))), a the accuracy of a bin of n, bins of one pair left out of
 * the correction. "l1": 2 ECE - E[ECE of accuracies drawn from N(a, a(1-a)/n)], the expectation in closed form, where the
 * reference implementation draws; it may be below 0.
 * Source: Kumar, Liang & Ma 2019, "Verified Uncertainty Calibration", sections 4 and 5 (their code: `get_calibration_error`).
 */
export function debiasedCalibrationError(
  tally: Tally,
  options: BinningOptions & { norm?: "l1" | "l2" | undefined } = {},
): number {
  const { norm = "l2" } = options;
  const { count, right, claimed } = binsOf(tally, options);
  let sum = 0;
  for (let b = 0; b < count.length; b++) {
    const n = count[b]!;
    const accuracy = right[b]! / n;
    const gap = accuracy - claimed[b]! / n;
    const variance = accuracy * (1 - accuracy);
    if (norm === "l2") sum += n * (gap ** 2 - (n > 1 ? variance / (n - 1) : 0));
    else sum += n * (2 * Math.abs(gap) - meanAbsolute(gap, Math.sqrt(variance / n)));
  }
  if (norm !== "l1" && norm !== "l2")
    throw invalidArgument(`There is no norm "${String(norm)}"`, "norm", "Give l1 or l2.");
  return norm === "l2" ? Math.sqrt(Math.max(0, sum / tally.n)) : sum / tally.n;
}

/** E|X| of X ~ N(mean, deviation²): the folded normal distribution. */
function meanAbsolute(mean: number, deviation: number): number {
  if (deviation === 0) return Math.abs(mean);
  const z = mean / deviation;
  return deviation * Math.sqrt(2 / Math.PI) * Math.exp((-z * z) / 2) + mean * erf(z / Math.SQRT2);
}
