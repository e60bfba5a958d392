/** How sure a perplexity is: standard errors and intervals. */
import { requireInteger } from "./_arguments.ts";
import { isMissing, isNoLogprob, noLogprob } from "./_logprob.ts";
import { invalidArgument } from "./errors.ts";
import type { ScoreSums } from "./perplexity.ts";

/**
 * Standard error of the perplexity by llama.cpp's formula: with x = -ln p, var = E[x²] - E[x]²,
 * sem = sqrt(var / (n-1)), ± = sem · PPL (delta method). It takes the tokens for independent, which they are not:
 * see `blockBootstrap`. `null` for fewer than two scored tokens or an infinite perplexity.
 * Source: llama.cpp, tools/perplexity/perplexity.cpp, the line "Final estimate".
 */
export function perplexityStandardError({ scored, totalNll, totalNllSquared }: ScoreSums): number | null {
  const mean = totalNll / scored;
  const perplexity = Math.exp(mean);
  if (scored < 2 || !Number.isFinite(perplexity)) return null;
  const variance = Math.max(0, totalNllSquared / scored - mean * mean); // rounding may leave it below 0
  return Math.sqrt(variance / (scored - 1)) * perplexity;
}

/** Options of `blockBootstrap` and `ratioBootstrap`; of `documentBootstrap` all but `blockLength`. */
export interface BlockBootstrapOptions {
  /** The same seed gives the same result everywhere. Default 0. */
  seed?: number | undefined;
  /** Resamples drawn, at least 2. Default 1000. */
  resamples?: number | undefined;
  /** Neighbouring tokens kept together, 1 ... n. Default: see `defaultBlockLength`. */
  blockLength?: number | undefined;
  /** Coverage of the interval, strictly between 0 and 1. Default 0.95. */
  level?: number | undefined;
}

/** What the bootstrap says about a perplexity. */
export interface BlockBootstrap {
  /**
   * Standard deviation of the resampled means of -ln p, times the perplexity (delta method): what llama.cpp's formula
   * estimates, without its independence.
   */
  standardError: number;
  /** Lower end of the percentile interval of the perplexity. */
  low: number;
  /** Upper end. */
  high: number;
  /** Coverage of [low, high]. */
  level: number;
  blockLength: number;
  resamples: number;
}

/**
 * Standard error and percentile interval of the perplexity per token by the circular block bootstrap: the series
 * of -ln p is laid in a ring, blocks of neighbours are drawn with replacement until there are n tokens again, so
 * that the dependence between neighbours survives in every resample.
 *
 * `null` for fewer than two tokens with a number, or an infinite perplexity.
 * Sources: Künsch 1989 (block bootstrap); Politis & Romano 1992, "A circular block-resampling procedure for
 * stationary data" (the ring); Efron & Tibshirani 1993, chapter 13 (percentile interval).
 * Cost: n + resamples · n / blockLength.
 * @param logprobs ln p per token in the order of the text, nats; missing ones (NaN) are dropped before.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability, and for options out of their range.
 */
export function blockBootstrap(
  logprobs: ArrayLike<number>,
  options: BlockBootstrapOptions = {},
): BlockBootstrap | null {
  for (let i = 0; i < logprobs.length; i++) {
    const logprob = logprobs[i];
    if (!isMissing(logprob) && isNoLogprob(logprob)) throw noLogprob(logprob, `logprobs[${i}]`);
  }
  return ratioBootstrap(logprobs, options);
}

/**
 * The same of the ratio of two perplexities on the same tokens, perplexity(p) / perplexity(q).
 * @param logRatios ln p - ln q per token in the order of the text, nats, of any sign; missing ones (NaN) are dropped
 *   before.
 * @throws SurprisalError INVALID_ARGUMENT for options out of their range.
 */
export function ratioBootstrap(
  logRatios: ArrayLike<number>,
  options: BlockBootstrapOptions = {},
): BlockBootstrap | null {
  const sums = ringSums(logRatios); // [n+1]
  const perplexity = Math.exp(sums.at(-1)! / (sums.length - 1));
  const mean = meanBootstrap(sums, options);
  if (mean === null || !Number.isFinite(perplexity)) return null;
  const { standardError, low, high, ...how } = mean;
  return { standardError: standardError * perplexity, low: Math.exp(low), high: Math.exp(high), ...how };
}

