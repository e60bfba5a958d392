/**
 * A course that falls towards a limit, y = limit + scale · x^-exponent: how estimates of an entropy rate fall with the order,
 * or with the text.
 *
 * Sources: Hilberg 1990; Schürmann & Grassberger 1996, "Entropy estimation of symbol sequences" (extrapolation by an ansatz);
 * Takahira, Tanaka-Ishii & Dębowski 2016, "Entropy rate estimates for natural language" (f1: h + A n^(β-1)).
 */

/** A fitted course. */
export interface PowerLaw {
  /** y for x without end, at least 0. */
  limit: number;
  /** At least 0. */
  scale: number;
  /** More than 0: Takahira's 1 - β. */
  exponent: number;
  /** Root of the weighted mean square of what the fit leaves, in the unit of y. */
  residual: number;
}

/** A place of a course. */
export interface CoursePoint {
  x: number;
  y: number;
  /** 1 / variance of y, where it is known, or any share of it. Default 1. */
  weight?: number | undefined;
}

/** Three numbers are fitted. */
const FEWEST_FITTED_POINTS = 4;
const [SLOWEST, FASTEST] = [0.02, 12];
const STEPS = 120;

/** Least squares. `null` for fewer than four points, or where they do not fall. @param points x more than 0, distinct. */
export function fitPowerLaw(points: readonly CoursePoint[]): PowerLaw | null {
  if (points.length < FEWEST_FITTED_POINTS || !points.every(({ x, y }) => x > 0 && Number.isFinite(y)))
    return null;
  let best: PowerLaw | null = null;
  const offer = (exponent: number): void => {
    const fitted = fitWith(points, exponent);
    if (fitted !== null && (best === null || fitted.residual < best.residual)) best = fitted;
  };
  const ratio = FASTEST / SLOWEST;
  for (let step = 0; step <= STEPS; step++) offer(SLOWEST * ratio ** (step / STEPS));
  const coarse = best as PowerLaw | null;
  if (coarse === null) return null;
  for (let step = -STEPS; step <= STEPS; step++) offer(coarse.exponent * ratio ** (step / STEPS ** 2));
  return best;
}

/** The best limit and scale of one exponent; `null`: the points rise. */
function fitWith(points: readonly CoursePoint[], exponent: number): PowerLaw | null {
  const terms = points.map(({ x, y, weight = 1 }) => ({ term: x ** -exponent, y, weight }));
  const all = sum(terms.map(({ weight }) => weight));
  const mean = (value: (point: (typeof terms)[number]) => number): number =>
    sum(terms.map((point) => point.weight * value(point))) / all;
  const [meanTerm, meanY] = [mean(({ term }) => term), mean(({ y }) => y)];
  const variance = mean(({ term }) => (term - meanTerm) ** 2);
  const covariance = mean(({ term, y }) => (term - meanTerm) * (y - meanY));
  let scale = variance > 0 ? covariance / variance : 0;
  if (scale < 0) return null;
  let limit = meanY - scale * meanTerm;
  if (limit < 0) {
    // Nothing is below 0: the best line through the origin.
    limit = 0;
    scale = mean(({ term, y }) => term * y) / mean(({ term }) => term * term);
  }
  return {
    limit,
    scale,
    exponent,
    residual: Math.sqrt(mean(({ term, y }) => (y - limit - scale * term) ** 2)),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
