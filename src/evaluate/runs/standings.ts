/** Which model is the best over some texts, and which ones cannot be told from it. */
import { type PairedUnits, pairedDifference } from "./paired-units.ts";

/**
 * "best": needs fewer bits per byte than every other model, by the paired difference: its 95 % interval does not reach 0.
 * "tied": one of those that cannot be told apart from the one with the fewest bits. "behind": needs more than that one.
 */
export type Standing = "best" | "tied" | "behind";

/** A model over a corpus. */
export interface Contender {
  corpusSha256: string;
  bitsPerByte: number | null;
  units: PairedUnits | null | undefined;
}

/**
 * How models stand that scored the same texts.
 * @returns in the order of the contenders; `null` for one without a number, for one alone, and for all where the texts are
 *   not the same or the numbers are not kept part by part (a run of an older version).
 */
export function standings(contenders: readonly Contender[]): (Standing | null)[] {
  const known = contenders.filter(({ bitsPerByte }) => bitsPerByte !== null);
  const none = contenders.map(() => null);
  if (known.length < 2 || known.some(({ corpusSha256 }) => corpusSha256 !== known[0]!.corpusSha256))
    return none;
  if (known.some(({ units }) => !units)) return none;
  const leader = known.reduce((least, one) => (one.bitsPerByte! < least.bitsPerByte! ? one : least));
  const isBehind = (one: Contender): boolean => {
    if (one === leader) return false;
    if (one.bitsPerByte === Infinity && leader.bitsPerByte! < Infinity) return true;
    const paired = pairedDifference(leader.units!, one.units!);
    return paired !== null && paired.low > 0;
  };
  const alone = known.every((one) => one === leader || isBehind(one));
  return contenders.map((one) => {
    if (one.bitsPerByte === null) return null;
    if (isBehind(one)) return "behind";
    return alone ? "best" : "tied";
  });
}

/** The same of many, group by group, in the order they come. */
export function standingsByGroup<Item extends Contender>(
  items: readonly Item[],
  groupOf: (item: Item) => string,
): (Standing | null)[] {
  const groups = new Map<string, number[]>();
  for (const [i, item] of items.entries()) {
    const group = groupOf(item);
    groups.set(group, [...(groups.get(group) ?? []), i]);
  }
  const found = new Array<Standing | null>(items.length).fill(null);
  for (const indices of groups.values())
    for (const [j, standing] of standings(indices.map((i) => items[i]!)).entries())
      found[indices[j]!] = standing;
  return found;
}
