/** Many numbers as few. Internal to this room. */
import { quantileOf } from "../core/index.ts";

/** Surprisal of neighbouring tokens, bits. */
export interface Bin {
  /** Tokens [start, end). */
  start: number;
  end: number;
  /** Tokens with a finite number; without any, the five numbers below are NaN. */
  count: number;
  min: number;
  /** 10th percentile. */
  low: number;
  mean: number;
  /** 90th percentile. */
  high: number;
  max: number;
}

/** No axis has room for more, and near the largest double the room around a number is infinite. */
export const LARGEST = 1e15;

/** ln p of one token (NaN or null = missing) as bits; Infinity for probability 0 (and as good as 0), never -0. */
export const bitsOf = (logprob: number | null | undefined): number =>
  logprob === null || logprob === undefined
    ? Number.NaN
    : -logprob > LARGEST
      ? Infinity
      : Math.max(0, -logprob / Math.LN2);

/** Finite surprisals of tokens [start, end), bits, smallest first. */
export function sortedBits(
  logprobs: ArrayLike<number | null>,
  start: number = 0,
  end: number = logprobs.length,
): Float64Array {
  const bits = new Float64Array(end - start);
  let n = 0;
  for (let i = start; i < end; i++) {
    const value = bitsOf(logprobs[i]);
    if (Number.isFinite(value)) bits[n++] = value;
  }
  return bits.subarray(0, n).sort();
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** At most `most` bins of the same number of tokens (the last may have fewer). */
export function binSurprisal(logprobs: ArrayLike<number | null>, most: number): Bin[] {
  const n = logprobs.length;
  const size = Math.max(1, Math.ceil(n / most));
  return Array.from({ length: Math.ceil(n / size) }, (_, i) => {
    const start = i * size;
    const end = Math.min(n, start + size);
    const sorted = sortedBits(logprobs, start, end);
    return {
      start,
      end,
      count: sorted.length,
      min: quantileOf(sorted, 0),
      low: quantileOf(sorted, 0.1),
      mean: meanOf(sorted),
      high: quantileOf(sorted, 0.9),
      max: quantileOf(sorted, 1),
    };
  });
}

/** [n+1] running sums of the finite surprisals in bits, and [n+1] of their number. */
export function runningSums(logprobs: ArrayLike<number | null>): { bits: Float64Array; counts: Uint32Array } {
  const bits = new Float64Array(logprobs.length + 1);
  const counts = new Uint32Array(logprobs.length + 1);
  for (let i = 0; i < logprobs.length; i++) {
    const value = bitsOf(logprobs[i]);
    const finite = Number.isFinite(value);
    bits[i + 1] = bits[i]! + (finite ? value : 0);
    counts[i + 1] = counts[i]! + (finite ? 1 : 0);
  }
  return { bits, counts };
}

/** Indices of the tokens of probability 0. */
export function impossible(logprobs: ArrayLike<number | null>): number[] {
  const found: number[] = [];
  for (let i = 0; i < logprobs.length; i++) if (bitsOf(logprobs[i]) === Infinity) found.push(i);
  return found;
}

/** Bounds of the numbers in a list; NaN and infinite ones do not count. `null` when there are none. */
export function boundsOf(values: Iterable<number | null | undefined>): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** At most `most` round numbers in [low, high] (> 0) for a logarithmic axis: powers of ten, or also 3, or also 2 and 5. */
export function logTicks(low: number, high: number, most: number): number[] {
  if (!(low > 0 && high < Infinity)) return [];
  let ticks: number[] = [];
  for (const steps of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7]]) {
    const finer: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (const step of steps) {
        const tick = Number(`${step}e${power}`);
        if (tick >= low && tick <= high) finer.push(tick);
      }
    if (ticks.length > 1 && finer.length > most) break;
    ticks = finer;
  }
  const every = Math.ceil(ticks.length / Math.max(1, most));
  return every > 1 ? ticks.filter((_, i) => (ticks.length - 1 - i) % every === 0) : ticks;
}
