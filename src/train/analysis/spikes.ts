/** Losses that jump, or are no numbers, as they come. */

/** A jump of the training loss. */
export interface LossSpike {
  step: number;
  /** Highest loss of it, nats, and the level that it left. */
  loss: number;
  level: number;
  /** The step at which it was back; `null`: not yet. */
  until: number | null;
  /** Points of it. */
  points: number;
}

/** A run of points that are no finite numbers. */
export interface Breakdown {
  step: number;
  points: number;
  /** The step of the next finite loss; `null`: there is none. */
  until: number | null;
}

/** What is kept of them; the rest is counted. */
const MOST_KEPT = 1000;
/** Weight of a point in the level and in the scatter. */
const RATE = 0.04;
/** Points before the level is known. */
const WARM = 30;
/** Mean absolute deviations that a spike rises by. */
const FACTOR = 7;
/** And the share of the level. */
const LEAST_SHARE = 0.1;
/** So many points on end above are more than one bad batch. */
const LASTING = 3;
/** And so many are the new level: a run that has begun again worse, not a spike. */
const NEW_LEVEL = 200;

/**
 * Finds spikes against a moving level and scatter (exponential means, of points that are cut at the threshold so that a spike
 * does not raise it): a point more than 7 mean absolute deviations and 10 % of the level above it. It is over when a point is
 * back within half of that. Constant memory.
 */
export class SpikeDetector {
  readonly spikes: LossSpike[] = [];
  readonly breakdowns: Breakdown[] = [];
  count = 0;
  private level = Number.NaN;
  private scatter = 0;
  private seen = 0;
  private open: LossSpike | null = null;
  private broken: Breakdown | null = null;

  /** @returns what this point alone makes known: a NaN, or a spike that lasts (3 points, or more than twice the level). */
  push(step: number, loss: number): "nan" | "spike" | null {
    if (!Number.isFinite(loss)) {
      if (this.broken === null) {
        this.broken = { step, points: 0, until: null };
        if (this.breakdowns.length < MOST_KEPT) this.breakdowns.push(this.broken);
      }
      this.broken.points++;
      return "nan";
    }
    if (this.broken !== null) {
      this.broken.until = step;
      this.broken = null;
    }
    if (this.seen++ === 0) this.level = loss;
    const deviation = loss - this.level;
    const most = Math.max(FACTOR * this.scatter, LEAST_SHARE * Math.abs(this.level));
    const high = this.seen > WARM && deviation > most;
    const cut = Math.max(-2 * most, Math.min(most, deviation));
    const rate = Math.max(RATE, 1 / this.seen);
    if (!high || (this.open !== null && this.open.points > NEW_LEVEL)) {
      this.level += rate * (this.seen > WARM ? cut : deviation);
      this.scatter += rate * (Math.abs(this.seen > WARM ? cut : deviation) - this.scatter);
    }
    if (this.open === null) {
      if (!high) return null;
      this.count++;
      this.open = { step, loss, level: this.level, until: null, points: 1 };
      if (this.spikes.length < MOST_KEPT) this.spikes.push(this.open);
      return loss > 2 * this.level ? "spike" : null;
    }
    if (deviation < most / 2) {
      this.open.until = step;
      this.open = null;
      return null;
    }
    this.open.points++;
    this.open.loss = Math.max(this.open.loss, loss);
    return this.open.points === LASTING ? "spike" : null;
  }
}
