/** Checking options. Internal to this room. */
import { invalidArgument } from "../../core/index.ts";

/** Throws unless `value` is strictly between 0 and 1. */
export function requireShare(value: number, where: string): void {
  if (!(value > 0 && value < 1))
    throw invalidArgument(`${value} is not between 0 and 1`, where, "Give a number such as 0.95 or 0.05.");
}

/** Throws where two answers are of one group: promises are about answers that do not depend on each other. */
export function requireSingles(groups: ArrayLike<string | number> | undefined): void {
  const seen = new Set<string | number>();
  for (let i = 0; i < (groups?.length ?? 0); i++) {
    const group = groups![i]!;
    if (seen.has(group))
      throw invalidArgument(
        `Two answers are of the group ${String(group)}, and depend on each other`,
        `groups[${i}]`,
        "Give one answer of each group: what is promised holds for answers that are drawn one by one.",
      );
    seen.add(group);
  }
}

/** Throws unless `value` is an integer of at least `least`. */
export function requireCount(value: number, where: string, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least))
    throw invalidArgument(`${value} is not allowed here`, where, `Give an integer of at least ${least}.`);
}
