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

/** V8's and Node's words where the system, or a limit such as ulimit -v, gives no more memory. */
const NO_MEMORY = /out of memory|cannot allocate|allocation failed|ENOMEM/i;

/** What the command reports: an error of ours as it is, and so much of others as is known. */
export function known(error: unknown): unknown {
  if (SurprisalError.isInstance(error) || !NO_MEMORY.test(messageOf(error))) return error;
  return new SurprisalError({
    code: "OUT_OF_MEMORY",
    what: `There is not enough memory: ${messageOf(error)}`,
    wayOut: "End other programs, raise the limit (ulimit -v), or use a smaller model or context.",
    cause: error,
  });
}

/** Of an error that is not one of ours only what it says is known. */
export function partsOf(error: unknown): ErrorParts {
  if (!SurprisalError.isInstance(error)) return { code: "INTERNAL", what: messageOf(error) };
  const { code, what, where, wayOut } = error;
  return { code, what, where, wayOut };
}

/** For a terminal. */
export function shownError(error: unknown): string {
  return `${shownLines(messageOf(error))} [${partsOf(error).code}]`;
}

/** Lines stay lines; what else a text may do to a terminal is shown. */
export const shownLines = (text: string): string => text.split("\n").map(visible).join("\n");

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
