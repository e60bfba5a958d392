/** Smoothing and noise of a curve. */
import type { Series } from "../series.ts";

/** Points of a curve gathered to fewer. */
export interface Bins {
  /** [n] mean step of each. */
  steps: number[];
  /** [n] mean loss, nats. */
  losses: number[];
  /** [n] finite points in each, at least 1. */
  counts: number[];
}

/** Means over at most `most` intervals of equal length; NaN does not count, and what is empty is left out. */
export function binned({ steps, losses }: Pick<Series, "steps" | "losses">, most: number): Bins {
  const bins: Bins = { steps: [], losses: [], counts: [] };
  const [first, last] = [steps[0], steps[steps.length - 1]];
  if (first === undefined || last === undefined) return bins;
  const width = (last - first) / most || 1;
  let [sum, stepSum, count, bin] = [0, 0, 0, -1];
  const close = () => {
    if (count === 0) return;
    bins.steps.push(stepSum / count);
    bins.losses.push(sum / count);
    bins.counts.push(count);
    [sum, stepSum, count] = [0, 0, 0];
  };
  for (let i = 0; i < steps.length; i++) {
    const loss = losses[i]!;
    if (!Number.isFinite(loss)) continue;
    const own = steps.length <= most ? i : Math.min(most - 1, Math.floor((steps[i]! - first) / width));
    if (own !== bin) close();
    bin = own;
    sum += loss;
    stepSum += steps[i]!;
    count++;
  }
  close();
  return bins;
}

/**
 * Exponential moving average of the kind that needs no warm-up: a weighted mean whose weights halve every `halfLife` points.
 * (TensorBoard's smoothing with its correction of the beginning: Kingma & Ba 2015, section 3.) NaN is left out.
 */
export function movingAverage(losses: readonly number[], halfLife: number): number[] {
  const decay = 2 ** (-1 / halfLife);
  let [sum, weight] = [0, 0];
  return losses.map((loss) => {
    if (!Number.isFinite(loss)) return Number.NaN;
    sum = decay * sum + loss;
    weight = decay * weight + 1;
    return sum / weight;
  });
}

/** Middle of the values; NaN of none. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length === 0
    ? Number.NaN
    : sorted.length % 2 === 1
      ? sorted[middle]!
      : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Makes the median of absolute deviations a standard deviation, where they are normal. */
const MAD_SCALE = 1.4826;

/**
 * Standard deviation of a curve's noise, from its second differences: a trend that is straight over three points adds
 * nothing to them, and their variance is six times the noise's (Gasser, Sroka & Jennen-Steinmetz 1986). By their median, so
 * that spikes count as one point each. NaN for fewer than three points.
 */
export function noiseOf(losses: readonly number[], from = 0, to: number = losses.length): number {
  const differences: number[] = [];
  for (let i = Math.max(1, from + 1); i + 1 < to; i++) {
    const difference = Math.abs(losses[i - 1]! - 2 * losses[i]! + losses[i + 1]!);
    if (Number.isFinite(difference)) differences.push(difference);
  }
  return (MAD_SCALE * medianOf(differences)) / Math.sqrt(6);
}
