/**
 * HTTP as the downloads need it: credentials bound to one origin, redirects, a company's certificates and proxy,
 * and time limits on silence instead of on the whole transfer. (Node's fetch offers neither certificates nor, on
 * Node 20, a proxy.)
 */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { request as httpsRequest } from "node:https";
import type { SecureContext } from "node:tls";
import { abortError } from "../../core/index.ts";
import { trustedAuthorities } from "./certificates.ts";
import { codedError, networkFailure, redact, TransferFailure } from "./failure.ts";
import { bareHost, proxyCredentials, proxyFor, tunnel } from "./proxy.ts";
import type { Settings } from "./settings.ts";

/** An Authorization header and the only origin that may see it. */
export interface Authorization {
  origin: string;
  value: string;
}

export interface HttpRequest {
  method?: "GET" | "HEAD" | undefined;
  headers?: Record<string, string> | undefined;
  authorization?: Authorization | undefined;
  /** Follow redirects to other origins. Default true; false answers with the redirect itself. */
  followAbroad?: boolean | undefined;
}

export interface HttpAnswer {
  status: number;
  /** Address after redirects. */
  url: URL;
  headers: IncomingHttpHeaders;
  /** Must be read to the end or destroyed. */
  body: IncomingMessage;
}

const MOST_REDIRECTS = 10;

export class HttpClient {
  readonly #settings: Settings;
  readonly #secureContext: SecureContext | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#secureContext = trustedAuthorities(settings.environment);
  }

  /** @throws TransferFailure when no answer arrives; an answer of any status is returned. */
  async request(address: URL, options: HttpRequest = {}): Promise<HttpAnswer> {
    let url = address;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const body = await this.#send(url, options);
      const answer = { status: body.statusCode ?? 0, url, headers: body.headers, body };
      const target = redirectTarget(answer);
      if (!target || (options.followAbroad === false && target.origin !== url.origin)) return answer;
      body.destroy();
      if (url.protocol === "https:" && target.protocol !== "https:")
        throw new TransferFailure(
          "never",
          `${redact(url)} redirects to an unencrypted address`,
          redact(target),
        );
      url = target;
    }
    throw new TransferFailure("never", `More than ${MOST_REDIRECTS} redirects`, redact(address));
  }

  /** The whole body of a small answer. */
  async bytes(answer: HttpAnswer): Promise<Buffer> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of answer.body) chunks.push(chunk as Buffer);
    } catch (error) {
      throw this.failure(error, answer.url);
    }
    return Buffer.concat(chunks);
  }

  /** What went wrong while a body was read. */
  failure(error: unknown, url: URL): Error {
    const { signal } = this.#settings;
    return signal?.aborted ? abortError("The download", signal) : networkFailure(error, url);
  }

  async #send(url: URL, { method = "GET", headers, authorization }: HttpRequest): Promise<IncomingMessage> {
    const { signal, environment } = this.#settings;
    if (signal?.aborted) throw abortError("The download", signal);
    try {
      const proxy = proxyFor(url, environment);
      return await this.#exchange(url, proxy, {
        method,
        headers: {
          host: url.host,
          "user-agent": "surprisal",
          "accept-encoding": "identity",
          ...headers,
          ...(authorization?.origin === url.origin && { authorization: authorization.value }),
          ...(proxy && url.protocol === "http:" && proxyCredentials(proxy)),
        },
      });
    } catch (error) {
      throw this.failure(error, url);
    }
  }

  async #exchange(
    url: URL,
    proxy: URL | null,
    options: { method: string; headers: Record<string, string> },
  ): Promise<IncomingMessage> {
    const { connectMs, stallMs } = this.#settings.patience;
    const { signal } = this.#settings;
    const secureContext = this.#secureContext;
    const secure = url.protocol === "https:";
    const channel = proxy && secure ? await tunnel(url, proxy, { connectMs, signal, secureContext }) : null;
    return new Promise((resolve, reject) => {
      let response: IncomingMessage | undefined;
      const stop = (error: Error) => (response ?? request).destroy(error);
      const onAbort = () => stop(abortError("The download", signal));
      const request: ClientRequest = (secure ? httpsRequest : httpRequest)({
        ...addressOf(url, proxy && !secure ? proxy : null),
        ...options,
        agent: false,
        ...(channel && { createConnection: () => channel }),
        ...(secureContext && { secureContext }),
      });
      const connecting = setTimeout(
        () => stop(codedError("ETIMEDOUT", `no connection within ${connectMs} ms`)),
        connectMs,
      );
      request.on("socket", (socket) => {
        if (channel) clearTimeout(connecting);
        socket.once(secure ? "secureConnect" : "connect", () => clearTimeout(connecting));
      });
      request.setTimeout(stallMs, () => stop(codedError("ESTALLED", `no data for ${stallMs / 1000} s`)));
      signal?.addEventListener("abort", onAbort, { once: true });
      request.on("close", () => {
        clearTimeout(connecting);
        signal?.removeEventListener("abort", onAbort);
      });
      request.on("error", reject);
      request.on("response", (answer) => {
        response = answer;
        answer.on("error", () => {}); // whoever reads the body is told; nobody may be reading just now
        resolve(answer);
      });
      request.end();
    });
  }
}

/** Splits credentials off an address: they travel as a header, to that origin only, and are never printed. */
export function splitCredentials(address: URL): { url: URL; authorization: Authorization | undefined } {
  if (!address.username && !address.password) return { url: address, authorization: undefined };
  const url = new URL(address);
  url.username = "";
  url.password = "";
  const credentials = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
  return {
    url,
    authorization: { origin: url.origin, value: `Basic ${Buffer.from(credentials).toString("base64")}` },
  };
}

function redirectTarget({ status, headers, url }: HttpAnswer): URL | null {
  if (![301, 302, 303, 307, 308].includes(status) || !headers.location) return null;
  return URL.canParse(headers.location, url.href) ? new URL(headers.location, url) : null;
}

/** To a proxy a plain request names the whole address. */
function addressOf(url: URL, proxy: URL | null): { host: string; port: string; path: string } {
  const { hostname, port } = proxy ?? url;
  return { host: bareHost(hostname), port, path: proxy ? url.href : `${url.pathname}${url.search}` };
}
