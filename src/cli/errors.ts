/** What goes wrong, for the one who called the command: in words, in parts, and as an exit code. */
import { type ErrorCode, SurprisalError } from "../core/index.ts";
import { visible } from "../text/index.ts";

export function usage(what: string, where?: string): SurprisalError {
  return new SurprisalError({ code: "USAGE", what, where, wayOut: "See --help." });
}

/** Codes of errors that lie in how the command was called. */
const USAGE_CODES: readonly string[] = ["USAGE", "INVALID_ARGUMENT", "UNKNOWN_RECIPE", "UNKNOWN_MODEL"];

/** 2: wrong usage; 1: anything else that failed. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return SurprisalError.isInstance(error) && USAGE_CODES.includes(error.code) ? 2 : 1;
}

interface ErrorParts {
  code: ErrorCode | "INTERNAL";
  what: string;
  where?: string | undefined;
  wayOut?: string | undefined;
}

/** Of an error that is not one of ours only what it says is known. */
export function partsOf(error: unknown): ErrorParts {
  if (!SurprisalError.isInstance(error)) return { code: "INTERNAL", what: messageOf(error) };
  const { code, what, where, wayOut } = error;
  return { code, what, where, wayOut };
}

/** For a terminal. */
export function shownError(error: unknown): string {
  return `${messageOf(error).split("\n").map(visible).join("\n")} [${partsOf(error).code}]`;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
