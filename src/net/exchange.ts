/** One request and its answer, within limits of time. Undici counts time in steps of half a second; we count it exactly. */
import type { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { whenAborted } from "../core/index.ts";
import { decoded } from "./decoding.ts";
import { dispatcherFor } from "./dispatchers.ts";
import { NetworkFailure, networkFailure } from "./failure.ts";
import { isLoopback, proxyFor } from "./proxy.ts";

/** How long to wait, milliseconds. */
export interface Patience {
  /** For a connection. */
  connectMs: number;
  /** For the first byte of an answer, from the start: a server may have to read a long prompt first. Default: `silenceMs`. */
  answerMs?: number | undefined;
  /** For the next byte of an answer. */
  silenceMs: number;
  /** For the whole answer, from the start. Default: as long as it goes on. */
  overallMs?: number | undefined;
}

export interface Exchange {
  url: URL;
  method: "GET" | "HEAD" | "POST";
  headers: Record<string, string>;
  body?: string | null | undefined;
  patience: Patience;
  /** Names proxies and certificate authorities. */
  environment: NodeJS.ProcessEnv;
  /** This machine itself is reached through a proxy too, as pip does it. Default false. */
  proxyLoopback?: boolean | undefined;
  /** Compressed bodies are decoded. Default true; false for bytes that are counted as they are sent. */
  decode?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number;
  /** By names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  /** May be read once. Reading it to its end, or leaving the loop, frees the connection. @throws NetworkFailure */
  body: AsyncIterable<Uint8Array>;
  /** Frees the connection of an answer that nobody reads. */
  dispose(): void;
  /** Resolves when the connection is free. */
  closed: Promise<void>;
}

/**
 * A reader is often content before the end has arrived: with the last event of a stream, the beginning of an error. So
 * much more is read, and for so long, to use the connection again; a server that still has more to say is cut off.
 */
const REST_BYTES = 4096;
const REST_MS = 100;

/** @throws NetworkFailure; the signal's reason when it is aborted. */
export async function exchange(wanted: Exchange): Promise<Answer> {
  const { url, method, headers, body = null, patience, environment, signal } = wanted;
  signal?.throwIfAborted();
  const straight = isLoopback(url) && !wanted.proxyLoopback;
  const proxy = straight ? null : proxyFor(url, environment);
  const dispatcher = await dispatcherFor({ environment, proxy, connectMs: patience.connectMs });
  const stop = new AbortController();
  const stopped = new Promise<never>((_, reject) =>
    stop.signal.addEventListener("abort", () => reject(stop.signal.reason)),
  );
  stopped.catch(() => {}); // whoever waits is told
  const onAbort = () => stop.abort(signal!.reason);
  const callOff = whenAborted(signal, onAbort);
  const late = (ms: number, what: string, mishap: "unreachable" | "lost") =>
    setTimeout(() => stop.abort(new NetworkFailure(mishap, `${what} ${ms / 1000} s`, url, { proxy })), ms);
  const { answerMs, silenceMs, overallMs } = patience;
  const answering =
    answerMs === undefined
      ? late(silenceMs, "no data for", "lost")
      : late(answerMs, "no answer within", "unreachable");
  const whole = overallMs === undefined ? undefined : late(overallMs, "no end within", "lost");
  const settle = () => {
    clearTimeout(whole);
    callOff();
  };
  const failure = (error: unknown) =>
    signal?.aborted ? signal.reason : networkFailure(error, { url, proxy, connectMs: patience.connectMs });
  try {
    const asked = dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "surprisal", ...headers },
      body,
      signal: stop.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    // Undici hears of an end only once there is a connection.
    const answer = await Promise.race([asked, stopped]);
    const closed = new Promise<void>((resolve) => answer.body.once("close", resolve));
    closed.then(settle);
    const known = headerFields(answer.headers);
    const encodings = (wanted.decode !== false && known["content-encoding"]) || "";
    const content = decoded(answer.body, encodings, url);
    const read = reading(answer.body, { content, url, silenceMs, failure });
    return { status: answer.statusCode, headers: known, ...read, closed };
  } catch (error) {
    settle();
    throw failure(error);
  } finally {
    clearTimeout(answering);
  }
}

/** Header fields that are lists. */
const LISTS = ["content-encoding", "link"];

/** Of a field that was sent several times a list is put together; of others the first one holds. */
function headerFields(sent: Record<string, string | string[] | undefined>): Answer["headers"] {
  const fields = Object.entries(sent).map(([name, value]) => {
    if (!Array.isArray(value)) return [name, value];
    return [name, LISTS.includes(name) ? value.join(", ") : value[0]];
  });
  return Object.fromEntries(fields);
}

interface ReadingOptions {
  /** What `body` holds. */
  content: Readable;
  url: URL;
  silenceMs: number;
  failure(error: unknown): unknown;
}

/** The one reading of a body. */
function reading(
  body: Readable,
  { content, url, silenceMs, failure }: ReadingOptions,
): Pick<Answer, "body" | "dispose"> {
  for (const stream of [body, content]) stream.on("error", () => {}); // nobody may be reading just now
  const pieces: AsyncIterator<Uint8Array> = content[Symbol.asyncIterator]();
  let finished = false;

  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    let silence: NodeJS.Timeout | undefined;
    const giveUp = () => body.destroy(new NetworkFailure("lost", `no data for ${silenceMs / 1000} s`, url));
    try {
      for (;;) {
        silence = setTimeout(giveUp, silenceMs); // only while we wait: a slow reader is no silent server
        const { done, value } = await pieces.next();
        clearTimeout(silence);
        if (done) break;
        yield value;
      }
      await nextTurn(); // from then on undici uses the connection again
    } catch (error) {
      throw failure(error);
    } finally {
      clearTimeout(silence);
      void finish();
    }
  }

  async function finish(): Promise<void> {
    if (finished) return;
    finished = true;
    const timer = setTimeout(() => body.destroy(), REST_MS);
    try {
      for (let rest = 0; rest <= REST_BYTES; ) {
        const { done, value } = await pieces.next();
        if (done) return;
        rest += value.length;
      }
    } catch {
      // It had ended badly, which whoever read it was told.
    } finally {
      clearTimeout(timer);
      body.destroy();
    }
  }

  return { body: chunks(), dispose: () => void finish() };
}
