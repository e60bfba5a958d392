/** Checking arguments. Internal to this room. */
import { SurprisalError } from "./errors.ts";

/** An INVALID_ARGUMENT error: what is wrong, which argument, what is allowed. */
export function invalidArgument(what: string, where: string, wayOut: string): SurprisalError {
  return new SurprisalError({ code: "INVALID_ARGUMENT", what, where, wayOut });
}

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
