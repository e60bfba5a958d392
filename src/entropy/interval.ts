/** Intervals of rates: a sequence is cut into segments of neighbours, which the bootstrap draws. */

/** An interval of a rate, nats, and how it was made. */
export interface RateInterval {
  low: number;
  high: number;
  /** Coverage, 0 ... 1. */
  level: number;
  /** Stretches of the sequence that the bootstrap drew, with replacement. */
  segments: number;
}

const MOST_SEGMENTS = 100;
/** A segment shorter than this, symbols, is not much of its own. */
const SHORTEST_SEGMENT = 50;
const FEWEST_SEGMENTS = 10;

/** In how many segments `places` are cut; `null`: too few for an interval. */
export function segmentsFor(places: number): number | null {
  const segments = Math.min(MOST_SEGMENTS, Math.floor(places / SHORTEST_SEGMENT));
  return segments < FEWEST_SEGMENTS ? null : segments;
}
