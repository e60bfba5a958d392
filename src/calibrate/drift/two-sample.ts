/** Whether two sets of scores come from one distribution. */
import { invalidArgument } from "../../core/index.ts";

/** What the two-sample test finds. */
export interface TwoSampleTest {
  /** Largest difference of the two distribution functions, 0 ... 1. */
  statistic: number;
  /** Asymptotic; with ties too large rather than too small. */
  pValue: number;
}

/**
 * The two-sample test of Kolmogorov and Smirnov: the largest distance between the distribution functions.
 * Source: Smirnov 1939; the p-value by Kolmogorov's limit, as scipy's `kstwobign.sf(sqrt(nm/(n+m)) D)`.
 * @throws SurprisalError INVALID_ARGUMENT for an empty set and NaN.
 */
export function twoSampleTest(first: ArrayLike<number>, second: ArrayLike<number>): TwoSampleTest {
  const [a, b] = [sortedScores(first, "first"), sortedScores(second, "second")];
  let [i, j, statistic] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    statistic = Math.max(statistic, Math.abs(i / a.length - j / b.length));
  }
  const x = Math.sqrt((a.length * b.length) / (a.length + b.length)) * statistic;
  return { statistic, pValue: kolmogorovAbove(x) };
}

/** P(K > x) of Kolmogorov's distribution: two series, each fast on its side. */
function kolmogorovAbove(x: number): number {
  if (x <= 0) return 1;
  if (x < 1) {
    let sum = 0;
    for (let k = 1; k < 40; k += 2) sum += Math.exp(-((k * Math.PI) ** 2) / (8 * x * x));
    return Math.max(0, 1 - (Math.sqrt(2 * Math.PI) / x) * sum);
  }
  let sum = 0;
  for (let k = 1; k < 40; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, sum);
}

function sortedScores(scores: ArrayLike<number>, where: string): Float64Array {
  const sorted = Float64Array.from(scores);
  const bad = sorted.findIndex(Number.isNaN);
  if (bad >= 0) throw invalidArgument("NaN is no score", `${where}[${bad}]`, "Leave missing scores out.");
  if (sorted.length === 0) throw invalidArgument("There are no scores", where, "Give at least one.");
  return sorted.sort();
}
