/** CAR's posterior as published: one Gaussian per class over the raw perplexity. */
import { SurprisalError } from "../../core/index.ts";

/** A normal distribution of the signal. */
export interface Gaussian {
  mean: number;
  /** > 0 */
  standardDeviation: number;
}

/** Two classes of short answers. */
export interface Gaussians {
  right: Gaussian;
  wrong: Gaussian;
  /** Share of right ones among those fitted to: the prior, strictly between 0 and 1. */
  priorRight: number;
}

/**
 * Fits both classes by mean and variance (Σ (x - mean)² / n).
 * Source: Lu et al. 2025, "Prolonged Reasoning Is Not All You Need: Certainty-Based Adaptive Routing", arXiv 2505.15154.
 * @throws SurprisalError CALIBRATION_TOO_SMALL where all signals of a class are one number, or one is infinite: no Gaussian fits.
 */
export function fitGaussians(right: readonly number[], wrong: readonly number[]): Gaussians {
  return {
    right: gaussianOf(right, "right"),
    wrong: gaussianOf(wrong, "wrong"),
    priorRight: right.length / (right.length + wrong.length),
  };
}

function gaussianOf(values: readonly number[], name: string): Gaussian {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  if (Number.isFinite(variance) && variance > 0) return { mean, standardDeviation: Math.sqrt(variance) };
  throw new SurprisalError({
    code: "CALIBRATION_TOO_SMALL",
    what: `The ${values.length} signals of ${name} answers ${variance === 0 ? "are all one number" : "have no finite variance"}: no Gaussian fits them`,
    where: "records",
    wayOut: "Record more questions, or take the default mode (--mode monotone), which needs no Gaussians.",
  });
}

/** P(right | signal) by Bayes' rule; `null` for a signal so far out that neither class gives it a density that is a number. */
export function gaussianPosterior(gaussians: Gaussians, signal: number): number | null {
  const odds = logOdds(gaussians, signal);
  return Number.isNaN(odds) ? null : 1 / (1 + Math.exp(-odds));
}

/** ln of P(right | signal) / P(wrong | signal). */
function logOdds({ right, wrong, priorRight }: Gaussians, signal: number): number {
  return (
    logDensity(right, signal) - logDensity(wrong, signal) + Math.log(priorRight) - Math.log1p(-priorRight)
  );
}

/** ln of the density, without -ln √2π. */
const logDensity = ({ mean, standardDeviation }: Gaussian, x: number): number =>
  -Math.log(standardDeviation) - (x - mean) ** 2 / (2 * standardDeviation ** 2);

/**
 * Where P(right) = P(wrong): two Gaussians of different variances meet in two places, so that answers below the lower one are
 * called wrong although no answer is surer.
 * @returns ascending, none to two.
 */
export function gaussianBoundaries({ right, wrong, priorRight }: Gaussians): number[] {
  const [a1, a0] = [1 / (2 * right.standardDeviation ** 2), 1 / (2 * wrong.standardDeviation ** 2)];
  // log odds = a x² + b x + c
  const a = a0 - a1;
  const b = 2 * (a1 * right.mean - a0 * wrong.mean);
  const c =
    a0 * wrong.mean ** 2 -
    a1 * right.mean ** 2 +
    Math.log(wrong.standardDeviation / right.standardDeviation) +
    Math.log(priorRight) -
    Math.log1p(-priorRight);
  if (a === 0) return b === 0 ? [] : [-c / b];
  const discriminant = b * b - 4 * a * c;
  if (discriminant < 0) return [];
  const q = -(b + (b < 0 ? -1 : 1) * Math.sqrt(discriminant)) / 2; // loses no digits where b² is far larger than 4ac
  return (q === 0 ? [0] : [q / a, c / q]).toSorted((x, y) => x - y);
}
