/** Folds that tear no group apart, and what a calibrator does on pairs that it was not fitted to. */
import { invalidArgument, seededRandom } from "../../core/index.ts";
import { type Pairs, requireCount } from "../measures/index.ts";
import { applyCalibrator, type Calibrator } from "./calibrator.ts";

/**
 * Shares n items out among folds so that all of a group fall into one: paraphrases of a question never stand on both sides. The
 * groups are shuffled, the largest come first, each goes to the fold with the fewest items.
 * @param groups [n] of each item.
 * @param options.folds 2 ... number of groups. Default 5.
 * @param options.seed the same seed gives the same folds everywhere. Default 0.
 * @returns [n] number of each item's fold, from 0.
 * @throws SurprisalError INVALID_ARGUMENT for fewer groups than folds.
 */
export function groupFolds(
  groups: ArrayLike<string | number>,
  { folds = 5, seed = 0 }: { folds?: number | undefined; seed?: number | undefined } = {},
): Int32Array {
  requireCount(folds, "folds", 2);
  const members = new Map<string | number, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const list = members.get(groups[i]!);
    if (list) list.push(i);
    else members.set(groups[i]!, [i]);
  }
  requireGroups(members.size, folds);
  const lists = [...members.values()];
  shuffle(lists, seededRandom(seed));
  lists.sort((a, b) => b.length - a.length); // stable: shuffled among equals
  const sizes = new Float64Array(folds);
  const fold = new Int32Array(groups.length);
  for (const list of lists) {
    const least = sizes.indexOf(Math.min(...sizes));
    sizes[least]! += list.length;
    for (const i of list) fold[i] = least;
  }
  return fold;
}

/**
 * The same where each item is a group of its own.
 * @param n items.
 */
export function singleFolds(
  n: number,
  { folds = 5, seed = 0 }: { folds?: number | undefined; seed?: number | undefined } = {},
): Int32Array {
  requireCount(folds, "folds", 2);
  requireGroups(n, folds);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  shuffle(order, seededRandom(seed));
  const fold = new Int32Array(n);
  for (let i = 0; i < n; i++) fold[order[i]!] = i % folds;
  return fold;
}

function requireGroups(groups: number, folds: number): void {
  if (groups < folds)
    throw invalidArgument(
      `${groups} groups do not make ${folds} folds`,
      "folds",
      `Give ${folds - groups} more groups, or fewer folds.`,
    );
}

function shuffle<T>(list: { length: number; [i: number]: T }, random: () => number): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
}

/**
 * Calibrates each pair by a calibrator fitted to the other folds: what to expect of new questions.
 * @param fitter such as `fitPlatt`.
 * @returns the same pairs with calibrated scores; missing scores stay missing.
 * @throws SurprisalError as `groupFolds` and `fitter`.
 */
export function crossCalibrated(
  pairs: Pairs,
  fitter: (pairs: Pairs) => Calibrator,
  options: { folds?: number | undefined; seed?: number | undefined } = {},
): Pairs {
  const n = pairs.scores.length;
  const folds = pairs.groups ? groupFolds(pairs.groups, options) : singleFolds(n, options);
  const scores: (number | null)[] = Array.from(pairs.scores);
  for (let fold = 0; fold < (options.folds ?? 5); fold++) {
    const others = Array.from(folds.keys()).filter((i) => folds[i] !== fold);
    const calibrator = fitter({
      scores: others.map((i) => pairs.scores[i]!),
      correct: others.map((i) => pairs.correct[i]!),
    });
    for (const i of folds.keys()) {
      const score = pairs.scores[i];
      if (folds[i] === fold && typeof score === "number") scores[i] = applyCalibrator(calibrator, score);
    }
  }
  return { ...pairs, scores };
}
