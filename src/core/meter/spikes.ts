/** Tokens that stand out from those before them. Internal to this room. */

import { type JsonNumber, toJson } from "./means.ts";
import type { ResolvedMeterOptions } from "./options.ts";
import type { Spike, SpikesReading } from "./reading.ts";
import { RunningMedian } from "./running-median.ts";

/** The median absolute deviation of a normal distribution is its standard deviation divided by this. */
const NORMAL_SCALE = 1.4826;

/**
 * Robust z-score of a surprisal among others: see `LastToken.zScore`. Internal to the package: the one definition of a spike.
 * @param smallestScale nats, > 0
 * @returns NaN where the others have no finite median
 */
export function robustZScore(surprisal: number, others: RunningMedian, smallestScale: number): number {
  const { median } = others;
  if (!Number.isFinite(median)) return Number.NaN;
  const scale = NORMAL_SCALE * others.medianAbsoluteDeviation(median);
  if (!Number.isFinite(scale)) return Number.NaN;
  return (surprisal - median) / Math.max(scale, smallestScale);
}

/** Robust z-scores of surprisals, and the spikes among them. */
export class SpikeDetector {
  readonly #options: ResolvedMeterOptions;
  readonly #history: RunningMedian;
  #count = 0;
  #recent: Spike[] = [];
  #largest: Spike | null = null;

  constructor(options: ResolvedMeterOptions) {
    this.#options = options;
    this.#history = new RunningMedian(options.spikeHistory);
  }

  /**
   * Compares a surprisal with those before it, then puts it among them.
   * @returns its z-score (see `LastToken.zScore`); NaN = none.
   */
  push(surprisal: number): number {
    const { spikeWarmUp, spikeSmallestScale } = this.#options;
    const isEarly = this.#history.count < spikeWarmUp;
    const zScore = isEarly ? Number.NaN : robustZScore(surprisal, this.#history, spikeSmallestScale);
    this.#history.push(surprisal);
    return zScore;
  }

  isSpike(zScore: number): boolean {
    return zScore > this.#options.spikeThreshold;
  }

  keep(spike: Spike): void {
    this.#count++;
    if (!this.#largest || spike.zScore > this.#largest.zScore) this.#largest = spike;
    this.#recent = [...this.#recent, spike]; // a new list, since readings hold the one before
    if (this.#recent.length > this.#options.spikesKept) this.#recent.shift();
  }

  read(): SpikesReading {
    return { count: this.#count, recent: this.#recent, largest: this.#largest };
  }

  toState(): SpikesState {
    return {
      history: this.#history.toState(),
      count: this.#count,
      recent: this.#recent.map(spikeToState),
      largest: this.#largest && spikeToState(this.#largest),
    };
  }

  restore({ history, count, recent, largest }: SpikesState): void {
    this.#history.restore(history);
    this.#count = count;
    this.#recent = recent.map(spikeFrom);
    this.#largest = largest && spikeFrom(largest);
  }
}

export interface SpikesState {
  /** Surprisals, oldest first, nats. */
  history: JsonNumber[];
  count: number;
  recent: SpikeState[];
  largest: SpikeState | null;
}

type SpikeState = Omit<Spike, "surprisal" | "zScore"> & { surprisal: JsonNumber; zScore: JsonNumber };

const spikeToState = (spike: Spike): SpikeState => ({
  ...spike,
  surprisal: toJson(spike.surprisal),
  zScore: toJson(spike.zScore),
});

const spikeFrom = (state: SpikeState): Spike => ({
  ...state,
  surprisal: Number(state.surprisal),
  zScore: Number(state.zScore),
});
