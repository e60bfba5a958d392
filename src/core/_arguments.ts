/** Checking arguments. Internal to this room. */
import { invalidArgument } from "./errors.ts";

/** A value as an error quotes it. What a program gives is not always JSON: it may even hold itself. */
export function quoted(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 40);
  } catch {
    return String(value);
  }
}

/** Throws unless `value` is an integer in [least, most]. */
export function requireInteger(value: number, where: string, least: number, most: number = Infinity): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const allowed = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw invalidArgument(`${value} is not allowed here`, where, `Give an integer ${allowed}.`);
}
