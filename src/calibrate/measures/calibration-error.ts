/** How far what is claimed is from how often it is right, in bins. Each variant under its own name. */
import { invalidArgument } from "../../core/index.ts";
import { erf } from "../special.ts";
import { type BinningOptions, type Bins, binsOf, cutAfter } from "./bins.ts";
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
  return averageOfBins(binsOf(tally, options));
}

/** The average error of bins that are there already. */
export function averageOfBins({ count, right, claimed }: Bins): number {
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
  const { n } = tally;
  const sums = new RunningSums(tally);
  let best = { error: Math.abs(sums.end.hits - sums.end.claimed) / n, bins: 1 };
  for (let bins = 2; bins <= n; bins++) {
    let [error, last] = [0, -1];
    let from: Sums = { before: 0, hits: 0, claimed: 0 };
    for (let b = 0; b < bins; b++) {
      const to = b === bins - 1 ? sums.end : sums.upTo(cutAfter(b, n, bins));
      const size = to.before - from.before;
      if (size === 0) return best; // ties: finer cuts make no more bins
      const hits = to.hits - from.hits;
      if (hits / size < last) return best;
      last = hits / size;
      error += Math.abs(hits - (to.claimed - from.claimed)) / n;
      from = to;
    }
    best = { error, bins };
  }
  return best;
}

interface Sums {
  /** Pairs of lower scores, */
  before: number;
  /** of these, right, */
  hits: number;
  /** and Σ score. */
  claimed: number;
}

/** Scores between two sums that are kept. */
const STRIDE = 64;

/** Sums over all scores below a cut, found by halving among sums kept at every 64th score. */
class RunningSums {
  readonly end: Sums;
  readonly #tally: Tally;
  readonly #kept: Sums[] = [];

  constructor(tally: Tally) {
    this.#tally = tally;
    const { values, right, wrong } = tally;
    let [before, hits, claimed] = [0, 0, 0];
    for (let j = 0; j < values.length; j++) {
      if (j % STRIDE === 0) this.#kept.push({ before, hits, claimed });
      const size = right[j]! + wrong[j]!;
      before += size;
      hits += right[j]!;
      claimed += size * values[j]!;
    }
    this.end = { before, hits, claimed };
  }

  /** Over the scores whose middle pair is before the cut. */
  upTo(cut: number): Sums {
    const { values, right, wrong } = this.#tally;
    let [low, high] = [0, this.#kept.length - 1]; // the last kept sum of at most `cut` pairs
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#kept[middle]!.before <= cut) low = middle;
      else high = middle - 1;
    }
    let { before, hits, claimed } = this.#kept[low]!;
    for (let j = low * STRIDE; j < values.length; j++) {
      const size = right[j]! + wrong[j]!;
      if (size === 0) continue;
      if (before + Math.floor((size - 1) / 2) >= cut) break;
      before += size;
      hits += right[j]!;
      claimed += size * values[j]!;
    }
    return { before, hits, claimed };
  }
}

/**
 * Calibration error without most of the bias that noise in the bins brings: what a perfectly calibrated model shows comes
 * down to about 0. "l2": sqrt(max(0, Σ w (gap² - a(1-a)/(n-1)))), a the accuracy of a bin of n; a bin of one pair tells
 * nothing and counts as 0. "l1": 2 ECE - E[ECE of accuracies drawn from N(a, a(1-a)/n)], the expectation in closed form, where the
 * reference implementation draws; it may be below 0.
 * Source: Kumar, Liang & Ma 2019, "Verified Uncertainty Calibration", sections 4 and 5 (their package: uncertainty-calibration).
 */
export function debiasedCalibrationError(
  tally: Tally,
  options: BinningOptions & { norm?: "l1" | "l2" | undefined } = {},
): number {
  return debiasedErrorOfBins(binsOf(tally, options), options.norm);
}

/** The debiased error of bins that are there already. */
export function debiasedErrorOfBins({ count, right, claimed }: Bins, norm: "l1" | "l2" = "l2"): number {
  let [total, sum] = [0, 0];
  for (let b = 0; b < count.length; b++) {
    const n = count[b]!;
    total += n;
    const accuracy = right[b]! / n;
    const gap = accuracy - claimed[b]! / n;
    const variance = accuracy * (1 - accuracy);
    if (norm === "l2") sum += n > 1 ? n * (gap ** 2 - variance / (n - 1)) : 0;
    else sum += n * (2 * Math.abs(gap) - meanAbsolute(gap, Math.sqrt(variance / n)));
  }
  if (norm !== "l1" && norm !== "l2")
    throw invalidArgument(`There is no norm "${String(norm)}"`, "norm", "Give l1 or l2.");
  return norm === "l2" ? Math.sqrt(Math.max(0, sum / total)) : sum / total;
}

/** E|X| of X ~ N(mean, deviation²): the folded normal distribution. */
function meanAbsolute(mean: number, deviation: number): number {
  if (deviation === 0) return Math.abs(mean);
  const z = mean / deviation;
  return deviation * Math.sqrt(2 / Math.PI) * Math.exp((-z * z) / 2) + mean * erf(z / Math.SQRT2);
}