/**
 * The same of the mean of any series, such as KL divergences: the same blocks are drawn for series of one length and seed,
 * so that the error of a sum of means is that of the mean of the sums.
 * @param values [n] in the order of the text; missing ones (NaN) are dropped before.
 * @returns standard error and interval of the mean, in the unit of the values; `null` for fewer than two, or where the sum
 *   is infinite.
 * @throws SurprisalError INVALID_ARGUMENT for options out of their range.
 */
export function blockBootstrapMean(
  values: ArrayLike<number>,
  options: BlockBootstrapOptions = {},
): BlockBootstrap | null {
  return meanBootstrap(ringSums(Float64Array.from(values, (value) => -value)), options);
}

/** @param sums [n+1] running sums of the series. */
function meanBootstrap(sums: Float64Array, options: BlockBootstrapOptions): BlockBootstrap | null {
  const { seed = 0, resamples = 1000, level = 0.95 } = options;
  requireInteger(resamples, "resamples", 2);
  requireCoverage(level);
  const n = sums.length - 1;
  if (n < 2 || !Number.isFinite(sums[n]!)) return null;
  const { blockLength = defaultBlockLength(n) } = options;
  requireInteger(blockLength, "blockLength", 1, n);
  const random = seededRandom(seed);
  const means = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) means[b] = resampledNll(sums, blockLength, random) / n;
  means.sort();
  return {
    standardError: standardDeviation(means),
    low: quantileOf(means, (1 - level) / 2),
    high: quantileOf(means, (1 + level) / 2),
    level,
    blockLength,
    resamples,
  };
}

/** What the bootstrap says about a mean over documents. */
export interface DocumentBootstrap {
  /** Standard deviation of the resampled means: of the same unit as the mean. */
  standardError: number;
  /** Lower end of the percentile interval of the mean. */
  low: number;
  /** Upper end. */
  high: number;
  /** Coverage of [low, high]. */
  level: number;
  resamples: number;
}

/** More documents than these are put together at random into so many groups, which are drawn then. */
const MOST_DRAWN = 10_000;

/**
 * Standard error and percentile interval of Σ x / Σ n over documents, such as nats per token, by the bootstrap over
 * documents: as many documents as there are, drawn with replacement, each with its x and its n. What depends on each
 * other within a document stays together.
 *
 * `null` for fewer than two documents, or when a sum is infinite. With fewer than about ten it says little.
 * Source: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapters 6, 8 and 13.
 * Cost: documents + resamples · min(documents, 10,000). Groups change nothing to first order: the error comes from the
 * sums of x - (Σ x / Σ n) n, whose mean over documents is 0, so their variances add up however many are in a group.
 * @param numerators [D] x of each document, such as Σ -ln p, nats.
 * @param denominators [D] n of each document, such as its scored tokens.
 */
export function documentBootstrap(
  numerators: ArrayLike<number>,
  denominators: ArrayLike<number>,
  { seed = 0, resamples = 1000, level = 0.95 }: Omit<BlockBootstrapOptions, "blockLength"> = {},
): DocumentBootstrap | null {
  requireInteger(resamples, "resamples", 2);
  requireCoverage(level);
  const documents = numerators.length;
  if (documents < 2) return null;
  const random = seededRandom(seed);
  const units = Math.min(documents, MOST_DRAWN);
  const x = new Float64Array(units);
  const n = new Float64Array(units);
  for (let i = 0; i < documents; i++) {
    const unit = documents > MOST_DRAWN ? Math.floor(random() * units) : i;
    x[unit]! += numerators[i]!;
    n[unit]! += denominators[i]!;
  }
  const means = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    let sumX = 0;
    let sumN = 0;
    for (let drawn = 0; drawn < units; drawn++) {
      const unit = Math.floor(random() * units);
      sumX += x[unit]!;
      sumN += n[unit]!;
    }
    means[b] = sumX / sumN;
  }
  if (!x.every(Number.isFinite) || !means.every(Number.isFinite)) return null;
  means.sort();
  return {
    standardError: standardDeviation(means),
    low: quantileOf(means, (1 - level) / 2),
    high: quantileOf(means, (1 + level) / 2),
    level,
    resamples,
  };
}

