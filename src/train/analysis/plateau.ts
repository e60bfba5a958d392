/** A loss that no longer falls, as it is seen while a run goes on. */
import { noiseOf } from "./smooth.ts";

/** What a plateau is. */
export interface PlateauOptions {
  /** Points (validations, or intervals of training) that it lasts, at least. Default 10. */
  patience?: number | undefined;
  /** A fall that counts, nats. Default 0.01, or 1 % of the loss where that is less. */
  minDelta?: number | undefined;
}

const PATIENCE = 10;
const MIN_DELTA = 0.01;

/** Standard error of the fall, in units of what counts, beyond which nothing is said. */
const MOST_ERROR = 3;

/**
 * Plateau: over the last `patience` points the line of least squares falls by less than `minDelta`, and
 * their mean differs by less than that from the mean of as many before. Nothing is said where the fall is known no better than to
 * three times `minDelta` (the larger of the noise by second differences and of the residuals).
 */
export class PlateauDetector {
  private readonly patience: number;
  private readonly minDelta: number | undefined;
  private readonly losses: number[] = [];

  constructor({ patience = PATIENCE, minDelta }: PlateauOptions = {}) {
    this.patience = Math.max(3, patience);
    this.minDelta = minDelta;
  }

  /** @returns whether the run is on a plateau. */
  push(loss: number): boolean {
    if (!Number.isFinite(loss)) return false;
    const { losses, patience: n } = this;
    losses.push(loss);
    if (losses.length > 4 * n) losses.splice(0, losses.length - 2 * n);
    if (losses.length < 2 * n) return false;
    const recent = losses.slice(-n);
    const before = losses.slice(-2 * n, -n);
    const mean = recent.reduce((sum, value) => sum + value, 0) / n;
    const least = this.minDelta ?? Math.min(MIN_DELTA, 0.01 * Math.abs(mean));
    const middle = (n - 1) / 2;
    const squares = (n * (n * n - 1)) / 12;
    const slope = recent.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0) / squares;
    const left = recent.reduce((sum, value, i) => sum + (value - mean - slope * (i - middle)) ** 2, 0);
    const sigma = Math.max(noiseOf(recent) || 0, Math.sqrt(left / (n - 2)));
    const fall = -slope * (n - 1);
    const error = (sigma / Math.sqrt(squares)) * (n - 1);
    const gained = before.reduce((sum, value) => sum + value, 0) / n - mean;
    // A rise is no plateau, and where the noise is much larger than what counts nothing can be said.
    return fall < least && Math.abs(gained) < least && fall > -3 * least && error < MOST_ERROR * least;
  }
}
