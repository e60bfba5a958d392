/** The scale of colours of a map: as wide as its numbers, unless a few of them would press all others into one colour. */
import { quantileOf } from "../core/index.ts";
import { boundsOf } from "./bins.ts";

/** Which numbers the colours run over. Numbers outside have the colour of the end that they are beyond. */
export interface ColourScale {
  low: number;
  high: number;
  /** Whether there are numbers below, above. */
  isCut: readonly [below: boolean, above: boolean];
}

/** As many standard deviations from the median is far out, the deviation estimated by the median one. */
const FAR_OUT = 5;
/** Median absolute deviation of a normal distribution, as its standard deviation. Source: Hampel 1974. */
const TO_DEVIATION = 1.4826;
/** Others that are given no more of the scale than this could not be told apart. */
const DROWNED = 0.25;

/**
 * From the least to the largest number. Numbers further than 5 · 1.4826 median absolute deviations from the median are left
 * out where the others would otherwise have less than a quarter of the scale: so much is what one huge perplexity does to a
 * map. Where more than half of the numbers are equal, the deviations are those of the distinct ones.
 * @returns `null` without a finite number.
 */
export function colourScale(values: readonly number[]): ColourScale | null {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const whole = boundsOf(sorted);
  if (whole === null) return null;
  const [least, most] = whole;
  const uncut: ColourScale = { low: least, high: most, isCut: [false, false] };
  const [middle, deviation] = spreadOf(sorted);
  const inside = boundsOf(sorted.filter((value) => Math.abs(value - middle) <= FAR_OUT * deviation));
  if (inside === null) return uncut;
  const [low, high] = inside;
  if (high - low >= DROWNED * (most - least)) return uncut;
  return { low, high, isCut: [least < low, most > high] };
}

function spreadOf(sorted: readonly number[]): [median: number, deviation: number] {
  for (const list of [sorted, [...new Set(sorted)]]) {
    const median = quantileOf(list, 0.5);
    const deviations = list.map((value) => Math.abs(value - median)).sort((a, b) => a - b);
    const deviation = TO_DEVIATION * quantileOf(deviations, 0.5);
    if (deviation > 0) return [median, deviation];
  }
  return [sorted[0]!, Number.POSITIVE_INFINITY];
}

/** Place of a number on the scale, 0 (low) ... 1 (high); 0.5 where all numbers are equal. */
export function placeOn({ low, high }: ColourScale, value: number): number {
  if (value < low) return 0;
  if (value > high) return 1;
  return high > low ? (value - low) / (high - low) : 0.5;
}

/** Whether a number lies beyond the scale: -1 below, 1 above, else 0. */
export const beyond = ({ low, high }: ColourScale, value: number): -1 | 0 | 1 =>
  value < low ? -1 : value > high ? 1 : 0;