/**
 * n^(1/3), the order that is best for a variance (Hall, Horowitz & Jing 1995), but no fewer than 16 tokens, about
 * a sentence, where the text has enough of them (sqrt(n) >= 16).
 */
export function defaultBlockLength(n: number): number {
  return Math.max(Math.floor(Math.cbrt(n)), Math.min(16, Math.floor(Math.sqrt(n))));
}

function requireCoverage(level: number): void {
  if (level > 0 && level < 1) return;
  throw invalidArgument(
    `${level} is not a coverage`,
    "level",
    "Give a number between 0 and 1, such as 0.95.",
  );
}

/** [n+1] running sums of -ln p over the n tokens that carry a number. */
function ringSums(logprobs: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(logprobs.length + 1);
  let n = 0;
  for (let i = 0; i < logprobs.length; i++) {
    const logprob = logprobs[i]!;
    if (isMissing(logprob)) continue;
    sums[n + 1] = sums[n]! - logprob;
    n++;
  }
  return sums.subarray(0, n + 1);
}

/** Σ -ln p of one resample of n tokens; the last block is cut to what is missing. */
function resampledNll(sums: Float64Array, blockLength: number, random: () => number): number {
  const n = sums.length - 1;
  let nll = 0;
  for (let drawn = 0; drawn < n; drawn += blockLength) {
    const start = Math.floor(random() * n);
    const end = start + Math.min(blockLength, n - drawn);
    nll += end <= n ? sums[end]! - sums[start]! : sums[n]! - sums[start]! + sums[end - n]!;
  }
  return nll;
}

/** Of a sample: the root of Σ (x - mean)² / (n - 1); NaN of fewer than two. */
export function standardDeviation(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/** Quantile of sorted values by linear interpolation between order statistics (Hyndman & Fan's type 7); NaN of none. */
export function quantileOf(sorted: ArrayLike<number>, fraction: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = fraction * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

/** Two-sided 95 % point of the normal distribution, as llama.cpp writes it. */
const Z_95 = 1.95996398454;

/**
 * Wilson's score interval of a share, both ends within 0 ... 1. Source: Wilson 1927; llama.cpp's hellaswag_score.
 * @param hits of n, which is at least 1.
 * @param z point of the normal distribution. Default: that of 95 %.
 */
export function wilsonInterval(hits: number, n: number, z: number = Z_95): { low: number; high: number } {
  const share = hits / n;
  const scale = 1 + z ** 2 / n;
  const middle = share + z ** 2 / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  // At its ends it is exactly 0 and 1, but for rounding.
  return { low: hits === 0 ? 0 : (middle - half) / scale, high: hits === n ? 1 : (middle + half) / scale };
}

/**
 * The interval of an exponential of a mean, such as a perplexity or a ratio of two: exp(mean ± z · se), where mean = ln value
 * and se = standardError / value, which is the delta method the other way round. It is not symmetric, and never below 0.
 * @param value above 0. @param standardError of the value, in its unit, 0 or more.
 * @param z point of the normal distribution. Default: that of 95 %; 1 is one standard error.
 * @param least what the value cannot be below: 1 of a perplexity. Default 0.
 * @returns `null` where either is missing, infinite or out of its range; `high` may be Infinity.
 */
export function logInterval(
  value: number | null | undefined,
  standardError: number | null | undefined,
  z: number = Z_95,
  least = 0,
): { low: number; high: number } | null {
  if (typeof value !== "number" || typeof standardError !== "number") return null;
  if (!(value > 0 && value < Infinity && standardError >= 0 && standardError < Infinity)) return null;
  const half = (z * standardError) / value;
  // Rounding may have left a perplexity of 1 a little below it.
  return { low: Math.min(value, Math.max(least, value * Math.exp(-half))), high: value * Math.exp(half) };
}

/**
 * A small deterministic source of numbers in [0, 1), the same on every platform: mulberry32 (Tommy Ettinger 2017,
 * public domain). Good enough for resampling, not for secrets.
 * @param seed the low 32 bits of it count.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
