/** From the bytes of an answer to its JSON values, one by one. */
import { createParser } from "eventsource-parser";
import type { SurprisalError } from "../../core/index.ts";
import { malformed, quotation, streamCut } from "./failure.ts";
import { parseJson } from "./json.ts";

/** Bytes as they arrive, cut anywhere. */
export type Chunks = AsyncIterable<Uint8Array>;

/** Longest event, characters: a prompt's numbers in one piece may be large, a stream without line ends is an attack. */
const LONGEST_EVENT = 2 ** 28;
const BOUND = `more than ${LONGEST_EVENT / 2 ** 20} Mi characters`;

/**
 * The data of server-sent events as JSON, until the event `[DONE]`.
 *
 * Takes LF, CRLF and CR, comments, several data lines, a byte order mark, and a last event without its blank line.
 * @param where the server, for errors.
 * @returns the first line that was no part of an event, "" where the stream ended as streams do: of one that broke off it may
 *   say why.
 * @throws SurprisalError WIRE_MALFORMED; STREAM_CUT when the stream ends within an event.
 */
export async function* readServerSentEvents(body: Chunks, where: string): AsyncGenerator<unknown, string> {
  let events: Arrived[] = [];
  /** A line that is no part of an event: words, where there are no events at all. */
  let words = "";
  let given = false;
  const parser = createParser({
    onEvent: ({ event, data }) => events.push({ data, isError: event === "error" }),
    onError: ({ type, field, value, line = "" }) => {
      if (type === "max-buffer-size-exceeded")
        events.push({ error: malformed(`An event of the stream does not end: ${BOUND}`, where) });
      // A server that fails half-way may write its error in a field of its own (llama-server once did), or as plain JSON.
      else if (field === "error") events.push({ data: value ?? "", isError: true });
      else if (line.startsWith("{")) events.push({ data: line });
      else if (line.includes('{"')) events.push({ error: malformed(DAMAGED, where) });
      else words ||= line.trim();
    },
    // A comment may hold anything, JSON too. But it is an event whose beginning was damaged where it goes on as one.
    onComment: (comment) => {
      if (/^\s*data\s*:/.test(comment)) events.push({ error: malformed(DAMAGED, where) });
    },
    maxBufferSize: LONGEST_EVENT,
  });
  /** In order: what came before something that is wrong is given first. */
  const read = function* (): Generator<unknown, boolean> {
    const arrived = events;
    events = [];
    for (const { data = "", error, isError } of arrived) {
      if (error) throw error;
      if (data.trim() === "") continue;
      for (const value of isError ? [errorEvent(data, where)] : valuesIn(data, where)) {
        given = true;
        if (value === DONE) return true;
        yield value;
      }
    }
    return false;
  };
  for await (const text of decoded(body, where)) {
    parser.feed(text);
    if (yield* read()) return "";
  }
  parser.feed("\n"); // ends a last line, whose event is then complete or visibly not
  parser.feed("\n");
  try {
    if (yield* read()) return "";
  } catch (error) {
    throw streamCut("The connection ended in the middle of an event", where, error);
  }
  if (!given && words !== "")
    throw malformed(`The server's answer is not a stream of events: ${quotation(words)}`, where);
  return quotation(words);
}

/** What is no data is skipped; unless it is data whose field's name was damaged. */
const DAMAGED = "A line of the stream holds data and is not marked as data";

/** An event, or what is wrong in its place. */
interface Arrived {
  data?: string;
  /** Its name is "error". */
  isError?: boolean;
  error?: SurprisalError;
}

/** That nothing follows. */
const DONE = Symbol("[DONE]");

/** One value; or one in each line, of a server that leaves out the blank lines between events. */
function valuesIn(data: string, where: string): unknown[] {
  const read = (text: string) => (/^\s*"?\[DONE\]"?\s*$/.test(text) ? DONE : parseJson(text, where));
  try {
    return [read(data)];
  } catch (error) {
    const lines = data.split("\n").filter((line) => line.trim() !== "");
    if (lines.length < 2) throw error;
    try {
      return lines.map(read);
    } catch {
      throw error;
    }
  }
}

/** An event of the name "error" is one, whatever it holds: an error as servers write them, its fields alone, or words. */
function errorEvent(data: string, where: string): unknown {
  let json: unknown;
  try {
    json = parseJson(data, where);
  } catch {
    return { error: data };
  }
  const { error, type } = (json ?? {}) as { error?: unknown; type?: unknown };
  return error || type === "error" ? json : { error: json };
}

/**
 * Newline-delimited JSON.
 * @throws SurprisalError WIRE_MALFORMED; STREAM_CUT when the stream ends within a line.
 */
export async function* readNdjson(body: Chunks, where: string): AsyncGenerator<unknown> {
  let rest = "";
  for await (const text of decoded(body, where)) {
    const [first = "", ...lines] = text.split("\n"); // not of `rest` too: a long line would be gone through again and again
    rest += first;
    if (rest.length > LONGEST_EVENT) throw malformed(`A line of the stream does not end: ${BOUND}`, where);
    for (const line of lines) {
      if (rest.trim() !== "") yield parseJson(rest, where);
      rest = line;
    }
  }
  if (rest.trim() === "") return;
  try {
    yield parseJson(rest, where);
  } catch (error) {
    throw streamCut("The connection ended in the middle of a line", where, error);
  }
}

/**
 * The whole body as text.
 * @throws SurprisalError WIRE_MALFORMED for one that does not end.
 */
export async function readText(body: Chunks, where: string): Promise<string> {
  let text = "";
  for await (const piece of decoded(body, where)) {
    text += piece;
    if (text.length > LONGEST_EVENT) throw malformed(`The server's answer does not end: ${BOUND}`, where);
  }
  return text;
}

async function* decoded(body: Chunks, where: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  /** The first bytes of a character that the next ones end. */
  let open: Uint8Array = new Uint8Array(0);
  for await (const bytes of body) {
    let text: string;
    try {
      text = decoder.decode(bytes, { stream: true });
    } catch {
      yield soundLines(joined(open, bytes));
      throw malformed("The server's answer is not UTF-8", where);
    }
    open = openCharacter(joined(open, bytes.subarray(-LONGEST_CHARACTER)));
    if (text !== "") yield text;
  }
  try {
    decoder.decode();
  } catch {
    throw streamCut("The connection ended in the middle of a character", where);
  }
}

const LONGEST_CHARACTER = 4;

/** The bytes at the end of some that begin a character and do not end it. */
function openCharacter(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back < LONGEST_CHARACTER && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? bytes.slice(-back) : new Uint8Array(0);
  }
  return new Uint8Array(0);
}

/** The whole lines before the first byte that is no UTF-8. */
function soundLines(bytes: Uint8Array): string {
  const strict = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  try {
    for (let start = 0, end = 0; ; start = end) {
      end = bytes.indexOf(0x0a, start) + 1;
      if (end === 0) return text;
      text += strict.decode(bytes.subarray(start, end));
    }
  } catch {
    return text;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
