/** How well scores order what was right before what was wrong, whatever their scale. */
import type { Tally } from "./pairs.ts";

/**
 * Area under the ROC curve: the chance that a right one has a higher score than a wrong one, ties counting half. 1/2 = no
 * order, 1 = perfect. `null` where all were right, or all wrong.
 * Source: Hanley & McNeil 1982; scikit-learn's `roc_auc_score`.
 */
export function auroc({ values, right, wrong, n, totalRight }: Tally): number | null {
  const totalWrong = n - totalRight;
  if (totalRight === 0 || totalWrong === 0) return null;
  let [below, sum] = [0, 0];
  for (let j = 0; j < values.length; j++) {
    sum += right[j]! * (below + wrong[j]! / 2);
    below += wrong[j]!;
  }
  return sum / totalRight / totalWrong;
}

/**
 * Area under the precision-recall curve as average precision, Σ (R_k - R_(k-1)) P_k, by steps and without interpolation. By
 * chance it is the share of the class. `null` where the class has no pair.
 * Source: scikit-learn's `average_precision_score`.
 * @param of "right": finding right ones by high scores; "wrong": finding wrong ones by low scores.
 */
export function averagePrecision(tally: Tally, of: "right" | "wrong" = "right"): number | null {
  const { n, totalRight, values } = tally;
  const wanted = of === "right" ? totalRight : n - totalRight;
  if (wanted === 0) return null;
  const [hits, others] = of === "right" ? [tally.right, tally.wrong] : [tally.wrong, tally.right];
  let [found, taken, sum] = [0, 0, 0];
  const m = values.length;
  for (let i = 0; i < m; i++) {
    const j = of === "right" ? m - 1 - i : i;
    if (hits[j]! + others[j]! === 0) continue;
    found += hits[j]!;
    taken += hits[j]! + others[j]!;
    sum += (hits[j]! * found) / taken;
  }
  return sum / wanted;
}
