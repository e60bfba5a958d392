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
  Progress,
  redirected,
  tooLarge,
  tooSlow,
} from "./bounds.ts";
import { type Chunks, readNdjson, readServerSentEvents, readText } from "./events.ts";
import { complaintIn, malformed, quotation, ServerRefusal, ServerUnreachable, streamCut } from "./failure.ts";
import { parseJson } from "./json.ts";
import type { ApiKey } from "./key.ts";
import { Limit } from "./limit.ts";

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

/** An answer that has begun. Read it once: `json`, `messages`, or `dispose`. */
export class RemoteAnswer {
  readonly status: number;
  /** The address it came from, as it may be printed. */
  readonly where: string;
  readonly #answer: HttpAnswer;
  readonly #body: Chunks;
  readonly #redact: (text: string) => string;
  /** Tokens that it was to have at most; `null`: unknown. */
  readonly tokens: number | null;
  /** What stood among the events of a stream and was none, once it is read; "" = nothing. */
  words = "";

  constructor(
    answer: HttpAnswer,
    body: Chunks,
    where: string,
    { redact, tokens }: { redact: (text: string) => string; tokens: number | null },
  ) {
    this.status = answer.status;
    this.where = where;
    this.#answer = answer;
    this.#body = body;
    this.#redact = redact;
    this.tokens = tokens;
  }

  header(name: string): string | null {
    return this.#answer.headers[name.toLowerCase()] || null;
  }

  /** @throws SurprisalError WIRE_MALFORMED, STREAM_CUT, ABORTED. */
  async json(): Promise<unknown> {
    return this.#json(this.#body);
  }

  async #json(body: Chunks): Promise<unknown> {
    const text = await readText(body, this.where);
    if (text === "") throw streamCut("The answer is empty", this.where);
    try {
      return parseJson(text, this.where);
    } catch (error) {
      if (/^\s*</.test(text)) throw malformed("The server answers with a web page", this.where);
      throw error;
    }
  }

  /**
   * The JSON values of the answer: events, lines, or the one of an answer in one piece, whatever the server says it sends.
   * @throws SurprisalError WIRE_MALFORMED, STREAM_CUT, ABORTED.
   */
  async *messages(): AsyncGenerator<unknown> {
    const body = this.#body;
    const type = (this.header("content-type") ?? "").toLowerCase();
    if (type.includes("text/event-stream")) this.words = yield* readServerSentEvents(body, this.where);
    else if (type.includes("ndjson")) yield* readNdjson(body, this.where);
    else {
      const { beginning, whole } = await peek(body);
      if (EVENT_STREAM.test(beginning)) this.words = yield* readServerSentEvents(whole, this.where);
      else yield await this.#json(whole);
    }
  }

  /** A text as it may be printed: without the key, in case the server repeats it. */
  redact(text: string): string {
    return this.#redact(text);
  }

  /** Frees the connection of an answer that is not read. */
  dispose(): void {
    this.#answer.dispose();
  }
}

/** How server-sent events begin, and JSON does not. */
const EVENT_STREAM = /^\s*(data|event|id|retry)?:/;
const LONGEST_FIELD = "event:".length;
/** White space before an answer that is waited for, characters: some servers send it to keep the connection. */
const MOST_WHITE_SPACE = 65_536;

/** The first characters of a body, enough to tell what it is, and the whole body. */
async function peek(body: Chunks): Promise<{ beginning: string; whole: Chunks }> {
  const chunks = body[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  const seen: Uint8Array[] = [];
  let beginning = "";
  while (beginning.trimStart().length < LONGEST_FIELD && beginning.length < MOST_WHITE_SPACE) {
    const { done, value } = await chunks.next();
    if (done) break;
    seen.push(value);
    beginning += decoder.decode(value, { stream: true });
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      yield* seen;
      yield* { [Symbol.asyncIterator]: () => chunks };
    } finally {
      await chunks.return?.();
    }
  }
  return { beginning, whole: whole() };
}

interface ReadingBounds {
  where: string;
  /** Of whoever asked. */
  signal: AbortSignal | undefined;
  deadline: Deadline;
  /** Longest wait for content, milliseconds. */
  idleMs: number;
  /** Bytes, unpacked. */
  most: number;
}

/** A body within its bounds, whose failures say what they mean for an answer. */
async function* readable(
  { NetworkFailure }: Net,
  { body }: HttpAnswer,
  { where, signal, deadline, idleMs, most }: ReadingBounds,
): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]();
  const progress = new Progress();
  const idle = () =>
    deadline.abort(streamCut(`The server has sent no content for ${idleMs / 1000} s`, where));
  /** Time without content, milliseconds; only while we wait: a slow reader is no silent server. */
  let waited = 0;
  let size = 0;
  try {
    for (;;) {
      const start = performance.now();
      // As long as all that comes is content, the silence that `net` counts is all there is.
      const timer = waited > 0 ? setTimeout(idle, Math.max(0, idleMs - waited)) : undefined;
      const { done, value } = await pieces.next().finally(() => clearTimeout(timer));
      if (done) return;
      if (signal?.aborted) throw signal.reason;
      size += value.length;
      if (size > most) throw tooLarge(most, where);
      waited = progress.feed(value) ? 0 : waited + performance.now() - start;
      yield value;
    }
  } catch (error) {
    if (signal?.aborted) throw abortError("The request", signal);
    if (!(error instanceof NetworkFailure)) throw error;
    if (error.mishap === "encoding") throw malformed(error.message, where);
    throw streamCut(`The connection broke: ${error.message}`, where, error.cause ?? error);
  } finally {
    await pieces.return?.();
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
