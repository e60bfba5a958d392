/** Routing by chance with the same mix: decisions shuffled among prompts. Internal to this folder. */
import { seededRandom } from "../../core/index.ts";

/**
 * Chance that shuffled decisions would be at least as good: the same decisions are dealt out anew among groups of the same size, a group's together, and
 * the share of deals whose sum is not above the router's is counted, the router's own among them. What is shuffled has exactly the router's mix.
 * Source: Phipson & Smyth 2010, "Permutation P-values Should Never Be Zero".
 * @param choices [n] number of the path that each prompt goes.
 * @param losses [paths][n] finite; what is summed, less is better.
 * @param groups [n] number of each prompt's group, from 0.
 * @returns `null` = every deal is the same: groups of one size all chose alike, or no two have the same size.
 */
export function shuffledPValue(
  choices: Int32Array,
  losses: readonly Float64Array[],
  groups: Int32Array,
  { shuffles = 10_000, seed = 0 }: { shuffles?: number | undefined; seed?: number | undefined } = {},
): number | null {
  const strata = bySize(groups);
  if (!strata.some((lists) => differ(lists, choices))) return null;
  const sumOf = (from: readonly (readonly number[][])[]): number => {
    let sum = 0;
    for (const [s, lists] of strata.entries())
      for (const [k, list] of lists.entries())
        for (const [m, i] of list.entries()) sum += losses[choices[from[s]![k]![m]!]!]![i]!;
    return sum;
  };
  const own = sumOf(strata);
  const room = 1e-9 * Math.max(1, Math.abs(own)); // the same sum in another order
  const random = seededRandom(seed);
  const dealt = strata.map((lists) => [...lists]);
  let asGood = 1;
  for (let round = 0; round < shuffles; round++) {
    for (const lists of dealt)
      for (let i = lists.length - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [lists[i], lists[j]] = [lists[j]!, lists[i]!];
      }
    if (sumOf(dealt) <= own + room) asGood++;
  }
  return asGood / (shuffles + 1);
}

/** [sizes][groups][members] prompts of groups, those of one size together: between these decisions may change places. */
function bySize(groups: Int32Array): number[][][] {
  const members = new Map<number, number[]>();
  for (const [i, group] of groups.entries()) {
    const list = members.get(group);
    if (list) list.push(i);
    else members.set(group, [i]);
  }
  const sizes = new Map<number, number[][]>();
  for (const list of members.values()) {
    const alike = sizes.get(list.length);
    if (alike) alike.push(list);
    else sizes.set(list.length, [list]);
  }
  return [...sizes.values()];
}

const differ = (lists: readonly (readonly number[])[], choices: Int32Array): boolean =>
  lists.some((list) => list.some((i, at) => choices[i] !== choices[lists[0]![at]!]));

/** How many prompts stay where they are in every deal, since no other group has as many as theirs. */
export function unmoved(groups: Int32Array): number {
  return bySize(groups).reduce((sum, lists) => sum + (lists.length === 1 ? lists[0]!.length : 0), 0);
}
