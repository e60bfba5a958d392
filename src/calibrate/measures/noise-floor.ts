/** What calibration error chance alone makes: that of a perfectly calibrated model with these confidences. */
import { quantileOf, seededRandom } from "../../core/index.ts";
import { drawNormal, drawPoisson } from "../special.ts";
import { type Bins, binsOf } from "./bins.ts";
import { type ResampleSlots, resampleSlots } from "./bootstrap.ts";
import { type CalibrationErrorOptions, errorOfBins } from "./calibration-error.ts";
import { requireCount, requireShare } from "./checks.ts";
import type { Pairs, Tally } from "./pairs.ts";
import { groupDrawer, likenessWithinGroups } from "./within-groups.ts";

/** Options of `noiseFloor`. */
export interface NoiseFloorOptions extends CalibrationErrorOptions {
  /** Sets of answers drawn, at least 20. Default 1000. */
  simulations?: number | undefined;
  /** The same seed gives the same result everywhere. Default 0. */
  seed?: number | undefined;
  /** Coverage of [low, high], strictly between 0 and 1. Default 0.95. */
  level?: number | undefined;
  /** The pairs that the tally counts: their groups make the floor higher. Default: all are independent. */
  pairs?: Pairs | undefined;
}

/** The calibration error that noise makes. */
export interface NoiseFloor {
  /** Mean over the simulations. */
  mean: number;
  median: number;
  /** Quantiles (1 - level)/2 and (1 + level)/2 of the simulations. */
  low: number;
  high: number;
  level: number;
  /** The error that was found. */
  observed: number;
  /** `observed` <= `high`: no larger than noise explains. */
  inside: boolean;
  /** (1 + simulations with at least the observed error) / (1 + simulations): small = miscalibrated. */
  pValue: number;
  simulations: number;
  /**
   * How alike answers of one group were found to be, and were drawn: 0 = independent, 1 = by one chance for the group. `null`: no
   * group has two answers.
   */
  withinGroups?: number | null;
}

/** Bins of more pairs than this are drawn from their sum's approximate distribution. */
const MOST_DRAWN_SINGLY = 2000;
/** Answers of groups that are drawn in all, about; of more than this over the simulations, fewer simulations are made. */
const MOST_DRAWN_IN_GROUPS = 3e8;
const FEWEST_SIMULATIONS = 200;
/** Groups that add less than this share to the variance of a bin are drawn as if independent. */
const NEGLIGIBLE = 0.01;
/** A sum of answers with at least this variance is drawn from the normal distribution, else from Poisson's. */
const NORMAL_FROM = 100;

/**
 * The calibration error of a model whose confidences are exactly right: every answer is drawn right with its own confidence,
 * the error computed with the same bins, again and again. An observed error within [low, high] says nothing against the model.
 *
 * Answers are drawn independently, those of one group as alike as they are found to be (see `likenessWithinGroups`): where
 * paraphrases are right or wrong together, there are fewer answers than it seems, and more noise. Of very many answers in
 * groups fewer sets are drawn, 200 at least.
 *
 * In a bin of more than 2,000 pairs the number of right ones is drawn as a whole: from the normal distribution of the same
 * mean and variance, or, where the variance is below 100, from Poisson distributions of the unlikely ones (Le Cam 1960: off
 * by less than Σ p²).
 * @throws SurprisalError INVALID_ARGUMENT for options out of their range.
 */
export function noiseFloor(tally: Tally, options: NoiseFloorOptions = {}): NoiseFloor {
  const { simulations: most = 1000, seed = 0, level = 0.95, norm, pairs } = options;
  requireCount(most, "simulations", 20);
  requireShare(level, "level");
  const bins = binsOf(tally, options);
  const observed = errorOfBins(bins, norm);
  const random = seededRandom(seed);
  const slots = pairs?.groups === undefined ? null : resampleSlots(pairs, tally);
  const withinGroups = slots && likenessWithinGroups(tally, slots);
  const inGroups =
    slots !== null && withinGroups !== null && withinGroups * (largestGroup(slots) - 1) > NEGLIGIBLE;
  const simulations = inGroups
    ? Math.min(most, Math.max(FEWEST_SIMULATIONS, Math.floor(MOST_DRAWN_IN_GROUPS / tally.n)))
    : most;
  const draw = inGroups
    ? groupDrawer(tally, bins, slots, withinGroups, random)
    : drawerOf(tally, bins, random);
  const errors = new Float64Array(simulations);
  const right = new Float64Array(bins.count.length);
  let atLeast = 0;
  for (let s = 0; s < simulations; s++) {
    draw(right);
    errors[s] = errorOfBins({ ...bins, right }, norm);
    if (errors[s]! >= observed - 1e-12) atLeast++;
  }
  errors.sort();
  const high = quantileOf(errors, (1 + level) / 2);
  return {
    mean: errors.reduce((sum, error) => sum + error, 0) / simulations,
    median: quantileOf(errors, 0.5),
    low: quantileOf(errors, (1 - level) / 2),
    high,
    level,
    observed,
    inside: observed <= high,
    pValue: (1 + atLeast) / (1 + simulations),
    simulations,
    withinGroups,
  };
}

function largestGroup({ starts }: ResampleSlots): number {
  let most = 1;
  for (let g = 1; g < (starts?.length ?? 0); g++) most = Math.max(most, starts![g]! - starts![g - 1]!);
  return most;
}

/** What draws answers that are independent: how many of each bin are right. */
function drawerOf(tally: Tally, bins: Bins, random: () => number): (right: Float64Array) => void {
  const draws = drawersOf(tally, bins, random);
  return (right) => {
    for (let b = 0; b < right.length; b++) right[b] = draws[b]!();
  };
}

/** For each bin, what draws how many of its pairs are right. The bins follow each other in the order of the scores. */
function drawersOf({ values, right, wrong }: Tally, { count }: Bins, random: () => number): (() => number)[] {
  let j = 0;
  return Array.from(count, (size) => {
    const start = j;
    let [mean, variance, rareRight, rareWrong, sure] = [0, 0, 0, 0, 0];
    for (let left = size; left > 0; j++) {
      const pairs = right[j]! + wrong[j]!;
      const p = values[j]!;
      left -= pairs;
      mean += pairs * p;
      variance += pairs * p * (1 - p);
      if (p < 0.5) rareRight += pairs * p;
      else {
        rareWrong += pairs * (1 - p);
        sure += pairs;
      }
    }
    const end = j;
    if (size <= MOST_DRAWN_SINGLY)
      return () => {
        let hits = 0;
        for (let cell = start; cell < end; cell++)
          for (let pair = right[cell]! + wrong[cell]!; pair > 0; pair--) if (random() < values[cell]!) hits++;
        return hits;
      };
    const within = (hits: number) => Math.min(size, Math.max(0, Math.round(hits)));
    if (variance >= NORMAL_FROM) {
      const deviation = Math.sqrt(variance);
      return () => within(mean + deviation * drawNormal(random));
    }
    return () => within(drawPoisson(rareRight, random) + sure - drawPoisson(rareWrong, random));
  });
}
