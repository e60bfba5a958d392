/** What goes wrong, for the one who called the command: in words, in parts, and as an exit code. */
import { type ErrorCode, SurprisalError } from "../core/index.ts";
import { formatCount, formatPlural, visible } from "../text/index.ts";

export function usage(what: string, where?: string): SurprisalError {
  return new SurprisalError({ code: "USAGE", what, where, wayOut: "See --help." });
}

/** Codes of errors that lie in how the command was called. */
const USAGE_CODES: readonly string[] = [
  "USAGE",
  "CONFIG_INVALID",
  "INVALID_ARGUMENT",
  "UNKNOWN_RECIPE",
  "UNKNOWN_MODEL",
];

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

/** Codes of what lies in a line that was given, whatever model reads it. */
const LINE_CODES: readonly string[] = ["INVALID_ARGUMENT", "EMPTY_INPUT", "CORPUS_MALFORMED"];

/** What came of many lines, of which some failed. */
interface SomeFailed {
  /** At least one, with its place; the first is told of. */
  failures: readonly { error: unknown; where: string }[];
  /** Lines that were worked on, those that failed among them. */
  done: number;
  /** What a line is to the command: "answer". */
  noun: string;
  /** Where the first error knows no way out. */
  wayOut: string;
  /** What a way out is to be followed by. */
  next?: string | undefined;
}

/**
 * That some of many failed: CORPUS_MALFORMED where all of them are lines that could not be read, MODEL_FAILED where a model did
 * not do what it was asked.
 */
export function someFailed({ failures, done, noun, wayOut, next }: SomeFailed): SurprisalError {
  const [first] = failures;
  const said = partsOf(first?.error);
  const isOfLines = failures.every(({ error }) => LINE_CODES.includes(partsOf(error).code));
  return new SurprisalError({
    code: isOfLines ? "CORPUS_MALFORMED" : "MODEL_FAILED",
    what: `${formatCount(failures.length)} of ${formatPlural(done, noun)} failed; the first with ${said.code}: ${said.what}`,
    where: first?.where,
    wayOut: `${said.wayOut ?? wayOut}${next === undefined ? "" : ` ${next}`}`,
    cause: first?.error,
  });
}

/** What is said where rows are kept. */
export const triesAgain = (out: string | undefined): string | undefined =>
  out === undefined ? undefined : "--resume tries what failed again.";

/** For a terminal. */
export function shownError(error: unknown): string {
  return `${shownLines(messageOf(error))} [${partsOf(error).code}]`;
}

/** Lines stay lines; what else a text may do to a terminal is shown. */
export const shownLines = (text: string): string => text.split("\n").map(visible).join("\n");

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
