/**
 * Entropy of a distribution of which only counts are known, in nats: the plain estimate and two that correct its bias.
 *
 * Sources: Miller 1955, "Note on the bias of information estimates"; Chao & Shen 2003, "Nonparametric estimation of
 * Shannon's index of diversity when there are unseen species in sample"; for coverage Good 1953.
 */
import { invalidArgument } from "../core/index.ts";

/** How entropies are estimated from counts. */
export const ENTROPY_ESTIMATORS = ["plugin", "miller-madow", "chao-shen"] as const;
/** One of them. */
export type EntropyEstimator = (typeof ENTROPY_ESTIMATORS)[number];

/** How many blocks occurred how often: count -> number of distinct blocks with it. */
export type CountProfile = ReadonlyMap<number, number>;

/** What counts say, nats. */
export interface CountedEntropy {
  /** Samples N. */
  samples: number;
  /** Distinct ones K. */
  distinct: number;
  /** Those that occurred once, f1. */
  singletons: number;
  /** Good's estimate of the probability of all that was seen, 1 - f1/N; 0 ... 1, `null` without samples. */
  coverage: number | null;
  /**
   * By estimator, nats; `null` without samples. `plugin`: -Σ n/N ln n/N, which is too small on average. `miller-madow`: with
   * (K-1)/2N added, the first term of the bias. `chao-shen`: the shares times the coverage, each weighted by the chance that
   * it was seen at all (Horvitz & Thompson); where all occurred once the coverage is taken for 1/N, as in R's package entropy.
   */
  entropy: Record<EntropyEstimator, number> | null;
}

/** Entropies of a profile of counts. @throws SurprisalError INVALID_ARGUMENT for counts that are none. */
export function countedEntropy(profile: CountProfile): CountedEntropy {
  let [samples, distinct] = [0, 0];
  for (const [count, blocks] of profile) {
    if (!(Number.isInteger(count) && count > 0 && Number.isInteger(blocks) && blocks >= 0))
      throw invalidArgument(`${blocks} blocks that occur ${count} times`, "profile", "Give whole numbers.");
    samples += count * blocks;
    distinct += blocks;
  }
  const singletons = profile.get(1) ?? 0;
  if (samples === 0) return { samples, distinct, singletons, coverage: null, entropy: null };
  // Chao & Shen: with nothing but singletons the coverage would be 0, and nothing could be divided by it.
  const covered = 1 - (singletons === samples ? samples - 1 : singletons) / samples;
  let [logs, chaoShen] = [0, 0];
  for (const [count, blocks] of profile) {
    logs += blocks * count * Math.log(count);
    const share = (covered * count) / samples;
    const seen = -Math.expm1(samples * Math.log1p(-share)); // 1 - (1 - share)^N
    chaoShen -= (blocks * share * Math.log(share)) / seen;
  }
  const plugin = Math.max(0, Math.log(samples) - logs / samples);
  return {
    samples,
    distinct,
    singletons,
    coverage: 1 - singletons / samples,
    entropy: {
      plugin,
      "miller-madow": plugin + (distinct - 1) / (2 * samples),
      "chao-shen": chaoShen === 0 ? 0 : chaoShen, // -0 of one block
    },
  };
}

/** The profile of a list of counts; zeros are none. */
export function countProfile(counts: ArrayLike<number>): Map<number, number> {
  const profile = new Map<number, number>();
  for (let i = 0; i < counts.length; i++)
    if (counts[i]! > 0) profile.set(counts[i]!, (profile.get(counts[i]!) ?? 0) + 1);
  return profile;
}
