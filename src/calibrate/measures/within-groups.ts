/** How alike answers of one group are, and sets of answers that are as alike: for the noise floor. */
import { type Bins, binsOf } from "./bins.ts";
import type { ResampleSlots } from "./bootstrap.ts";
import type { Tally } from "./pairs.ts";

/** Bins of equal mass whose mean gap is taken out before answers are compared. */
const BINS = 5;
/** Answers of a group that each is compared with, at most: of large groups, neighbours say enough. */
const PARTNERS = 50;

/** [m] bin of each score; bins follow each other in the order of the scores. */
function binOfScores({ values, right, wrong }: Tally, { count }: Bins): Uint32Array {
  const bins = new Uint32Array(values.length);
  let [bin, left] = [0, count[0] ?? 0];
  for (let j = 0; j < values.length; j++) {
    bins[j] = bin;
    left -= right[j]! + wrong[j]!;
    if (left <= 0) left = count[++bin] ?? 0;
  }
  return bins;
}

/**
 * How alike answers of one group are: 0 = right or wrong independently, 1 = by one chance for the group, right where that is
 * below the score. `null`: no group has two answers.
 *
 * The covariance of answers within groups over what it would be at 1, Σ (y - p)(y' - p') / Σ min(p, p')(1 - max(p, p')), p the
 * score plus the mean gap of its bin: a model that is wrong about all of them does not make them alike.
 */
export function likenessWithinGroups(tally: Tally, { slots, starts }: ResampleSlots): number | null {
  if (starts === null) return null;
  const m = tally.values.length;
  const bins = binsOf(tally, { binning: "equal-mass", bins: BINS });
  const bin = binOfScores(tally, bins);
  const chance = Float64Array.from(tally.values, (score, j) => {
    const b = bin[j]!;
    return score + (bins.right[b]! - bins.claimed[b]!) / bins.count[b]!;
  });
  const within = (p: number) => Math.min(1, Math.max(0, p));
  let [found, most, pairs] = [0, 0, 0];
  for (let g = 0; g + 1 < starts.length; g++)
    for (let i = starts[g]!; i < starts[g + 1]!; i++) {
      const p = chance[slots[i]! % m]!;
      const gap = (slots[i]! >= m ? 1 : 0) - p;
      for (let k = i + 1; k < Math.min(starts[g + 1]!, i + 1 + PARTNERS); k++) {
        const other = chance[slots[k]! % m]!;
        found += gap * ((slots[k]! >= m ? 1 : 0) - other);
        most += within(Math.min(p, other)) * (1 - within(Math.max(p, other)));
        pairs++;
      }
    }
  if (pairs === 0) return null;
  return most > 0 ? within(found / most) : 0;
}

/**
 * What draws a set of answers of a calibrated model, as alike within groups as `likeness` says: each answer is right where a
 * number below 1 is below its score, the group's own number with probability sqrt(likeness), else a new one.
 * @returns a function that writes into [bins] how many of each bin are right.
 */
export function groupDrawer(
  tally: Tally,
  bins: Bins,
  { slots, starts }: ResampleSlots,
  likeness: number,
  random: () => number,
): (right: Float64Array) => void {
  const m = tally.values.length;
  const bin = binOfScores(tally, bins);
  const scores = Float64Array.from(slots, (slot) => tally.values[slot % m]!);
  const binOfAnswer = Uint32Array.from(slots, (slot) => bin[slot % m]!);
  const share = Math.sqrt(likeness);
  const ends = starts ?? new Uint32Array(0);
  return (right) => {
    right.fill(0);
    for (let g = 0; g + 1 < ends.length; g++) {
      const common = random();
      for (let i = ends[g]!; i < ends[g + 1]!; i++) {
        const drawn = random() < share ? common : random();
        if (drawn < scores[i]!) right[binOfAnswer[i]!]!++;
      }
    }
  };
}
