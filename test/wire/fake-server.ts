/**
 * A server on this machine that speaks a real server's dialect out of a model whose every number is known, and
 * misbehaves on request.
 */
import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { LanguageModel } from "../../src/models/index.ts";
import { TableModel } from "../../src/models/test/index.ts";
import { type Framing, frame, type WireAnswer } from "./answer.ts";
import { type Dialect, Malformed, type Reply } from "./dialects/dialect.ts";
import { DIALECTS, type DialectName } from "./dialects/index.ts";
import type { Misbehaviour } from "./misbehaviour.ts";
import { type Json, object, Refusal } from "./pick.ts";

export type { DialectName } from "./dialects/index.ts";
export type { Misbehaviour } from "./misbehaviour.ts";

export interface FakeServerOptions {
  dialect: DialectName;
  /** Default TableModel.bytes(). It is not disposed with the server. */
  model?: LanguageModel;
  misbehave?: Misbehaviour;
  /** The key a request must carry; default: none is asked for. */
  key?: string;
  /** Default: one that no other server of this process had. */
  port?: number;
}

/** A request as it arrived. */
interface RecordedRequest {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Json;
  /** The client went away before the answer was complete. */
  aborted: boolean;
}

export interface FakeServer extends AsyncDisposable {
  /** Where the API begins, such as `http://127.0.0.1:40123/v1`. */
  readonly url: string;
  /** `http://127.0.0.1:40123`. */
  readonly origin: string;
  readonly requests: RecordedRequest[];
  /** Can be changed between requests. */
  misbehave: Misbehaviour;
  close(): Promise<void>;
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startFakeServer(options: FakeServerOptions): Promise<FakeServer> {
  const dialect = DIALECTS[options.dialect];
  const model = options.model ?? TableModel.bytes();
  const requests: RecordedRequest[] = [];
  let busy = 0;
  const http = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.destroyed) return;
      if (response.headersSent) response.destroy();
      else send(response, 500, dialect.error(500, String(error)), dialect);
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { misbehave } = server;
    const body = await read(request);
    const recorded: RecordedRequest = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body,
      aborted: false,
    };
    requests.push(recorded);
    const gone = new AbortController();
    response.on("close", () => {
      recorded.aborted = !response.writableFinished;
      if (recorded.aborted) gone.abort();
    });
    if (misbehave.redirect) {
      response.writeHead(misbehave.redirect.status ?? 307, { location: misbehave.redirect.to + request.url });
      response.end();
      return;
    }
    if (misbehave.busy && busy < misbehave.busy.times) {
      busy++;
      const { status = 429, retryAfter } = misbehave.busy;
      const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
      send(response, status, dialect.error(status, "Too many requests"), dialect, headers);
      return;
    }
    if (misbehave.webPage) {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html><title>A web page</title>");
      return;
    }
    const sent = String(request.headers[dialect.keyHeader ?? "authorization"] ?? "");
    if (options.key !== undefined && sent.replace(/^Bearer /, "") !== options.key) {
      const message = misbehave.repeatKey
        ? `Incorrect API key provided: ${sent}`
        : "Incorrect API key provided";
      send(response, 401, dialect.error(401, message), dialect);
      return;
    }
    const path = new URL(request.url ?? "/", "http://fake").pathname;
    const route = dialect.routes.find((each) => each.method === request.method && each.path.test(path));
    if (!route) {
      send(response, 404, dialect.error(404, `No route ${request.method} ${path}`), dialect);
      return;
    }
    try {
      const groups = { ...route.path.exec(path)?.groups };
      const reply = await route.reply({ model, body, path: groups, misbehave, signal: gone.signal });
      await deliver(response, reply, dialect, misbehave);
    } catch (error) {
      if (error instanceof Refusal) send(response, error.status, error.body, dialect, error.headers);
      else if (error instanceof Malformed)
        send(response, 400, dialect.error(400, `Malformed request: ${error.message}`), dialect);
      else throw error;
    }
  }

  await listen(http, options.port);
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const close = async () => {
    http.closeAllConnections();
    if (http.listening) await new Promise((resolve) => http.close(resolve));
  };
  const server: FakeServer = {
    origin,
    url: origin + dialect.base,
    requests,
    misbehave: options.misbehave ?? {},
    close,
    [Symbol.asyncDispose]: close,
  };
  return server;
}

