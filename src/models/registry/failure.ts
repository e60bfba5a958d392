/** What can go wrong between this machine and a server, and whether another attempt may mend it. */
import { errorCode, SurprisalError } from "../../core/index.ts";
import type { HttpAnswer } from "./http.ts";

/** "connected": worth another attempt only if this server has answered before (a broken line, not a wrong address). */
export type Retry = "never" | "connected" | "always";

/** DOWNLOAD_FAILED, with whether and when to try again. */
export class TransferFailure extends SurprisalError {
  readonly retry: Retry;
  /** Pause the server asked for, milliseconds. */
  readonly retryAfterMs: number;

  constructor(
    retry: Retry,
    what: string,
    where: string,
    details: { wayOut?: string | undefined; cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    const { retryAfterMs = 0, ...rest } = details;
    super({ code: "DOWNLOAD_FAILED", what, where, ...rest });
    this.retry = retry;
    this.retryAfterMs = retryAfterMs;
  }
}

const UNREACHABLE = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
]);
const TLS_FAILURE = /CERT|^ERR_TLS|^ERR_SSL|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|^EPROTO$/;

/** The failure behind an error of Node's network code. */
export function networkFailure(error: unknown, url: URL): Error {
  if (SurprisalError.isInstance(error)) return error;
  const code = errorCode(error);
  const reason = error instanceof Error && error.message ? error.message : code;
  if (TLS_FAILURE.test(code))
    return new TransferFailure("never", `No trusted connection: ${reason}`, redact(url), {
      cause: error,
      wayOut:
        "If a company's proxy inspects traffic, set NODE_EXTRA_CA_CERTS (or PIP_CERT, SSL_CERT_FILE) to the file of its certificate authority.",
    });
  if (UNREACHABLE.has(code))
    return new TransferFailure("connected", `Server not reachable: ${reason}`, redact(url), { cause: error });
  return new TransferFailure("always", `Connection lost: ${reason}`, redact(url), { cause: error });
}

/** The failure that an answer's status means. */
export function statusFailure({ status, headers }: HttpAnswer, url: URL, wayOut?: string): TransferFailure {
  const meaning: Record<number, string> = {
    401: "the server wants credentials, or others",
    403: "the server refuses access",
    404: "there is no such thing on the server",
    407: "the proxy wants credentials",
    410: "the server no longer has it",
    429: "too many requests",
  };
  const retry = status === 408 || status === 425 || status === 429 || status >= 500 ? "always" : "never";
  const seconds = Number(headers["retry-after"]);
  return new TransferFailure(
    retry,
    `HTTP ${status}: ${meaning[status] ?? "the server cannot answer"}`,
    redact(url),
    {
      ...(wayOut && { wayOut }),
      retryAfterMs: seconds > 0 ? Math.min(seconds, 60) * 1000 : 0,
    },
  );
}

/** An address as it may be printed: without credentials and without a signed query. */
export function redact(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

export function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
