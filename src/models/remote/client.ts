/** HTTP as servers of language models need it: one base address, one key, patience, retries, a limit. */
import { abortError, SurprisalError, withDefaults } from "../../core/index.ts";
import { baseAddress, rootAddress, shownAddress } from "./address.ts";
import { type Chunks, readNdjson, readServerSentEvents, readText } from "./events.ts";
import { complaintIn, malformed, quotation, ServerRefusal, ServerUnreachable, streamCut } from "./failure.ts";
import { parseJson } from "./json.ts";
import type { ApiKey } from "./key.ts";
import { Limit } from "./limit.ts";
import type { Exchange, ExchangeAnswer, Patience } from "./transport.ts";

export interface RemoteClientOptions {
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
  /** Default 10 s to connect, 10 minutes to the first byte, 2 minutes of silence. */
  patience?: Partial<Patience> | undefined;
  /** Times a request is sent at most, when it fails before the first byte of an answer. Default 4. */
  attempts?: number | undefined;
  /** Pause before the second attempt, milliseconds; it doubles from attempt to attempt. Default 500. */
  backoffMs?: number | undefined;
  /** Requests at once to this address, of all clients of this process together. Default 8; the first client decides. */
  concurrency?: number | undefined;
}

export interface RequestOptions {
  signal?: AbortSignal | undefined;
}

const PATIENCE: Patience = { connectMs: 10_000, answerMs: 600_000, silenceMs: 120_000 };
const LONGEST_PAUSE_MS = 30_000;
/** A server may ask for more than a backoff would give it, within reason. */
const LONGEST_ASKED_PAUSE_MS = 60_000;
const MOST_REDIRECTS = 5;
/** As much of an error's body as is read, bytes. */
const ERROR_BODY = 65_536;

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
    { signal }: RequestOptions,
  ): Promise<RemoteAnswer> {
    const leave = await this.#limit.enter(signal);
    try {
      const answer = await this.#withRetries(() => this.#send(method, this.#url(path), body, signal), signal);
      answer.closed.then(leave);
      return new RemoteAnswer(answer, this.#where(path), (text) => this.redact(text));
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #withRetries<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { attempts = 4, backoffMs = 500 } = this.#options;
    for (let failures = 1; ; failures++) {
      try {
        return await attempt();
      } catch (error) {
        if (failures >= attempts || !this.#isPassing(error)) throw error;
        const backoff =
          Math.min(backoffMs * 2 ** (failures - 1), LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
        const asked = error instanceof ServerRefusal ? (error.retryAfterMs ?? 0) : 0;
        const pause = Math.max(backoff, Math.min(asked, LONGEST_ASKED_PAUSE_MS));
        await sleep(pause, signal).catch(() => {
          throw abortError("The request", signal);
        });
      }
    }
  }

  #isPassing(error: unknown): boolean {
    if (error instanceof ServerRefusal) return error.passing;
    if (!(error instanceof ServerUnreachable)) return false;
    return error.retry === "always" || (error.retry === "connected" && this.#answered);
  }

  async #send(
    method: "GET" | "POST",
    address: URL,
    body: string | null,
    signal: AbortSignal | undefined,
  ): Promise<ExchangeAnswer> {
    // Loaded when needed: what reads answers also runs where node:http is not.
    const { exchange } = await import("./transport.ts");
    let url = address;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const request: Exchange = {
        url,
        method,
        headers: this.#headers(url, body),
        body,
        patience: withDefaults(PATIENCE, this.#options.patience),
        signal,
        where: this.#shown(url),
      };
      const answer = await exchange(request);
      this.#answered = true;
      const target = redirectTarget(answer, url, method);
      if (target === null) {
        if (answer.status >= 200 && answer.status < 300) return answer;
        throw await this.#refusal(answer, url);
      }
      answer.dispose();
      if (url.protocol === "https:" && target.protocol !== "https:")
        throw new ServerUnreachable(
          "never",
          "The server redirects to an unencrypted address",
          this.#shown(target),
        );
      url = target;
    }
    throw new ServerUnreachable("never", `More than ${MOST_REDIRECTS} redirects`, this.#shown(address));
  }

  /** The key, and whatever else was given for this server, stays with this server. */
  #headers(url: URL, body: string | null): Record<string, string> {
    const { key, keyHeader = "authorization", headers } = this.#options;
    return {
      ...(body !== null && { "content-type": "application/json" }),
      ...(url.origin === this.address.origin && { ...headers, ...key?.header(keyHeader) }),
    };
  }

  async #refusal(answer: ExchangeAnswer, url: URL): Promise<ServerRefusal> {
    const { status, headers } = answer;
    const where = this.#shown(url);
    const complaint = await readComplaint(answer, where);
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
  readonly #answer: ExchangeAnswer;
  readonly #redact: (text: string) => string;

  constructor(answer: ExchangeAnswer, where: string, redact: (text: string) => string) {
    this.status = answer.status;
    this.where = where;
    this.#answer = answer;
    this.#redact = redact;
  }

  header(name: string): string | null {
    return String(this.#answer.headers[name.toLowerCase()] ?? "") || null;
  }

  /** @throws SurprisalError WIRE_MALFORMED, STREAM_CUT, ABORTED. */
  async json(): Promise<unknown> {
    return this.#json(this.#answer.body);
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
    const { body } = this.#answer;
    const type = (this.header("content-type") ?? "").toLowerCase();
    if (type.includes("text/event-stream")) yield* readServerSentEvents(body, this.where);
    else if (type.includes("ndjson")) yield* readNdjson(body, this.where);
    else {
      const { beginning, whole } = await peek(body);
      if (EVENT_STREAM.test(beginning)) yield* readServerSentEvents(whole, this.where);
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

/** Where to go instead, or `null`. A GET may be sent anywhere; what is posted only where the status keeps it a POST. */
function redirectTarget({ status, headers }: ExchangeAnswer, url: URL, method: string): URL | null {
  const statuses = method === "GET" ? [301, 302, 303, 307, 308] : [307, 308];
  const { location } = headers;
  if (!statuses.includes(status) || !location || !URL.canParse(location, url.href)) return null;
  const target = new URL(location, url);
  return /^https?:$/.test(target.protocol) ? target : null;
}

async function readComplaint(
  answer: ExchangeAnswer,
  where: string,
): Promise<{ message: string; field: string | null }> {
  let text = "";
  try {
    const decoder = new TextDecoder();
    for await (const bytes of answer.body) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > ERROR_BODY) break;
    }
    return complaintIn(parseJson(text, where)) ?? { message: quotation(text), field: null };
  } catch (error) {
    if (SurprisalError.isInstance(error) && error.code === "ABORTED") throw error;
    return { message: /^\s*</.test(text) ? "" : quotation(text), field: null };
  }
}

/** `Retry-After` in seconds or as a date, or OpenAI's `retry-after-ms`; milliseconds, `null` = not asked for. */
function retryAfter(headers: ExchangeAnswer["headers"]): number | null {
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

/** Node's own timers with promises are not everywhere. @throws the signal's reason */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