/** Ports that servers of this process had: what is remembered about an address would hold for the next one there. */
const ports = new Set<number>();

/** @param port default: any that no server of this process had. */
async function listen(http: Server, port?: number): Promise<void> {
  for (;;) {
    http.listen(port ?? 0, "127.0.0.1");
    await once(http, "listening");
    const given = (http.address() as AddressInfo).port;
    if (port !== undefined || !ports.has(given)) {
      ports.add(given);
      return;
    }
    await new Promise((resolve) => http.close(resolve));
  }
}

async function read(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? {} : object(JSON.parse(text));
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  { headers }: Dialect,
  more: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers, ...more });
  response.end(JSON.stringify(body));
}

async function deliver(
  response: ServerResponse,
  reply: Reply,
  dialect: Dialect,
  misbehave: Misbehaviour,
): Promise<void> {
  if ("json" in reply) {
    send(response, reply.status ?? 200, reply.json, dialect);
    return;
  }
  const answer = misbehave.wrongUsage ? miscounted(reply.answer, misbehave.wrongUsage) : reply.answer;
  const { stream, framing } = reply;
  const parts = stream ? streamParts(answer, framing, dialect, misbehave) : [JSON.stringify(answer.body)];
  const type = !stream
    ? "application/json"
    : framing === "ndjson"
      ? "application/x-ndjson"
      : "text/event-stream; charset=utf-8";
  response.writeHead(200, { "content-type": type, ...dialect.headers });
  const limit = misbehave.cutAfterBytes ?? Number.POSITIVE_INFINITY;
  let written = 0;
  for (const [i, part] of parts.entries()) {
    if (misbehave.slow) await sleep(misbehave.slow);
    if (response.destroyed) return;
    if (misbehave.stallAfterEvents === i) return; // the connection stays open
    const bytes = Buffer.from(part);
    const room = Math.max(0, limit - written);
    if (bytes.length > room) {
      response.write(bytes.subarray(0, room), () => response.destroy());
      return;
    }
    written += bytes.length;
    if (!response.write(bytes)) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
  if (limit !== Number.POSITIVE_INFINITY) response.destroy();
  else response.end();
}

function streamParts(
  answer: WireAnswer,
  framing: Framing,
  dialect: Dialect,
  misbehave: Misbehaviour,
): string[] {
  const error =
    dialect.errorEvent ?? dialect.error(500, "The server had an error while processing your request");
  let events = [...answer.events];
  if (misbehave.dropEvent !== undefined) {
    const at = misbehave.dropEvent < 0 ? events.length + misbehave.dropEvent : misbehave.dropEvent;
    events.splice(at, 1);
  }
  if (misbehave.noEnd) events = events.filter(({ data }) => data !== "[DONE]");
  if (misbehave.errorAfterEvents !== undefined)
    events = [...events.slice(0, misbehave.errorAfterEvents), { data: error }];
  const parts = events.map((event) => frame(event, framing));
  if (framing === "ndjson") return parts;
  return parts.map((part) => {
    const commented = misbehave.comments ? `: keep-alive\n\n${part}` : part;
    return misbehave.crlf ? commented.replaceAll("\n", "\r\n") : commented;
  });
}

/** The counts of an answer, wherever they stand. */
const COUNTS = new Set([
  "completion_tokens",
  "output_tokens",
  "tokens_predicted",
  "eval_count",
  "generated_tokens",
  "candidatesTokenCount",
]);

function miscounted(answer: WireAnswer, by: number): WireAnswer {
  const change = <Value>(value: Value): Value =>
    JSON.parse(JSON.stringify(value), (key, each: unknown) =>
      COUNTS.has(key) && typeof each === "number" ? each + by : each,
    ) as Value;
  return { body: change(answer.body), events: answer.events.map((event) => change(event)) };
}
