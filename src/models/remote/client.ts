/** HTTP as servers of language models need it: one base address, one key, patience, retries, a limit. */
import { abortError, withDefaults } from "../../core/index.ts";
import type { HttpAnswer, NetworkFailure, Patience } from "../../net/index.ts";
import { baseAddress, rootAddress, shownAddress } from "./address.ts";
import {
  type AskedFor,
  type BoundOptions,
  Deadline,
  isUpgrade,
  longestMs,
  mayGoAbroad,
  mostBytes,
  redirected,
  tooSlow,
} from "./bounds.ts";
import { complaintIn, quotation, ServerRefusal, ServerUnreachable } from "./failure.ts";
import { parseJson } from "./json.ts";
import type { ApiKey } from "./key.ts";
import { Limit } from "./limit.ts";
import { RemoteAnswer, readable } from "./remote-answer.ts";

type Net = typeof import("../../net/index.ts");

export interface RemoteClientOptions extends BoundOptions {
  /** The API's base address, `http://localhost:8080/v1` for example. */
  address: string | URL;
  /** Sent to the address's own origin only. `null` = none. */
  key?: ApiKey | null | undefined;
  /** Environment variable the key is looked for in, for messages. */
  keyVariable?: string | undefined;
  /** Header the key travels in. Default "authorization", as a bearer token. */
  keyHeader?: string | undefined;
  /** Further headers. They too go to the address's own origin only. */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Default 10 s to connect, 10 minutes to the first byte, 2 minutes of silence, 10 minutes without content (comments, empty
   * events and white space are none; `silenceMs` where it is given), and to the whole with all attempts twice `answerMs` and
   * 30 s per token asked for.
   */
  patience?: Partial<Patience> | undefined;
  /** Times a request is sent at most, when it fails before the first byte of an answer. Default 4. */
  attempts?: number | undefined;
  /** Pause before the second attempt, milliseconds; it doubles from attempt to attempt. Default 500. */
  backoffMs?: number | undefined;
  /** Requests at once to this address, of all clients of this process together. Default 8; the first client decides. */
  concurrency?: number | undefined;
}

export interface RequestOptions extends AskedFor {
  signal?: AbortSignal | undefined;
}

interface Sent {
  signal: AbortSignal;
  method: "GET" | "POST";
  url: URL;
  body: string | null;
}

const PATIENCE = { connectMs: 10_000, answerMs: 600_000, silenceMs: 120_000 };
/** A server may ask for more than a backoff would give it, within reason. */
const LONGEST_ASKED_PAUSE_MS = 60_000;
const MOST_REDIRECTS = 5;
/** As much of an error's body as is read, bytes. */
const ERROR_BODY = 65_536;
/** As long as the end of an error's body is waited for, milliseconds. */
const ERROR_MS = 10_000;

const limits = new Map<string, Limit>();

/** Talks to one server. Answers with an error status are errors; an answer that began is never asked for again. */
export class RemoteClient {
  /** The base address, ending in "/". */
  readonly address: URL;
  /** The address as it may be printed. */
  readonly name: string;
  readonly #root: URL;
  readonly #options: RemoteClientOptions;
  readonly #limit: Limit;
  /** A server that has answered once is worth waiting for; one that never did is probably not there. */
  #answered = false;

  /** @throws SurprisalError INVALID_ARGUMENT for an address that is none. */
  constructor(options: RemoteClientOptions) {
    this.address = baseAddress(options.address);
    this.#root = rootAddress(this.address);
    this.name = shownAddress(this.address);
    this.#options = options;
    const limit = limits.get(this.address.href) ?? new Limit(options.concurrency ?? 8);
    limits.set(this.address.href, limit);
    this.#limit = limit;
  }

  /**
   * @param path "models" is below the base address; "/props" is beside it, where /v1 would be.
   * @throws SurprisalError SERVER_UNREACHABLE, SERVER_ERROR, UNAUTHORIZED, RATE_LIMITED, ABORTED.
   */
  get(path: string, options: RequestOptions = {}): Promise<RemoteAnswer> {
    return this.#ask("GET", path, null, options);
  }

