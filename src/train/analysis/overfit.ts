/** Overfitting as it is seen while a run goes on: a validation loss that has turned, and by more than its noise. */
import { medianOf, noiseOf } from "./smooth.ts";

/** What an alarm needs. */
export interface OverfitOptions {
  /** Validations after the best one, at least. Default 3. */
  patience?: number | undefined;
  /** Rise above the best, nats, at least. Default 0.01, or 1 % of the best where that is less. */
  minDelta?: number | undefined;
}

/** What is known at one validation. */
export interface OverfitState {
  /** Step and loss of the least validation so far, nats. */
  best: { step: number; loss: number };
  /** Validations since. */
  since: number;
  /** Median of the last validations above the level around the best, nats. */
  rise: number;
  /** That, in its standard errors; `null`: too few points to say. */
  z: number | null;
  /** It has turned: the rise is more than its noise, lasts, and training does not share it. */
  alarm: boolean;
}

const PATIENCE = 3;
const MIN_DELTA = 0.01;
/**
 * Standard errors of a rise, at least. Every validation is a test again, and noise that neighbours share makes each of them
 * wider than it looks: the longer the run, the more is asked for, by `PER_DOUBLING` from `FEW` validations on.
 */
const LEAST_Z = 4;
const PER_DOUBLING = 1;
const FEW = 20;
/** Standard deviations of single validations that it is, at least: correlated noise wanders by two of them. */
const LEAST_RISE = 2.5;
/** Validations that the noise is judged by. */
const WINDOW = 60;
/** Correlated noise makes a standard error larger by so much at most. */
const MOST_SHARED = 2;
/** Fewer validations tell no noise. */
const LEAST_POINTS = 6;
/** Most validations whose mean is compared with the best. */
const MOST_MEAN = 12;

/**
 * The detector. A validation's loss is compared with the least so far: the median of the last m validations (m from `patience`
 * to a third of those since the best) with the mean of three around the best, which a lucky draw cannot make deep. The rise is an
 * alarm where it is `LEAST_Z` standard errors or more (and more of them in a long run), and more than `minDelta`; where each of the last `patience` validations is
 * above that level; where it does not fall again (a restart, a drop of the rate); and where the training loss has not risen
 * with it: what both do is divergence, or a bump of the schedule.
 */
export class OverfitDetector {
  private readonly patience: number;
  private readonly minDelta: number | undefined;
  private readonly steps: number[] = [];
  private readonly losses: number[] = [];
  private readonly trained: number[] = [];
  private bestAt = -1;

  constructor({ patience = PATIENCE, minDelta }: OverfitOptions = {}) {
    this.patience = Math.max(1, patience);
    this.minDelta = minDelta;
  }

  /**
   * One validation, in the order of the steps. Losses that are no finite numbers are left out.
   * @param trained mean training loss since the validation before, nats; NaN: not known.
   * @returns `null` before there is a finite validation.
   */
  push(step: number, loss: number, trained: number = Number.NaN): OverfitState | null {
    if (Number.isFinite(loss)) {
      this.steps.push(step);
      this.losses.push(loss);
      this.trained.push(trained);
      if (this.bestAt < 0 || loss < this.losses[this.bestAt]!) this.bestAt = this.losses.length - 1;
    }
    return this.bestAt < 0 ? null : this.state();
  }

  private state(): OverfitState {
    const { losses, bestAt: at, patience } = this;
    const n = losses.length;
    const since = n - 1 - at;
    const best = { step: this.steps[at]!, loss: losses[at]! };
    const mean = Math.min(
      MOST_MEAN,
      Math.max(Math.min(since, patience), Math.floor(since / 3)),
      Math.max(1, since),
    );
    const level = average(losses, Math.max(0, at - 1), Math.min(n, at + 2));
    // The median, so that one validation after a jump says nothing.
    const now = medianOf(losses.slice(n - mean));
    const rise = now - level;
    const none = { best, since, rise: Math.max(0, now - best.loss), z: null, alarm: false };
    if (n < LEAST_POINTS || since < patience || since < 2) return none;
    const noise = Math.max(noiseOf(losses, Math.max(0, n - WINDOW)), 1e-9 * best.loss);
    const wander = wanderOf(losses, at);
    // Noise that neighbours share makes means less exact than their number says: by up to twice as much.
    const sigma = Math.max(noise, wander) * Math.min(MOST_SHARED, Math.max(1, wander / noise));
    const z = rise / (sigma * Math.sqrt(1 / effective(mean) + 1 / 3));
    const least = this.minDelta ?? Math.min(MIN_DELTA, 0.01 * best.loss);
    const recent = losses.slice(n - patience);
    const lasts = recent.every((loss) => loss > level + sigma / 2);
    // What has jumped comes down again; what overfits is where it was never since the best, and not on its way down.
    const climbing =
      losses[n - 1]! >= Math.max(...recent) - 1.5 * sigma && now >= this.highest(at, mean) - 1.5 * sigma;
    const shared = this.sharedRise(at, mean);
    const alarm =
      z >= LEAST_Z + PER_DOUBLING * Math.max(0, Math.log2(n / FEW)) &&
      rise > Math.max(least, LEAST_RISE * sigma) &&
      lasts &&
      climbing &&
      !(shared > 0.4 * rise);
    return { best, since, rise: now - best.loss, z, alarm };
  }

  /** Highest mean of so many validations since the best. */
  private highest(at: number, mean: number): number {
    const { losses } = this;
    let [sum, highest] = [0, Number.NEGATIVE_INFINITY];
    for (let i = Math.max(at + 1, losses.length - WINDOW * 4), from = i; i < losses.length; i++) {
      sum += losses[i]!;
      if (i - from >= mean) sum -= losses[i - mean]!;
      if (i - from >= mean - 1) highest = Math.max(highest, sum / mean);
    }
    return highest;
  }

  /** How far training has risen since the best validation, nats; -Infinity: not known, or by no more than its noise. */
  private sharedRise(at: number, mean: number): number {
    const { trained } = this;
    const n = trained.length;
    const before = trained.slice(Math.max(0, at - 1), at + 2).filter(Number.isFinite);
    const after = trained.slice(n - mean).filter(Number.isFinite);
    if (before.length === 0 || after.length === 0) return Number.NEGATIVE_INFINITY;
    const rise = medianOf(after) - medianOf(before);
    const noise = noiseOf(trained.filter(Number.isFinite).slice(-WINDOW)) || 0;
    return rise > noise ? rise : Number.NEGATIVE_INFINITY;
  }
}

/** So many independent values are as good as `count` neighbours. */
const effective = (count: number): number => (count <= 3 ? count : 3 + (count - 3) / 3);

const average = (values: readonly number[], from: number, to: number): number => {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i]!;
  return sum / (to - from);
};

/**
 * How far a curve wanders on its way down, which second differences miss where the noise is correlated: differences over three
 * validations that go up, of the `WINDOW` before the best.
 */
function wanderOf(losses: readonly number[], at: number): number {
  const rises: number[] = [];
  for (let i = Math.max(3, at - WINDOW); i <= at; i++) {
    const rise = losses[i]! - losses[i - 3]!;
    if (rise > 0) rises.push(rise);
  }
  // Half of the differences of pure noise are rises; their median is 0.67 · √2 of its standard deviation.
  return rises.length < 5 ? 0 : medianOf(rises) / (0.6745 * Math.SQRT2);
}
