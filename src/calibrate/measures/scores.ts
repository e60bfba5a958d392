/** Proper scores, and what they are made of: miscalibration, discrimination, uncertainty. */
import { normalTwoSided } from "../special.ts";
import { type BinningOptions, binsOf } from "./bins.ts";
import { isotonicSteps } from "./isotonic.ts";
import type { Tally } from "./pairs.ts";

/** Mean of (score - correct)², 0 ... 1. Source: Brier 1950 (half of his, for two outcomes). */
export function brierScore({ values, right, wrong, n }: Tally): number {
  let sum = 0;
  for (let j = 0; j < values.length; j++)
    sum += right[j]! * (1 - values[j]!) ** 2 + wrong[j]! * values[j]! ** 2;
  return sum / n;
}

/**
 * Mean of -ln(probability given to what happened), nats; Infinity where something was given 0 and happened.
 * @param clip scores are kept in [clip, 1 - clip]; scikit-learn's `log_loss` has 2^-52. Default 0: not at all.
 */
export function logLoss({ values, right, wrong, n }: Tally, clip: number = 0): number {
  let sum = 0;
  for (let j = 0; j < values.length; j++) {
    const p = Math.min(1 - clip, Math.max(clip, values[j]!));
    if (right[j]! > 0) sum -= right[j]! * Math.log(p);
    if (wrong[j]! > 0) sum -= wrong[j]! * (p < 0.5 ? Math.log1p(-p) : Math.log(1 - p));
  }
  return sum / n + 0;
}

/** Log loss, nats, of whoever always claims the share that was right: the entropy of that share. */
export function baseRateLogLoss({ totalRight, n }: Tally): number {
  const share = totalRight / n;
  return xLogX(share) + xLogX(1 - share);
}

const xLogX = (p: number): number => (p === 0 ? 0 : -p * Math.log(p));

/** The Brier score in parts: brier = reliability - resolution + uncertainty + withinVariance - withinCovariance. */
export interface MurphyDecomposition {
  brier: number;
  /** Mean square of accuracy less mean score of a bin: 0 = calibrated. */
  reliability: number;
  /** Mean square of a bin's accuracy less that of all: how far the scores tell cases apart. */
  resolution: number;
  /** a(1 - a) of the accuracy of all. */
  uncertainty: number;
  /** Variance of the scores within bins; 0 over distinct scores. */
  withinVariance: number;
  /** Twice their covariance with correctness within bins; 0 over distinct scores. */
  withinCovariance: number;
}

/**
 * Murphy's decomposition. Over the distinct scores it is exact; over bins it has two terms more, for what varies within a bin.
 * Sources: Murphy 1973; Stephenson, Coelho & Jolliffe 2008 (terms within bins).
 * @param binning undefined: over the distinct scores.
 */
export function brierDecomposition(tally: Tally, binning?: BinningOptions): MurphyDecomposition {
  const { values, right, wrong, n, totalRight } = tally;
  const brier = brierScore(tally);
  const base = totalRight / n;
  let [reliability, resolution] = [0, 0];
  const add = (count: number, hits: number, claimed: number) => {
    if (count === 0) return;
    reliability += (hits - claimed) ** 2 / count / n;
    resolution += (count * (hits / count - base) ** 2) / n;
  };
  let [withinVariance, withinCovariance] = [0, 0];
  if (binning === undefined)
    for (let j = 0; j < values.length; j++) {
      const count = right[j]! + wrong[j]!;
      add(count, right[j]!, count * values[j]!);
    }
  else {
    const bins = binsOf(tally, binning);
    let j = 0;
    for (let b = 0; b < bins.count.length; b++) {
      const [count, hits, claimed] = [bins.count[b]!, bins.right[b]!, bins.claimed[b]!];
      add(count, hits, claimed);
      for (let left = count; left > 0; j++) {
        const size = right[j]! + wrong[j]!;
        const off = values[j]! - claimed / count;
        left -= size;
        withinVariance += (size * off ** 2) / n;
        withinCovariance += (2 * off * (right[j]! - (size * hits) / count)) / n;
      }
    }
  }
  return {
    brier,
    reliability,
    resolution,
    uncertainty: base * (1 - base),
    withinVariance,
    withinCovariance,
  };
}

/** A mean score in parts: score = miscalibration - discrimination + uncertainty. None is below 0. */
export interface CorpDecomposition {
  score: number;
  /** What recalibrating by isotonic regression would save. */
  miscalibration: number;
  /** What the order of the scores is worth, against claiming the base rate. */
  discrimination: number;
  /** The score of the base rate. */
  uncertainty: number;
}

/**
 * CORP: the score of what was claimed, of its isotonic recalibration, and of the base rate, and their differences. No bins to
 * choose. Infinite log scores leave an infinite miscalibration.
 * Source: Dimitriadis, Gneiting & Jordan 2021, "Stable reliability diagrams for probabilistic classifiers".
 * @param score "brier": mean square; "log": nats.
 */
export function corpDecomposition(tally: Tally, score: "brier" | "log" = "brier"): CorpDecomposition {
  const steps = isotonicSteps(tally);
  const { n, totalRight } = tally;
  const loss = (share: number) => (score === "brier" ? share * (1 - share) : xLogX(share) + xLogX(1 - share));
  let recalibrated = 0;
  for (let b = 0; b < steps.count.length; b++) recalibrated += (steps.count[b]! / n) * loss(steps.value[b]!);
  const found = score === "brier" ? brierScore(tally) : logLoss(tally);
  const uncertainty = loss(totalRight / n);
  return {
    score: found,
    miscalibration: Math.max(0, found - recalibrated),
    discrimination: Math.max(0, uncertainty - recalibrated),
    uncertainty,
  };
}

/** Whether mean and scatter of what happened fit the scores. */
export interface SpiegelhalterTest {
  /** About standard normal where the scores are right; above 0: too sure, the errors are larger than claimed. */
  z: number;
  /** Two-sided. */
  pValue: number;
}

/**
 * Spiegelhalter's z = Σ (correct - s)(1 - 2s) / sqrt(Σ (1 - 2s)² s(1 - s)): whether the Brier score is what the scores
 * themselves let expect. `null` where nothing varies (all scores 0, 1/2 or 1).
 * Source: Spiegelhalter 1986, "Probabilistic prediction in patient management and clinical trials".
 */
export function spiegelhalterTest({ values, right, wrong }: Tally): SpiegelhalterTest | null {
  let [sum, variance] = [0, 0];
  for (let j = 0; j < values.length; j++) {
    const s = values[j]!;
    const count = right[j]! + wrong[j]!;
    sum += (right[j]! - count * s) * (1 - 2 * s);
    variance += count * (1 - 2 * s) ** 2 * s * (1 - s);
  }
  if (!(variance > 0)) return null;
  const z = sum / Math.sqrt(variance);
  return { z, pValue: normalTwoSided(z) };
}