  /** Sends JSON. As `get`. */
  post(path: string, body: unknown, options: RequestOptions = {}): Promise<RemoteAnswer> {
    return this.#ask("POST", path, JSON.stringify(body), options);
  }

  /** A text as it may be printed: without the key, in case the server repeats it. */
  redact(text: string): string {
    return this.#options.key?.redact(text) ?? text;
  }

  async #ask(
    method: "GET" | "POST",
    path: string,
    body: string | null,
    { signal, ...asked }: RequestOptions,
  ): Promise<RemoteAnswer> {
    const where = this.#where(path);
    const patience = withDefaults<Patience>(PATIENCE, this.#options.patience);
    const { answerMs = patience.silenceMs, silenceMs, overallMs } = patience;
    const limitMs = longestMs(overallMs, answerMs, asked);
    const most = mostBytes(this.#options.mostAnswerBytes, body?.length ?? 0, asked);
    const leave = await this.#limit.enter(signal);
    const deadline = new Deadline(limitMs, () => tooSlow(limitMs, where), signal);
    const end = () => {
      deadline.done();
      leave();
    };
    try {
      // Loaded when needed: what reads answers also runs where Node's modules are not.
      const net = await import("../../net/index.ts");
      const send = () => this.#send(net, { method, url: this.#url(path), body, signal: deadline.signal });
      const answer = await net.repeat(send, this.#pauses(net), deadline.signal);
      answer.closed.then(end);
      const idleMs = this.#options.patience?.silenceMs ?? Math.max(answerMs, silenceMs);
      const chunks = readable(net, answer, { where, signal, deadline, idleMs, most });
      return new RemoteAnswer(answer, chunks, where, {
        redact: (text) => this.redact(text),
        tokens: asked.tokens ?? null,
      });
    } catch (error) {
      end();
      throw signal?.aborted && error === signal.reason ? abortError("The request", signal) : error;
    }
  }

  /** How long to wait after each failure of a request, milliseconds; `null` = give up. */
  #pauses({ backoff }: Net): (error: unknown) => number | null {
    const { attempts = 4, backoffMs = 500 } = this.#options;
    let failures = 0;
    return (error) => {
      if (++failures >= attempts || !this.#isPassing(error)) return null;
      const own = backoff(backoffMs, failures) * (0.5 + Math.random() / 2);
      const asked = error instanceof ServerRefusal ? (error.retryAfterMs ?? 0) : 0;
      return Math.max(own, Math.min(asked, LONGEST_ASKED_PAUSE_MS));
    };
  }

  #isPassing(error: unknown): boolean {
    if (error instanceof ServerRefusal) return error.passing;
    if (!(error instanceof ServerUnreachable)) return false;
    return error.retry === "always" || (error.retry === "connected" && this.#answered);
  }

  async #send(net: Net, { method, url, body, signal }: Sent): Promise<HttpAnswer> {
    const { key, keyHeader = "authorization", headers } = this.#options;
    const answer = await net
      .request({
        url,
        method,
        headers: body === null ? {} : { "content-type": "application/json" },
        own: { origin: this.address.origin, headers: { ...headers, ...key?.header(keyHeader) } },
        body,
        patience: { ...withDefaults<Patience>(PATIENCE, this.#options.patience), overallMs: undefined },
        environment: process.env,
        mostRedirects: MOST_REDIRECTS,
        followAbroad: method === "GET" || mayGoAbroad(this.#options) || isUpgrade,
        signal,
      })
      .catch((error: unknown) => {
        if (!(error instanceof net.NetworkFailure)) throw error;
        this.#answered ||= error.mishap === "redirect";
        throw unreachable(error, this.#shown(error.url));
      });
    this.#answered = true;
    if (answer.status >= 200 && answer.status < 300) return answer;
    const target = net.redirectTarget(answer, method);
    if (target) {
      answer.dispose();
      throw redirected(this.#shown(target));
    }
    throw await this.#refusal(answer, signal);
  }

  async #refusal(answer: HttpAnswer, signal: AbortSignal): Promise<ServerRefusal> {
    const { status, headers, url } = answer;
    const where = this.#shown(url);
    const complaint = await readComplaint(answer, where);
    signal.throwIfAborted();
    const message = this.redact(complaint.message);
    const { key, keyVariable } = this.#options;
    const home = url.origin === this.address.origin;
    return new ServerRefusal(
      {
        code:
          status === 401 || status === 403
            ? "UNAUTHORIZED"
            : status === 429
              ? "RATE_LIMITED"
              : "SERVER_ERROR",
        what: `HTTP ${status}${message ? `: ${message}` : ""}`,
        where,
        ...(status === 401 && {
          wayOut: key
            ? `The server does not take the key in ${key.variable}.`
            : `The server wants a key, and there is none for this address.${home && keyVariable ? ` Set ${keyVariable}.` : ""}`,
        }),
        ...(status === 429 && { wayOut: "Wait, or send less at once." }),
      },
      { status, complaint: { ...complaint, message }, retryAfterMs: retryAfter(headers) },
    );
  }

  #url(path: string): URL {
    const url = new URL(path.startsWith("/") ? this.#root : this.address);
    const [pathname, query = ""] = path.split("?");
    url.pathname += pathname!.replace(/^\//, "");
    url.search = query;
    return url;
  }

  #where(path: string): string {
    return this.#shown(this.#url(path));
  }

  /** An address as it may be printed. What a server adds to its own, or redirects to, may hold the key. */
  #shown(url: URL): string {
    const shown = shownAddress(url);
    const own = shownAddress(this.#root); // what a person wrote; a key such as "ollama" may be a word of it
    return shown.startsWith(own) ? own + this.redact(shown.slice(own.length)) : this.redact(shown);
  }
}

async function readComplaint(
  answer: HttpAnswer,
  where: string,
): Promise<{ message: string; field: string | null }> {
  let text = "";
  const timer = setTimeout(() => answer.dispose(), ERROR_MS);
  try {
    const decoder = new TextDecoder();
    for await (const bytes of answer.body) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > ERROR_BODY) break;
    }
    return complaintIn(parseJson(text, where)) ?? { message: quotation(text), field: null };
  } catch {
    return { message: /^\s*</.test(text) ? "" : quotation(text), field: null };
  } finally {
    clearTimeout(timer);
  }
}

/** `Retry-After` in seconds or as a date, or OpenAI's `retry-after-ms`; milliseconds, `null` = not asked for. */
function retryAfter(headers: HttpAnswer["headers"]): number | null {
  const exact = Number(headers["retry-after-ms"]);
  if (exact > 0) return exact;
  const value = headers["retry-after"];
  if (value === undefined) return null;
  const milliseconds =
    /^\s*\d/.test(value) && Number.isFinite(Number(value))
      ? Number(value) * 1000
      : Date.parse(value) - Date.now();
  return milliseconds > 0 ? milliseconds : null;
}

function unreachable({ mishap, message, proxy, cause }: NetworkFailure, where: string): ServerUnreachable {
  const failure = (retry: ServerUnreachable["retry"], what: string, wayOut?: string) =>
    new ServerUnreachable(retry, what, where, cause, wayOut);
  if (/wrong version number/i.test(message))
    return failure("never", "The server does not speak TLS", "Write http:// in place of https://.");
  if (mishap === "redirect" || mishap === "request") return failure("never", message);
  if (mishap === "proxy" || (proxy && mishap !== "lost"))
    return failure("connected", `The proxy does not lead to the server: ${message}`, PROXY);
  if (mishap === "untrusted") return failure("never", `No trusted connection: ${message}`, COMPANY);
  const retry = mishap === "unreachable" ? "connected" : "always";
  return failure(retry, `The server cannot be reached: ${message}`);
}

const COMPANY =
  "If a company's proxy inspects traffic, or the server has a certificate of its own, set NODE_EXTRA_CA_CERTS to the file of the certificate authority.";

const PROXY =
  "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, and that the server is running; NO_PROXY names the hosts that are reached without.";
