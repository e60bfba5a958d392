/** Split conformal prediction: the order statistic that a new score is below with the stated probability. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { requireShare } from "../measures/index.ts";

/** A threshold with what it promises. */
export interface ConformalQuantile {
  /** The k-th smallest of the scores. */
  threshold: number;
  /** ceil((n + 1)(1 - alpha)). */
  k: number;
  n: number;
}

/** The k of the k-th smallest of n scores; what rounding adds to a whole number does not count. */
export const orderOf = (n: number, alpha: number): number => Math.ceil((n + 1) * (1 - alpha) - 1e-9);

/** Fewest scores that give a threshold at this error: ceil(1/alpha) - 1. */
const fewestScores = (alpha: number): number => Math.ceil(1 / alpha - 1e-9) - 1;

/**
 * The exact order statistic ceil((n + 1)(1 - alpha)) of nonconformity scores: a new score, exchangeable with these, is at most
 * this with probability at least 1 - alpha, and at most 1 - alpha + 1/(n + 1) if there are no ties. (`np.quantile` with
 * "higher" at that level may take the next one.)
 * Sources: Vovk, Gammerman & Shafer 2005; Lei et al. 2018.
 * @param scores [n] higher = stranger.
 * @param alpha error allowed, strictly between 0 and 1.
 * @param where what the scores are, for the error.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming the number that is missing; INVALID_ARGUMENT for NaN.
 */
export function conformalQuantile(
  scores: ArrayLike<number>,
  alpha: number,
  where: string = "scores",
): ConformalQuantile {
  requireShare(alpha, "alpha");
  const n = scores.length;
  const k = orderOf(n, alpha);
  if (k > n) {
    const missing = fewestScores(alpha) - n;
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `${n} scores promise nothing at an error of ${alpha}: ${missing} more are needed`,
      where,
      wayOut: `Give at least ${fewestScores(alpha)}, or allow a larger error.`,
    });
  }
  const sorted = Float64Array.from(scores);
  const bad = sorted.findIndex(Number.isNaN);
  if (bad >= 0) throw invalidArgument("NaN is no score", `${where}[${bad}]`, "Give numbers.");
  sorted.sort();
  return { threshold: sorted[k - 1]!, k, n };
}
