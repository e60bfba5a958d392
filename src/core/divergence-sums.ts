/**
 * Two models on the same tokens: sums that can be merged, and what is read off them.
 *
 * Both models saw the same tokens, so what makes one of them hard is hard for both, and the errors of their
 * perplexities are correlated: that of the ratio is much smaller than the errors of the two would say. The formulas are
 * those of llama.cpp's `llama-perplexity --kl-divergence` (tools/perplexity/perplexity.cpp, `kl_divergence`), which
 * takes the tokens for independent.
 */

import { isMissing, isNoLogprob, noLogprob } from "./_logprob.ts";

/** A number and its standard error; `null` where it cannot be estimated: fewer than two tokens, or an infinite sum. */
export interface Estimate {
  value: number;
  standardError: number | null;
}

/** Sums over tokens with a number in both models: those of parts add up to those of the whole. */
export interface PairedSums {
  /** Tokens. */
  scored: number;
  /** Σ -ln p under the base, nats. */
  totalBaseNll: number;
  /** Σ (ln p)² under the base, nats². */
  totalBaseNllSquared: number;
  /** The same under the model. */
  totalNll: number;
  totalNllSquared: number;
  /** Σ d² with d = ln p(base) - ln p(model) of the token that is there, nats². */
  differenceSquared: number;
  /** Σ KL(base‖model) of the whole distributions, nats. */
  divergence: number;
  divergenceSquared: number;
  /** Σ Δp with Δp = p(model) - p(base) of the token that is there, and the sums of its powers. */
  deltaP: number;
  deltaPSquared: number;
  deltaPFourth: number;
  /** Tokens in whose place both hold the same token for the most probable. */
  sameTop: number;
}

/** The sums over no tokens. */
export function emptyPairedSums(): PairedSums {
  return {
    scored: 0,
    totalBaseNll: 0,
    totalBaseNllSquared: 0,
    totalNll: 0,
    totalNllSquared: 0,
    differenceSquared: 0,
    divergence: 0,
    divergenceSquared: 0,
    deltaP: 0,
    deltaPSquared: 0,
    deltaPFourth: 0,
    sameTop: 0,
  };
}

/** One token under two models. */
export interface PairedToken {
  /** ln p of the token that is there under the base, nats. */
  baseLogprob: number;
  /** The same under the model. */
  logprob: number;
  /** KL(base‖model), nats. */
  divergence: number;
  /** Both hold the same token for the most probable. */
  sameTop: boolean;
}

/**
 * Adds one token to `sums`, in place; one without a number in either model is left out, in both.
 * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability; the sums are then as they were.
 */
export function addPairedToken(sums: PairedSums, token: PairedToken): void {
  const { baseLogprob, logprob, divergence, sameTop } = token;
  if (isMissing(baseLogprob) || isMissing(logprob)) return;
  if (isNoLogprob(baseLogprob)) throw noLogprob(baseLogprob, "baseLogprob");
  if (isNoLogprob(logprob)) throw noLogprob(logprob, "logprob");
  const difference = baseLogprob === logprob ? 0 : baseLogprob - logprob; // also of two infinities
  const deltaP = Math.exp(logprob) - Math.exp(baseLogprob);
  sums.scored++;
  sums.totalBaseNll -= baseLogprob;
  sums.totalBaseNllSquared += baseLogprob ** 2;
  sums.totalNll -= logprob;
  sums.totalNllSquared += logprob ** 2;
  sums.differenceSquared += difference ** 2;
  sums.divergence += divergence;
  sums.divergenceSquared += divergence ** 2;
  sums.deltaP += deltaP;
  sums.deltaPSquared += deltaP ** 2;
  sums.deltaPFourth += deltaP ** 4;
  if (sameTop) sums.sameTop++;
}

/** What is read off the sums. */
export interface PairedMeasures {
  /** Tokens with a number in both models. */
  scored: number;
  /** Perplexity of the base. */
  basePerplexity: Estimate;
  /** Perplexity of the model. */
  perplexity: Estimate;
  /** Correlation of ln p between the models, -1 ... 1; `null` where one of them has no variance. */
  correlation: number | null;
  /** ln(perplexity / basePerplexity): mean of ln p(base) - ln p(model), nats. Above 0: the model is worse. */
  logRatio: Estimate;
  /** perplexity / basePerplexity. */
  ratio: Estimate;
  /** perplexity - basePerplexity. */
  difference: Estimate;
  /** Mean KL(base‖model), nats, >= 0. */
  divergence: Estimate;
  /** Mean Δp, the change of the probability of the token that is there, -1 ... 1. */
  deltaP: Estimate;
  /** Root of the mean Δp². */
  rmsDeltaP: Estimate;
  /** Share of the places in which both hold the same token for the most probable, 0 ... 1. */
  sameTop: Estimate;
}

