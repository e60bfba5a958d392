/** What can go wrong between this machine and a server, and whether another attempt may mend it. */
import { SurprisalError } from "../../core/index.ts";
import { type HttpAnswer, type Mishap, NetworkFailure, redact } from "../../net/index.ts";

/** "connected": worth another attempt only if this server has answered before (a broken line, not a wrong address). */
export type Retry = "never" | "connected" | "always";

/** Where nothing better is known. */
export const OTHER_WAYS =
  "Try again later, name a mirror (PIP_INDEX_URL, HF_ENDPOINT), or give the path of a file that you have.";

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
    const { retryAfterMs = 0, wayOut = OTHER_WAYS, ...rest } = details;
    super({ code: "DOWNLOAD_FAILED", what, where, wayOut, ...rest });
    this.retry = retry;
    this.retryAfterMs = retryAfterMs;
  }
}

const RETRY: Readonly<Partial<Record<Mishap, Retry>>> = { unreachable: "connected", lost: "always" };
const WORDS: Readonly<Partial<Record<Mishap, string>>> = {
  untrusted: "No trusted connection: ",
  unreachable: "Server not reachable: ",
  lost: "Connection lost: ",
};
const WAY_OUT: Readonly<Partial<Record<Mishap, string>>> = {
  proxy: "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; NO_PROXY names the hosts that are reached without.",
  untrusted:
    "If a company's proxy inspects traffic, set NODE_EXTRA_CA_CERTS (or PIP_CERT, SSL_CERT_FILE) to the file of its certificate authority.",
};

/** What a NetworkFailure means for a download; anything else is as it was. */
export function transferFailure(error: unknown): unknown {
  if (!(error instanceof NetworkFailure)) return error;
  const { mishap, message, url, proxy } = error;
  const where = mishap === "proxy" && proxy ? `${proxy.host} to ${url.host}` : redact(url);
  return new TransferFailure(RETRY[mishap] ?? "never", `${WORDS[mishap] ?? ""}${message}`, where, {
    cause: error.cause ?? error,
    wayOut: WAY_OUT[mishap],
  });
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
      wayOut,
      retryAfterMs: seconds > 0 ? Math.min(seconds, 60) * 1000 : 0,
    },
  );
}
