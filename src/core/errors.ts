/**
 * The one error type of the project.
 *
 * Every error says what was wrong, where, and the way out, and carries a stable `code`. All codes are listed,
 * with their cause and remedy, in docs/errors.md; a test keeps that list complete.
 */

/** Every code an error of this project can carry. docs/errors.md explains each one. */
export const ERROR_CODES = [
  // Numbers (core/)
  "INVALID_ARGUMENT",
  "NOTHING_TO_SCORE",
  "CONTEXT_EXCEEDED",
  "UNKNOWN_RECIPE",
  // Texts
  "EMPTY_INPUT",
  "INVALID_UTF8",
  "BINARY_INPUT",
  "TOO_FEW_TOKENS",
  "FILE_NOT_FOUND",
  "FILE_UNREADABLE",
  "FILE_UNWRITABLE",
  // Corpora
  "CORPUS_MALFORMED",
  "CORPUS_CHANGED",
  "CORPUS_UNAVAILABLE",
  "DOCUMENT_TOO_LARGE",
  "TASK_INVALID",
  "PACKAGE_MISSING",
  // Runs
  "RUN_NOT_FOUND",
  "RUN_EXISTS",
  "RUN_LOCKED",
  "RUN_DAMAGED",
  "RUN_MISMATCH",
  // Queues
  "QUEUE_UNREACHABLE",
  "QUEUE_NO_WORKER",
  "QUEUE_SHARD_LOST",
  "QUEUE_DAMAGED",
  "MODEL_FAILED",
  // Calibration
  "CALIBRATION_TOO_SMALL",
  "CALIBRATION_INVALID",
  "CALIBRATION_MISMATCH",
  "ROUTER_INVALID",
  "DETECTOR_INVALID",
  // Training curves
  "LOG_MALFORMED",
  // Packed files
  "PACKED_DAMAGED",
  "PACKED_UNSUPPORTED",
  "ENVIRONMENT_DIFFERS",
  // Model files
  "GGUF_NOT_GGUF",
  "GGUF_VERSION",
  "GGUF_TRUNCATED",
  "GGUF_INVALID",
  "GGUF_UNSUPPORTED",
  "MODEL_LOAD_FAILED",
  "MODEL_CHANGED",
  "OUT_OF_MEMORY",
  "QUANTIZE_REFUSED",
  "CONVERSION_FAILED",
  // Getting a model
  "UNKNOWN_MODEL",
  "MODEL_UNAVAILABLE",
  "DOWNLOAD_FAILED",
  "CHECKSUM_MISMATCH",
  "UNSAFE_NAME",
  "TERMS_NOT_ACCEPTED",
  "CACHE_LOCKED",
  "DISK_FULL",
  // Servers
  "SERVER_UNREACHABLE",
  "SERVER_ERROR",
  "UNAUTHORIZED",
  "RATE_LIMITED",
  "WIRE_MALFORMED",
  "STREAM_CUT",
  "ANSWER_TOO_LONG",
  "REDIRECT_REFUSED",
  // Engine
  "ENGINE_UNAVAILABLE",
  "ENGINE_VERSION",
  "ENGINE_LAYOUT",
  "ENGINE_FAILED",
  "TOO_MANY_SEQUENCES",
  "TOO_MANY_CALLS",
  "KERNELS_UNAVAILABLE",
  "KERNELS_LOADED",
  "SELF_TEST_FAILED",
  "DEVICE_UNAVAILABLE",
  "UNSUPPORTED_CAPABILITY",
  "MODEL_DISPOSED",
  "ABORTED",
  // Command line
  "USAGE",
  "CONFIG_INVALID",
  "INTERNAL",
] as const;

/** One of ERROR_CODES: stable from version to version, explained in docs/errors.md. */
export type ErrorCode = (typeof ERROR_CODES)[number];

const MARKER = Symbol.for("surprisal.error");

/** What a SurprisalError is made of. */
export interface SurprisalErrorOptions {
  /** Stable, documented in docs/errors.md. */
  code: ErrorCode;
  /** What was wrong, one sentence, without the way out. */
  what: string;
  /** Where: a file, an option, a field, a byte offset. */
  where?: string | undefined;
  /** The way out: what the person can do now. */
  wayOut?: string | undefined;
  cause?: unknown;
}

/** An error with a code, what was wrong, where, and the way out. `message` holds all of it, ready to print. */
export class SurprisalError extends Error {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: string | undefined;
  readonly wayOut: string | undefined;

  constructor({ code, what, where, wayOut, cause }: SurprisalErrorOptions) {
    super(
      [where ? `${what} (${where})` : what, wayOut].filter(Boolean).join("\n"),
      cause === undefined ? {} : { cause },
    );
    this.name = "SurprisalError";
    this.code = code;
    this.what = what;
    this.where = where;
    this.wayOut = wayOut;
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** The same error with the place where it happened, for a caller that knows it. */
  at(where: string): SurprisalError {
    const { code, what, wayOut, cause } = this;
    return new SurprisalError({ code, what, where, wayOut, cause });
  }

  /** True for any SurprisalError, also one from another copy of this package. */
  static isInstance(error: unknown): error is SurprisalError {
    return error instanceof Error && (error as { [MARKER]?: boolean | undefined })[MARKER] === true;
  }
}

/** An INVALID_ARGUMENT error: what is wrong, which argument, what is allowed. */
export function invalidArgument(
  what: string,
  where?: string,
  wayOut?: string,
  cause?: unknown,
): SurprisalError {
  return new SurprisalError({ code: "INVALID_ARGUMENT", what, where, wayOut, cause });
}

/** The error that an aborted operation rejects with. */
export function abortError(what: string, signal?: AbortSignal): SurprisalError {
  return new SurprisalError({ code: "ABORTED", what: `${what} was aborted`, cause: signal?.reason });
}

/** The code that the system or a library gave an error, such as "ENOENT"; "" = none. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}
