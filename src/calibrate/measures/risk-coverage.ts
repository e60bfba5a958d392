/** What answering only the surest is worth: error among the answered, by how many are answered. */
import { invalidArgument } from "../../core/index.ts";
import type { Tally } from "./pairs.ts";

/** Areas under the risk-coverage curve, each a mean over the coverages k/n, k = 1 ... n. */
export interface RiskCoverage {
  /** Mean error among the k surest: AURC, lower = better. */
  aurc: number;
  /** Mean accuracy among the k surest, 1 - AURC: AUARC; Tian et al. 2023 call it AUC. */
  auarc: number;
  /** AURC of scores that say nothing: the error of all, exactly, with no shuffling. */
  random: number;
  /** AURC of the best order there is, all right ones first. */
  oracle: number;
  /** AURC less the oracle's (Geifman, Uziel & El-Yaniv 2019). */
  excess: number;
  /**
   * Prediction rejection ratio, (random - aurc) / (random - oracle): 1 = the best order, 0 = chance, below 0 = worse. `null`
   * where all were right, or all wrong. Malinin & Gales 2021; LM-Polygraph's with `max_rejection` = `mostRejected`.
   */
  prr: number | null;
}

/**
 * AURC, AUARC and PRR from one pass. Of equal scores, any order is as good as another: the mean over all of them is taken.
 * @param options.mostRejected only coverages from 1 - mostRejected on count, (0, 1]. Default 1; LM-Polygraph reports 0.5.
 * @throws SurprisalError INVALID_ARGUMENT for a share out of its range.
 */
export function riskCoverage(
  tally: Tally,
  { mostRejected = 1 }: { mostRejected?: number | undefined } = {},
): RiskCoverage {
  if (!(mostRejected > 0 && mostRejected <= 1))
    throw invalidArgument(`${mostRejected} is no share`, "mostRejected", "Give a number above 0, at most 1.");
  const from = tally.n - Math.max(1, Math.floor(mostRejected * tally.n + 1e-9));
  return summarised(tally, from, areas(tally, from).loose);
}

/** With any number rejected, and with at most half: one pass. */
export function fullAndHalfRiskCoverage(tally: Tally): { full: RiskCoverage; half: RiskCoverage } {
  const from = tally.n - Math.max(1, Math.floor(tally.n / 2));
  const { strict, loose } = areas(tally, from);
  return { full: summarised(tally, 0, strict + loose), half: summarised(tally, from, loose) };
}

/** Σ of the accuracies among the k surest, of k = 1 ... from, and of k = from + 1 ... n. */
function areas({ values, right, wrong }: Tally, from: number): { strict: number; loose: number } {
  let [answered, hits, strict, loose] = [0, 0, 0, 0];
  for (let j = values.length - 1; j >= 0; j--) {
    const size = right[j]! + wrong[j]!;
    if (size === 0) continue;
    const share = right[j]! / size;
    let k = 1;
    for (; k <= size && answered + k <= from; k++) strict += (hits + k * share) / (answered + k);
    for (; k <= size; k++) loose += (hits + k * share) / (answered + k);
    answered += size;
    hits += right[j]!;
  }
  return { strict, loose };
}

/** @param area Σ of the accuracies among the k surest, of k = from + 1 ... n. */
function summarised({ n, totalRight }: Tally, from: number, area: number): RiskCoverage {
  const points = n - from;
  const perfect = Math.max(0, Math.min(n, totalRight) - from); // points where all answered are right
  const best = perfect + totalRight * (harmonic(n) - harmonic(Math.max(from, totalRight)));
  const auarc = area / points;
  const aurc = 1 - auarc;
  const random = 1 - totalRight / n;
  const oracle = 1 - best / points;
  const isOneSided = totalRight === 0 || totalRight === n;
  return {
    aurc,
    auarc,
    random,
    oracle,
    excess: aurc - oracle,
    prr: isOneSided ? null : (random - aurc) / (random - oracle),
  };
}

/** Σ 1/k of k = 1 ... n. Source: Euler 1735; Knuth, "The Art of Computer Programming", 1.2.7. */
function harmonic(n: number): number {
  let sum = 0;
  let k = n;
  for (; k > 0 && k < 100; k--) sum += 1 / k;
  if (k === 0) return sum;
  return Math.log(n) + 0.5772156649015329 + 1 / (2 * n) - 1 / (12 * n ** 2) + 1 / (120 * n ** 4);
}

/** A point of the risk-coverage curve. */
export interface RiskCoveragePoint {
  /** Answer where the score is at least this. */
  threshold: number;
  /** Share answered. */
  coverage: number;
  /** Share wrong among the answered. */
  risk: number;
  answered: number;
  wrong: number;
}

/**
 * The curve itself: a point for each distinct score, surest first, thinned to `most` at even steps of coverage.
 * @param most points, at least 2. Default 500.
 */
export function riskCoverageCurve(
  { values, right, wrong, n }: Tally,
  most: number = 500,
): RiskCoveragePoint[] {
  const points: RiskCoveragePoint[] = [];
  let [answered, errors, shown] = [0, 0, 0];
  for (let j = values.length - 1; j >= 0; j--) {
    const size = right[j]! + wrong[j]!;
    if (size === 0) continue;
    answered += size;
    errors += wrong[j]!;
    if (answered < n && (answered * most) / n < shown) continue;
    shown = Math.floor((answered * most) / n) + 1;
    points.push({
      threshold: values[j]!,
      coverage: answered / n,
      risk: errors / answered,
      answered,
      wrong: errors,
    });
  }
  return points;
}