/** Reads the measures off the sums; `null` when they are over no tokens. */
export function pairedMeasures(sums: PairedSums): PairedMeasures | null {
  const n = sums.scored;
  if (n === 0) return null;
  const base = meanOf(sums.totalBaseNll, sums.totalBaseNllSquared, n);
  const model = meanOf(sums.totalNll, sums.totalNllSquared, n);
  const logRatio = meanOf(sums.totalNll - sums.totalBaseNll, sums.differenceSquared, n);
  const [basePerplexity, perplexity, ratio] = [base, model, logRatio].map(exponential) as [
    Estimate,
    Estimate,
    Estimate,
  ];
  const covariance = covarianceOf(base, model, logRatio);
  const correlation = covariance === null ? null : covariance / (base.standardError! * model.standardError!);
  const meanSquare = meanOf(sums.deltaPSquared, sums.deltaPFourth, n);
  const rms = Math.sqrt(meanSquare.value);
  const share = sums.sameTop / n;
  return {
    scored: n,
    basePerplexity,
    perplexity,
    correlation:
      correlation === null || !Number.isFinite(correlation) ? null : Math.max(-1, Math.min(1, correlation)),
    logRatio,
    ratio,
    difference: {
      value: perplexity.value - basePerplexity.value,
      standardError:
        covariance === null
          ? null
          : Math.sqrt(
              Math.max(
                0,
                perplexity.standardError! ** 2 +
                  basePerplexity.standardError! ** 2 -
                  2 * perplexity.value * basePerplexity.value * covariance,
              ),
            ),
    },
    divergence: meanOf(sums.divergence, sums.divergenceSquared, n),
    deltaP: meanOf(sums.deltaP, sums.deltaPSquared, n),
    rmsDeltaP: {
      value: rms,
      standardError:
        rms === 0 || meanSquare.standardError === null
          ? meanSquare.standardError
          : (0.5 / rms) * meanSquare.standardError,
    },
    sameTop: { value: share, standardError: n < 2 ? null : Math.sqrt((share * (1 - share)) / (n - 1)) },
  };
}

/** Σ x / n and its standard error sqrt((E[x²] - E[x]²) / (n-1)). */
function meanOf(sum: number, sumOfSquares: number, n: number): Estimate {
  const mean = sum / n;
  if (n < 2 || !Number.isFinite(sumOfSquares)) return { value: mean, standardError: null };
  const variance = Math.max(0, sumOfSquares / n - mean * mean); // rounding may leave it below 0
  return { value: mean, standardError: Math.sqrt(variance / (n - 1)) };
}

/** e^x with its error by the delta method. */
function exponential({ value, standardError }: Estimate): Estimate {
  const exp = Math.exp(value);
  return {
    value: exp,
    standardError: standardError === null || !Number.isFinite(exp) ? null : exp * standardError,
  };
}

/** Covariance of two means, from their variances and that of their difference. */
function covarianceOf(a: Estimate, b: Estimate, difference: Estimate): number | null {
  if (a.standardError === null || b.standardError === null || difference.standardError === null) return null;
  return (a.standardError ** 2 + b.standardError ** 2 - difference.standardError ** 2) / 2;
}

/** The percentiles that are reported, and how many per cent lie below each. */
export const PERCENTILES = {
  min: 0,
  "p0.1": 0.1,
  p1: 1,
  p5: 5,
  p10: 10,
  p25: 25,
  median: 50,
  p75: 75,
  p90: 90,
  p95: 95,
  p99: 99,
  "p99.9": 99.9,
  max: 100,
} as const;

/** A number for each of PERCENTILES, in the unit of the numbers they are of. */
export type Percentiles = Record<keyof typeof PERCENTILES, number>;

/**
 * The percentiles of numbers in ascending order, by linear interpolation (Hyndman & Fan's type 7, as llama.cpp).
 * @param sorted at least one number, no NaN.
 */
export function percentilesOf(sorted: ArrayLike<number>): Percentiles {
  const at = (percent: number): number => {
    const position = (percent * (sorted.length - 1)) / 100;
    const below = Math.floor(position);
    const fraction = position - below;
    return fraction === 0 ? sorted[below]! : sorted[below]! * (1 - fraction) + sorted[below + 1]! * fraction;
  };
  return Object.fromEntries(
    Object.entries(PERCENTILES).map(([name, percent]) => [name, at(percent)]),
  ) as Percentiles;
}
