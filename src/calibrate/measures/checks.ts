/** Checking options. Internal to this room. */
import { invalidArgument } from "../../core/index.ts";

/** Throws unless `value` is strictly between 0 and 1. */
export function requireShare(value: number, where: string): void {
  if (!(value > 0 && value < 1))
    throw invalidArgument(`${value} is not between 0 and 1`, where, "Give a number such as 0.95 or 0.05.");
}

/** Throws unless `value` is an integer of at least `least`. */
export function requireCount(value: number, where: string, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least))
    throw invalidArgument(`${value} is not allowed here`, where, `Give an integer of at least ${least}.`);
}
