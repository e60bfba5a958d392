/**
 * How long an answer may take and how large it may be: in proportion to what was asked for, so that a server without end is
 * left and a slow one is not.
 */
import { invalidArgument, SurprisalError, whenAborted } from "../../core/index.ts";

/** What was asked for, as far as the size of its answer depends on it. */
export interface AskedFor {
  /** Tokens that are to be written, at most. Default: unknown. */
  tokens?: number | undefined;
  /** Tokens of the prompt whose numbers are asked for, at most. Default 0. */
  promptTokens?: number | undefined;
  /** Alternatives per token. Default 0. */
  alternatives?: number | undefined;
}

/** What lifts the bounds. */
export interface BoundOptions {
  /** Most bytes of one answer, unpacked. Default: 8 MiB, and what the tokens asked for may take. */
  mostAnswerBytes?: number | undefined;
  /** Requests with a body follow redirects to other hosts. Default false: a prompt stays with the server it was meant for. */
  followRedirects?: boolean | undefined;
}

/** The slowest servers that are of use write a token in some seconds. */
const MS_PER_TOKEN = 30_000;
/** Longest timer that Node has, milliseconds: 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** Lists of models, descriptions, and what stands around the tokens, bytes. */
const LEAST_BYTES = 8 * 2 ** 20;
/** An event is about 400 bytes, and the last one may say everything again several times. */
const BYTES_PER_TOKEN = 4096;
const BYTES_PER_ALTERNATIVE = 1024;
/** Some servers send the request back, escaped; a tokenizer says where each token is. Bytes for each character sent. */
const ECHO = 64;
/** Some models think without counting it. */
const FEWEST_EVENTS = 65_536;
/** Records beside the thinking: some servers give several for a token. */
const FEWEST_RECORDS = 1024;
const PER_TOKEN = 4;

const MIB = 2 ** 20;

/** Whole limit for an answer and all attempts at it, milliseconds. */
export function longestMs(given: number | undefined, answerMs: number, { tokens = 0 }: AskedFor): number {
  const own = fromEnvironment("SURPRISAL_ANSWER_SECONDS");
  const whole = given ?? (own === null ? 2 * answerMs + MS_PER_TOKEN * tokens : own * 1000);
  return Math.min(whole, LONGEST_TIMER);
}

/** @param sent characters of the request's body. */
export function mostBytes(given: number | undefined, sent: number, asked: AskedFor): number {
  const { tokens = 0, promptTokens = 0, alternatives = 0 } = asked;
  const own = fromEnvironment("SURPRISAL_ANSWER_MIB");
  const each = BYTES_PER_TOKEN + BYTES_PER_ALTERNATIVE * alternatives;
  return (
    given ??
    (own === null ? LEAST_BYTES + ECHO * sent + each * (tokens + promptTokens) : Math.ceil(own * MIB))
  );
}

/** Most events of a stream; and most records of what is no thinking. */
export function mostEvents(tokens: number | null): { events: number; records: number } {
  if (tokens === null) return { events: 2 ** 20, records: 2 ** 20 };
  return { events: FEWEST_EVENTS + PER_TOKEN * tokens, records: FEWEST_RECORDS + PER_TOKEN * tokens };
}

/** Whether what is posted may go to another host. */
export function mayGoAbroad({ followRedirects }: BoundOptions): boolean {
  return followRedirects ?? process.env.SURPRISAL_FOLLOW_REDIRECTS === "1";
}

/** The same server, now encrypted. */
export function isUpgrade(from: URL, to: URL): boolean {
  return (
    from.hostname === to.hostname &&
    from.protocol === "http:" &&
    to.protocol === "https:" &&
    (to.port === "" || to.port === from.port)
  );
}

/** A number from the environment; `null`: not set. @throws SurprisalError INVALID_ARGUMENT */
function fromEnvironment(name: string): number | null {
  const text = process.env[name];
  if (!text) return null;
  const number = Number(text);
  if (number > 0) return number;
  throw invalidArgument(`This is no number above 0: ${text}`, name);
}

/** An answer goes on beyond its bounds. What was read of it is good. */
function tooLong(what: string, where: string, wayOut: string): SurprisalError {
  return new SurprisalError({ code: "ANSWER_TOO_LONG", what, where, wayOut });
}

export function tooSlow(ms: number, where: string): SurprisalError {
  return tooLong(
    `The answer has no end within ${ms / 1000} s`,
    where,
    "Where the server is only slow, allow more: --answer-seconds, SURPRISAL_ANSWER_SECONDS, or the option patience.overallMs (milliseconds).",
  );
}

export function tooLarge(bytes: number, where: string): SurprisalError {
  return tooLong(
    `The answer is larger than ${Number((bytes / MIB).toPrecision(3))} MiB, more than what was asked for can take`,
    where,
    "Where that is right, allow more: --answer-mib, SURPRISAL_ANSWER_MIB, or the option mostAnswerBytes.",
  );
}

export function tooMany(what: string, tokens: number | null, where: string): SurprisalError {
  const asked = tokens === null ? "" : `, for ${tokens} tokens asked for`;
  return tooLong(
    `The answer goes on after ${what}${asked}`,
    where,
    "Ask for as many tokens as you want (maxTokens, --max-tokens), and check that the server minds it.",
  );
}

export function redirected(where: string): SurprisalError {
  return new SurprisalError({
    code: "REDIRECT_REFUSED",
    what: "The server sends the request, with the prompt in it, on to another host",
    where,
    wayOut:
      "Name that server itself, if you trust it; or allow it: --follow-redirects, SURPRISAL_FOLLOW_REDIRECTS=1, or the option followRedirects. The key stays behind.",
  });
}

/** Aborts where an answer must end, or where whoever asked has had enough. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #callOff: () => void;

  /** @param late made where the time is over. */
  constructor(ms: number, late: () => SurprisalError, outer: AbortSignal | undefined) {
    this.#timer = setTimeout(() => this.#controller.abort(late()), ms).unref();
    if (outer?.aborted) this.#controller.abort(outer.reason);
    this.#callOff = whenAborted(outer, () => this.#controller.abort(outer!.reason));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends it before its time. */
  abort(reason: SurprisalError): void {
    this.#controller.abort(reason);
  }

  done(): void {
    clearTimeout(this.#timer);
    this.#callOff();
  }
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
/** Fields of events; only data is content. */
const FIELDS = ["data:", "event:", "id:", "retry:", ":"];

/** Tells content from what only keeps a connection alive: comments, empty events, white space. */
export class Progress {
  /** The line so far, as much as tells what it is. */
  #line = "";
  #isData = false;
  #isIdle = false;

  /** Whether there is content in these bytes, cut anywhere. */
  feed(bytes: Uint8Array): boolean {
    let found = false;
    for (const byte of bytes) {
      if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
        this.#line = "";
        this.#isData = false;
        this.#isIdle = false;
      } else if (this.#isIdle || byte <= SPACE) {
      } else if (this.#isData) found = true;
      else found = this.#begin(byte) || found;
    }
    return found;
  }

  #begin(byte: number): boolean {
    this.#line += String.fromCharCode(byte);
    if (FIELDS.includes(this.#line)) {
      this.#isData = this.#line === "data:";
      this.#isIdle = !this.#isData;
    } else this.#isData = !FIELDS.some((field) => field.startsWith(this.#line)); // JSON, or words
    return this.#isData && this.#line !== "data:";
  }
}
