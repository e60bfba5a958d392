/** From the bytes of an answer to its JSON values, one by one. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { malformed, streamCut } from "./failure.ts";
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
 * @throws SurprisalError WIRE_MALFORMED; STREAM_CUT when the stream ends within an event.
 */
export async function* readServerSentEvents(body: Chunks, where: string): AsyncGenerator<unknown> {
  let events: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onError: ({ type, field, value, line = "" }) => {
      if (type === "max-buffer-size-exceeded")
        throw malformed(`An event of the stream does not end: ${BOUND}`, where);
      // A server that fails half-way may write its error in a field of its own (llama-server once did), or as plain JSON.
      if (field === "error") events.push({ data: `{"error":${value}}` });
      else if (line.startsWith("{")) events.push({ data: line });
      else checkSkipped(line);
    },
    onComment: (comment) => checkSkipped(comment),
    maxBufferSize: LONGEST_EVENT,
  });
  /** What is no data is skipped; unless it is data whose field's name was damaged. */
  const checkSkipped = (line: string) => {
    if (line.includes('{"'))
      throw malformed("A line of the stream holds data and is not marked as data", where);
  };
  const read = function* (): Generator<unknown, boolean> {
    const arrived = events;
    events = [];
    for (const { data } of arrived) {
      if (data.trim() === "[DONE]") return true;
      if (data !== "") yield parseJson(data, where);
    }
    return false;
  };
  for await (const text of decoded(body, where)) {
    parser.feed(text);
    if (yield* read()) return;
  }
  parser.feed("\n"); // ends a last line, whose event is then complete or visibly not
  parser.feed("\n");
  try {
    yield* read();
  } catch (error) {
    throw streamCut("The connection ended in the middle of an event", where, error);
  }
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
  const decode = (bytes?: Uint8Array) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      if (bytes === undefined) throw streamCut("The connection ended in the middle of a character", where);
      throw malformed("The server's answer is not UTF-8", where);
    }
  };
  for await (const bytes of body) {
    const text = decode(bytes);
    if (text !== "") yield text;
  }
  decode();
}
