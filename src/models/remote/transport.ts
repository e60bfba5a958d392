/**
 * One HTTP exchange. Node's own `fetch` gives up on a server that takes five minutes to its first byte, with no way to
 * ask for more patience, and long answers that are not streamed take that long.
 */
import {
  Agent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { SecureContext } from "node:tls";
import { abortError, SurprisalError } from "../../core/index.ts";
import { proxyCredentials, proxyFor, trustedAuthorities, tunnel } from "../registry/index.ts";
import { isLoopback } from "./address.ts";
import type { Chunks } from "./events.ts";
import { ServerUnreachable, streamCut } from "./failure.ts";

/** How long to wait, milliseconds. */
export interface Patience {
  /** For a connection. */
  connectMs: number;
  /** For the first byte of an answer: a server may have to read a long prompt first. */
  answerMs: number;
  /** For the next byte of an answer. */
  silenceMs: number;
}

export interface Exchange {
  url: URL;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body: string | null;
  patience: Patience;
  signal: AbortSignal | undefined;
  /** The address as it may be printed. */
  where: string;
}

export interface ExchangeAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Reading it to its end, or leaving the loop, frees the connection. */
  body: Chunks;
  /** Frees the connection of an answer that nobody reads. */
  dispose(): void;
  /** Resolves when the connection is free. */
  closed: Promise<void>;
}

const plain = new Agent({ keepAlive: true });
const secure = new HttpsAgent({ keepAlive: true });

const UNREACHABLE = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
]);
const UNTRUSTED = /CERT|^ERR_TLS|^ERR_SSL|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|^EPROTO$/;

/** How a request gets out: straight, or through the proxy that the environment names (never on this machine itself). */
async function routeOf({ url, patience, signal, where }: Exchange): Promise<RequestOptions> {
  const encrypted = url.protocol === "https:";
  const secureContext = encrypted ? authorities() : undefined;
  const trust = secureContext && { secureContext };
  try {
    const proxy = isLoopback(url) ? null : proxyFor(url, process.env);
    if (!proxy) return { ...address(url), agent: encrypted ? secure : plain, ...trust };
    if (!encrypted)
      return { ...address(proxy), path: url.href, headers: proxyCredentials(proxy), agent: plain };
    const { connectMs } = patience;
    const channel = await tunnel(url, proxy, { connectMs, signal, secureContext });
    return { ...address(url), agent: false, createConnection: () => channel };
  } catch (error) {
    if (signal?.aborted) throw abortError("The request", signal);
    const reason = SurprisalError.isInstance(error) ? error.what : messageOf(error);
    throw new ServerUnreachable(
      "connected",
      `The proxy does not lead to the server: ${reason}`,
      where,
      error,
    );
  }
}

/** Read once: a company's certificates do not change while we run. */
let trusted: SecureContext | undefined | null = null;
function authorities(): SecureContext | undefined {
  if (trusted === null) trusted = trustedAuthorities(process.env);
  return trusted;
}

function address({ hostname, port, pathname, search }: URL): RequestOptions {
  return { host: hostname.replace(/^\[|\]$/g, ""), port, path: pathname + search };
}

/** @throws SurprisalError SERVER_UNREACHABLE, ABORTED; from the body STREAM_CUT, ABORTED. */
export async function exchange(wanted: Exchange): Promise<ExchangeAnswer> {
  const { url, method, headers, body, patience, signal, where } = wanted;
  if (signal?.aborted) throw abortError("The request", signal);
  const route = await routeOf(wanted);
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError("The request", signal));
    const encrypted = url.protocol === "https:";
    const request = (encrypted ? httpsRequest : httpRequest)({
      ...route,
      method,
      headers: {
        host: url.host,
        accept: "*/*",
        "accept-encoding": "identity",
        "user-agent": "surprisal",
        ...route.headers,
        ...headers,
      },
    });
    let response: IncomingMessage | undefined;
    const onAbort = () => (response ?? request).destroy(abortError("The request", signal));
    signal?.addEventListener("abort", onAbort, { once: true });
    const giveUp = (ms: number, what: string) =>
      setTimeout(() => request.destroy(codedError("ETIMEDOUT", `${what} within ${ms / 1000} s`)), ms);
    const connecting = giveUp(patience.connectMs, "no connection");
    let answering: NodeJS.Timeout | undefined;
    const connected = () => {
      clearTimeout(connecting);
      answering ??= giveUp(patience.answerMs, "no answer");
    };
    request.on("socket", (socket) => {
      if (socket.connecting) socket.once(encrypted ? "secureConnect" : "connect", connected);
      else connected();
    });
    const settle = () => {
      clearTimeout(connecting);
      clearTimeout(answering);
    };
    request.on("close", () => {
      settle();
      signal?.removeEventListener("abort", onAbort);
    });
    request.on("error", (error) =>
      reject(signal?.aborted ? abortError("The request", signal) : failure(error, where)),
    );
    request.on("response", (answer) => {
      settle();
      response = answer;
      answer.on("error", () => {}); // whoever reads the body is told; nobody may be reading just now
      resolve({
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: chunksOf(answer, { signal, silenceMs: patience.silenceMs, where }),
        dispose: () => void answer.destroy(),
        closed: new Promise((close) => answer.once("close", close)),
      });
    });
    request.end(body ?? undefined);
  });
}

interface Reading {
  signal: AbortSignal | undefined;
  silenceMs: number;
  where: string;
}

async function* chunksOf(
  answer: IncomingMessage,
  { signal, silenceMs, where }: Reading,
): AsyncGenerator<Uint8Array> {
  const chunks = answer[Symbol.asyncIterator]();
  let silence: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      // Only while we wait: a slow reader is no silent server.
      silence = setTimeout(
        () => answer.destroy(codedError("ESILENT", `no data for ${silenceMs / 1000} s`)),
        silenceMs,
      );
      const { done, value } = await chunks.next();
      clearTimeout(silence);
      if (signal?.aborted) throw abortError("The request", signal);
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (signal?.aborted) throw abortError("The request", signal);
    throw streamCut(`The connection broke: ${messageOf(error)}`, where, error);
  } finally {
    clearTimeout(silence);
    answer.destroy();
  }
}

function failure(error: Error, where: string): ServerUnreachable {
  const code = String((error as NodeJS.ErrnoException).code ?? "");
  const reason = messageOf(error);
  if (/wrong version number/i.test(reason))
    return new ServerUnreachable(
      "never",
      "The server does not speak TLS",
      where,
      error,
      "Write http:// in place of https://.",
    );
  if (UNTRUSTED.test(code))
    return new ServerUnreachable("never", `No trusted connection: ${reason}`, where, error, COMPANY);
  const retry = UNREACHABLE.has(code) ? "connected" : "always";
  return new ServerUnreachable(retry, `The server cannot be reached: ${reason}`, where, error);
}

const COMPANY =
  "If a company's proxy inspects traffic, or the server has a certificate of its own, set NODE_EXTRA_CA_CERTS to the file of the certificate authority.";

/** Several failed addresses of one name come as an error without a message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return error instanceof Error && error.message ? error.message : String(error);
}

function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
