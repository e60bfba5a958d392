/** Wrong usage of the command, and what exit code an error ends it with. */
import { SurprisalError } from "../core/index.ts";

export function usage(what: string, where?: string): SurprisalError {
  return new SurprisalError({ code: "USAGE", what, where, wayOut: "See --help." });
}

/** Codes of errors that lie in how the command was called. */
const USAGE_CODES: readonly string[] = ["USAGE", "INVALID_ARGUMENT", "UNKNOWN_RECIPE", "UNKNOWN_MODEL"];

/** 2: wrong usage; 1: anything else that failed. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return SurprisalError.isInstance(error) && USAGE_CODES.includes(error.code) ? 2 : 1;
}
