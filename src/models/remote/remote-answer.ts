/** An answer as it arrives from a server: within its bounds, and read as what it is. */
import { abortError } from "../../core/index.ts";
import type { HttpAnswer } from "../../net/index.ts";
import { type Deadline, Progress, tooLarge } from "./bounds.ts";
import { type Chunks, readNdjson, readServerSentEvents, readText } from "./events.ts";
import { malformed, streamCut } from "./failure.ts";
import { parseJson } from "./json.ts";

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
export async function* readable(
  { NetworkFailure }: typeof import("../../net/index.ts"),
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
