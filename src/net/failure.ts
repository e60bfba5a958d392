/** What can go wrong on the way to a server and back, before anybody says what it means for a person. */
import { errorCode } from "../core/index.ts";

/**
 * "unreachable": no connection, or no answer on it; "untrusted": no certificate that is believed; "proxy": a proxy that
 * cannot be used, or refuses; "lost": a connection that broke or fell silent; "request": one that cannot be sent as it is;
 * "redirect": one that is not followed; "encoding": bytes that cannot be decoded; "size": more of them than are read.
 */
export type Mishap =
  | "unreachable"
  | "untrusted"
  | "proxy"
  | "lost"
  | "request"
  | "redirect"
  | "encoding"
  | "size";

export class NetworkFailure extends Error {
  readonly mishap: Mishap;
  /** The address it happened at, which may be one that was redirected to. */
  readonly url: URL;
  /** The proxy on the way there, or `null`. */
  readonly proxy: URL | null;

  constructor(
    mishap: Mishap,
    reason: string,
    url: URL,
    { proxy = null, cause }: { proxy?: URL | null; cause?: unknown } = {},
  ) {
    super(reason, { cause });
    this.name = "NetworkFailure";
    this.mishap = mishap;
    this.url = url;
    this.proxy = proxy;
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
const UNTRUSTED = /CERT|^ERR_TLS|^ERR_SSL|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|^EPROTO$/;
/** Undici's words for a proxy's refusal, with the status: of a tunnel, and of a request that was to be forwarded. */
const REFUSED_BY_PROXY = /^Proxy response \((\d+)\)|^Proxy Authentication Required \((407)\)/;

/** What an error of Node's network code or of undici's is. */
export function networkFailure(
  error: unknown,
  { url, proxy, connectMs }: { url: URL; proxy: URL | null; connectMs: number },
): NetworkFailure {
  if (error instanceof NetworkFailure) return error;
  const code = errorCode(error);
  const reason = reasonOf(error);
  const [, tunnel, forward] = REFUSED_BY_PROXY.exec(reason) ?? [];
  const failure = (mishap: Mishap, words = reason) =>
    new NetworkFailure(mishap, words, url, { proxy, cause: error });
  if (tunnel ?? forward)
    return failure("proxy", `The proxy refused the connection with HTTP ${tunnel ?? forward}`);
  if (code === "UND_ERR_INVALID_ARG") return failure("request", `The request cannot be sent: ${reason}`);
  if (code === "UND_ERR_PRX_TLS") return failure("untrusted", reasonOf((error as Error).cause));
  if (code === "UND_ERR_CONNECT_TIMEOUT")
    return failure("unreachable", `no connection within ${connectMs / 1000} s`);
  // Only to a proxy: what waits for a server has limits of our own.
  if (code === "UND_ERR_HEADERS_TIMEOUT")
    return failure("unreachable", `the proxy did not connect within ${connectMs / 1000} s`);
  if (UNTRUSTED.test(code)) return failure("untrusted");
  return failure(UNREACHABLE.has(code) ? "unreachable" : "lost");
}

/** Several failed addresses of one name come as an error without a message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reasonOf).join("; ");
  return error instanceof Error && error.message ? error.message : errorCode(error) || String(error);
}

/** An address as it may be printed: without credentials and without a signed query. */
export function redact(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
