/** Calibration error without bins: the gap smoothed over confidence, at a width that the data choose. */
import { requireShare } from "./checks.ts";
import type { Tally } from "./pairs.ts";

/** Points of the grid on [0, 1]: steps of 1/2000. */
const STEPS = 2000;
/** No narrower than this, as in relplot (`eps`). */
const NARROWEST = 0.001;
/** Frequencies whose weight is below e^-CUT do not count. */
const CUT = 32;

/** What `smoothCalibrationError` finds. */
export interface SmoothCalibrationError {
  /** 0 ... 1. */
  error: number;
  /** The width σ of the kernel, on the scale of confidence: about the error itself. */
  width: number;
}

/**
 * Smooth calibration error (smECE): ∫ |r(t)| dt of the mean gap r(t) = 1/n Σ K(t, score)(correct - score) under a Gaussian
 * kernel reflected at 0 and 1, at the width σ where smECE_σ = σ. It has no bins whose edges matter, and is consistent.
 *
 * Scores are shared out between the two nearest points of a grid of 1/2000. The reflected kernel is diagonal in the cosine basis
 * (heat on a rod with insulated ends), so smoothing is a product.
 * Source: Błasiok & Nakkiran 2023, "Smooth ECE: Principled Reliability Diagrams via Kernel Smoothing" (their code: relplot).
 * @param options.width a fixed σ between 0 and 1 instead.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function smoothCalibrationError(
  tally: Tally,
  { width }: { width?: number | undefined } = {},
): SmoothCalibrationError {
  const errorAt = smoother(tally);
  if (width !== undefined) {
    requireShare(width, "width");
    return { error: errorAt(width), width };
  }
  return fixedPoint(errorAt);
}

/** The σ with errorAt(σ) = σ, or the narrowest: errorAt hardly moves, so that a secant is there in a few steps. */
function fixedPoint(errorAt: (width: number) => number): SmoothCalibrationError {
  let [low, high] = [NARROWEST, 1]; // the widths between which it lies
  let [width, error] = [high, errorAt(high)];
  let next = Math.max(NARROWEST, error);
  for (let i = 0; i < 60; i++) {
    const found = errorAt(next);
    const slope = next === width ? 0 : (found - error) / (next - width);
    [width, error] = [next, found];
    if (Math.abs(error - width) < 1e-9 || (width <= NARROWEST && error <= width)) break;
    if (error > width) low = width;
    else high = width;
    next = width + (error - width) / (1 - Math.min(slope, 0.5));
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (high - low < 1e-9) break;
  }
  return { error, width };
}

/** [2 STEPS] cos(π i / STEPS), one period. */
const COSINES = Float64Array.from({ length: 2 * STEPS }, (_, i) => Math.cos((Math.PI * i) / STEPS));

function smoother({ values, right, wrong, n }: Tally): (width: number) => number {
  const gaps = new Float64Array(STEPS + 1); // Σ (correct - score) at each point, over n
  for (let j = 0; j < values.length; j++) {
    const gap = (right[j]! - (right[j]! + wrong[j]!) * values[j]!) / n;
    const place = values[j]! * STEPS;
    const point = Math.min(STEPS - 1, Math.floor(place));
    gaps[point]! += gap * (point + 1 - place);
    gaps[point + 1]! += gap * (place - point);
  }
  const used: number[] = []; // points with a gap
  for (let i = 0; i <= STEPS; i++) if (gaps[i] !== 0) used.push(i);
  const coefficients: number[] = [];
  const coefficient = (k: number): number => {
    while (coefficients.length <= k) {
      let sum = 0;
      for (const i of used) sum += gaps[i]! * COSINES[(coefficients.length * i) % (2 * STEPS)]!;
      coefficients.push(sum);
    }
    return coefficients[k]!;
  };
  return (width) => {
    const frequencies = Math.min(STEPS, Math.ceil(Math.sqrt(2 * CUT) / (Math.PI * width)));
    const step = stepFor(frequencies);
    const points = STEPS / step;
    const smoothed = new Float64Array(points + 1).fill(coefficient(0));
    for (let k = 1; k <= frequencies; k++) {
      const weight = 2 * coefficient(k) * Math.exp(-((k * Math.PI * width) ** 2) / 2);
      if (Math.abs(weight) < 1e-18) continue;
      const turn = (k * step) % (2 * STEPS);
      for (let i = 0, phase = 0; i <= points; i++) {
        smoothed[i]! += weight * COSINES[phase]!;
        phase += turn;
        if (phase >= 2 * STEPS) phase -= 2 * STEPS;
      }
    }
    let sum = (Math.abs(smoothed[0]!) + Math.abs(smoothed[points]!)) / 2; // trapezoids
    for (let i = 1; i < points; i++) sum += Math.abs(smoothed[i]!);
    return sum / points;
  };
}

/** Grid points from one place of the integral to the next: 20 places for each of the highest frequencies' waves, 400 at least. */
function stepFor(frequencies: number): number {
  return [5, 4, 2].find((step) => STEPS / step >= Math.max(400, 20 * frequencies)) ?? 1;
}
