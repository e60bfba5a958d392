/** Calibration without bins or kernels: how far the running sum of gaps wanders. */
import type { Tally } from "./pairs.ts";

/** A test of calibration with its p-value. */
export interface CumulativeTest {
  /** In standard deviations of the whole sum. */
  statistic: number;
  /** By the limit of Brownian motion. */
  pValue: number;
}

/**
 * The running sum of correct - score in the order of the scores, over its scale sqrt(Σ s(1-s)): the largest distance from 0
 * (Kolmogorov-Smirnov), and the whole range (Kuiper). Under calibration both are those of a Brownian motion. Equal scores are
 * one step, where MAPIE puts them in a random order. `null` where nothing varies (all scores 0 or 1).
 * Source: Arrieta-Ibarra et al. 2022, "Metrics of calibration for probabilistic predictions"; MAPIE's
 * `kolmogorov_smirnov_p_value`, `kuiper_p_value`.
 */
export function cumulativeTests({
  values,
  right,
  wrong,
}: Tally): { kolmogorovSmirnov: CumulativeTest; kuiper: CumulativeTest } | null {
  let [sum, most, least, variance] = [0, -Infinity, Infinity, 0];
  for (let j = 0; j < values.length; j++) {
    const size = right[j]! + wrong[j]!;
    if (size === 0) continue;
    sum += right[j]! - size * values[j]!;
    variance += size * values[j]! * (1 - values[j]!);
    most = Math.max(most, sum);
    least = Math.min(least, sum);
  }
  if (!(variance > 0)) return null;
  const scale = Math.sqrt(variance);
  const distance = Math.max(Math.abs(most), Math.abs(least)) / scale;
  const range = (most - least) / scale;
  return {
    kolmogorovSmirnov: { statistic: distance, pValue: clamp(1 - maximumBelow(distance)) },
    kuiper: { statistic: range, pValue: clamp(1 - rangeBelow(range)) },
  };
}

const clamp = (p: number): number => Math.min(1, Math.max(0, p));

/** Terms that count, also at large x, where the series are slow. */
const TERMS = 200;

/** P(max |B(t)| <= x) of a Brownian motion on [0, 1]. Source: Feller 1971, X.5. */
function maximumBelow(x: number): number {
  let sum = 0;
  for (let k = 0; k < TERMS; k++) {
    const half = k + 0.5;
    sum += ((k % 2 === 0 ? 1 : -1) / half) * Math.exp(-((half * Math.PI) ** 2) / (2 * x * x));
  }
  return (2 / Math.PI) * sum;
}

/** P(max B(t) - min B(t) <= x). Source: Feller 1951. */
function rangeBelow(x: number): number {
  let sum = 0;
  for (let k = 0; k < TERMS; k++) {
    const half = k + 0.5;
    sum += (8 / x ** 2 + 2 / (half * Math.PI) ** 2) * Math.exp((-2 * (half * Math.PI) ** 2) / (x * x));
  }
  return sum;
}
