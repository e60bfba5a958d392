/** A server of language models that lies, put together from faults drawn with a seed; what it says is known. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { type Draw, one } from "./hostile-index.ts";

const SOURCES = ["chat", "completions", "ollama", "gemini"] as const;
export type Source = (typeof SOURCES)[number];

/** What the server's model really wrote. */
export const TRUTH: readonly { text: string; logprob: number }[] = [
  { text: "One", logprob: -0.5 },
  { text: " é", logprob: -1.25 },
  { text: " two", logprob: -2.75 },
  { text: "!", logprob: -0.0625 },
];

export const KEY = "sk-attack-0123456789abcdef";

/** Whole: numbers must be the truth. Broken: what is given must be its beginning. Lying: no number that cannot be. */
type Harm = "whole" | "broken" | "lying";

export interface Scene {
  source: Source;
  faults: string[];
  harm: Harm;
}

/** Transport under which nothing is lost. */
const ODD = [
  "none",
  "bytes",
  "pieces",
  "comments",
  "blank",
  "gzip",
  "large headers",
  "no type",
  "wrong type",
] as const;
/** Transport and bodies after which the answer is not all there. */
const BREAKING = [
  "cut",
  "reset",
  "endless comments",
  "endless blank",
  "endless events",
  "endless line",
  "one byte at a time",
  "bomb",
  "NUL",
  "not UTF-8",
  "deep JSON",
  "huge headers",
  "redirect abroad",
  "redirect loop",
  "endless error",
  "error with key",
  "error in stream with key",
  "retry for ever",
  "silent",
  "model list without end",
  "web page",
] as const;
const LIES = [
  "huge token",
  "index",
  "tool index",
  "__proto__",
  "NaN",
  "Infinity",
  "text number",
  "positive",
  "1e999",
  "object number",
  "boolean number",
  "long list",
] as const;

type Fault = (typeof ODD)[number] | (typeof BREAKING)[number] | (typeof LIES)[number];

export class HostileServer {
  readonly #server: Server;
  readonly #other: Server;
  #scene: { source: Source; odd: Fault; bad: Fault | null; at: number; draw: Draw } | null = null;
  /** Requests with a body that reached the other host, or with a key. */
  leaks = 0;
  origin = "";
  #abroad = "";

  private constructor() {
    this.#server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
      response.on("error", () => {});
      request.resume().on("end", () => this.#answer(request, response));
    });
    this.#other = createServer((request, response) => {
      if (request.method === "POST" || JSON.stringify(request.headers).includes(KEY)) this.leaks++;
      response.end("{}");
    });
  }

  static async start(): Promise<HostileServer> {
    const made = new HostileServer();
    const origins = [made.#server, made.#other].map(async (server) => {
      await once(server.listen(0, "127.0.0.1"), "listening");
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    [made.origin = "", made.#abroad = ""] = await Promise.all(origins);
    return made;
  }

  play(draw: Draw): Scene {
    this.#server.closeAllConnections();
    const source = one(draw, SOURCES);
    const kind = draw();
    const odd = one(draw, ODD);
    const bad = kind < 0.25 ? null : kind < 0.65 ? one(draw, BREAKING) : one(draw, LIES);
    const harm: Harm = kind < 0.25 ? "whole" : kind < 0.65 ? "broken" : "lying";
    this.leaks = 0;
    this.#scene = { source, odd, bad, at: Math.floor(draw() * TRUTH.length), draw };
    return { source, harm, faults: [source, odd, ...(bad === null ? [] : [`${bad} at ${this.#scene.at}`])] };
  }

  async close(): Promise<void> {
    for (const server of [this.#server, this.#other]) {
      server.closeAllConnections();
      server.close();
    }
  }

  #answer({ method, url = "" }: IncomingMessage, response: ServerResponse): void {
    const { source, odd, bad, at, draw } = this.#scene!;
    if (method === "GET" || url === "/api/show") {
      if (bad === "model list without end") {
        endless(response, '{"name":"x"},', '{"models":[');
        return;
      }
      return void response.end(
        JSON.stringify({ name: "models/m", models: [{ name: "m" }], data: [{ id: "m" }] }),
      );
    }
    if (method === "POST" && bad === "redirect abroad")
      return void response.writeHead(one(draw, [307, 308]), { location: `${this.#abroad}${url}` }).end();
    if (bad === "redirect loop") return void response.writeHead(307, { location: url }).end();
    if (bad === "retry for ever") return void response.writeHead(429, { "retry-after": "1000000" }).end();
    if (bad === "error with key")
      return void response.writeHead(400).end(JSON.stringify({ error: { message: `bad key ${KEY}` } }));
    if (bad === "endless error") {
      response.writeHead(one(draw, [400, 500]));
      return void endless(response, "x".repeat(1000));
    }
    if (bad === "silent") return;
    if (bad === "huge headers") response.setHeader("x-large", "x".repeat(1_000_000));
    if (odd === "large headers") response.setHeader("x-large", "x".repeat(8000));
    const lines = source === "ollama";
    if (odd !== "no type")
      response.setHeader(
        "content-type",
        odd === "wrong type" && !lines ? "text/plain" : lines ? "application/x-ndjson" : "text/event-stream",
      );
    else if (lines) response.setHeader("content-type", "application/x-ndjson");
    if (bad === "web page") return void response.end("<!doctype html><p>log in</p>");
    const events = TRUTH.map((_, i) => eventOf(source, i, i === at ? bad : null));
    const framed = (json: string) => (lines ? `${json}\n` : `data: ${json}\n\n`);
    const frames = [...events, endOf(source)].map(framed);
    const before = frames.slice(0, at).join("");
    if (bad === "endless comments") {
      endless(response, lines ? "\n" : ": on\n\n", before);
      return;
    }
    if (bad === "endless blank") {
      endless(response, " ", before);
      return;
    }
    if (bad === "endless events") {
      endless(response, frames[at]!.repeat(20), before);
      return;
    }
    if (bad === "endless line")
      return void endless(response, "x".repeat(10_000), `${before}${lines ? '{"' : 'data: {"'}`);
    if (bad === "one byte at a time")
      return void endless(response, "x", `${before}${lines ? '{"' : 'data: {"'}`, 20);
    if (bad === "bomb") {
      response.setHeader("content-encoding", "gzip");
      return void response.end(Buffer.concat(Array.from({ length: 200 }, () => BOMB)));
    }
    if (bad === "error in stream with key")
      return void response.end(before + framed(JSON.stringify({ error: { message: `no: ${KEY}` } })));
    if (bad === "deep JSON") return void response.end(before + framed("[".repeat(200_000)));
    if (bad === "NUL") return void response.end(`${before}${lines ? "" : "data: "}\0\0{"a":\0}\n\n`);
    if (bad === "not UTF-8")
      return void response.end(Buffer.concat([Buffer.from(before), Buffer.from([0x64, 0xff, 0xfe, 0x0a])]));
    let body = Buffer.from(
      frames
        .map((frame) =>
          odd === "comments" && !lines ? `: {"a":1}\n\n${frame}` : odd === "blank" ? `\n${frame}` : frame,
        )
        .join(""),
    );
    if (bad === "cut" || bad === "reset") {
      body = body.subarray(0, Buffer.byteLength(before) + Math.floor(draw() * 30));
      if (bad === "cut") return void response.end(body);
      return void response.write(body, () => setTimeout(() => response.destroy(), 20));
    }
    if (odd === "gzip") return void response.setHeader("content-encoding", "gzip").end(gzipSync(body));
    if (odd !== "bytes" && odd !== "pieces") return void response.end(body);
    let sent = 0;
    const more = () => {
      if (response.destroyed || sent >= body.length) return void response.end();
      const next = sent + (odd === "bytes" ? 1 : 1 + Math.floor(draw() * 200));
      response.write(body.subarray(sent, next), () => setImmediate(more));
      sent = next;
    };
    more();
  }
}

const BOMB = gzipSync(Buffer.alloc(2 ** 20, 0x20));

function endless(response: ServerResponse, piece: string, beginning = "", everyMs = 0): void {
  response.write(beginning);
  const more = () => {
    if (!response.destroyed) response.write(piece, () => setTimeout(more, everyMs));
  };
  more();
}

/** A number as a liar writes it, in JSON or in what Python takes for it. */
function numberOf(logprob: number, bad: Fault | null): string {
  const lies: Partial<Record<Fault, string>> = {
    NaN: "NaN",
    Infinity: "Infinity",
    "text number": '"-1.5"',
    positive: "3.5",
    "1e999": "1e999",
    "object number": '{"valueOf":-1}',
    "boolean number": "true",
  };
  return (bad && lies[bad]) ?? String(logprob);
}

/** One token, as JSON. */
function eventOf(source: Source, i: number, bad: Fault | null): string {
  const truth = TRUTH[i]!;
  const text = JSON.stringify(bad === "huge token" ? "x".repeat(20_000_000) : truth.text);
  const index = bad === "index" ? "1000000000" : "0";
  const more = bad === "__proto__" ? ',"__proto__":{"logprob":-9},"constructor":{"prototype":1}' : "";
  const alternatives =
    bad === "long list" ? `,"top_logprobs":[${'{"token":"x","logprob":-3},'.repeat(50_000)}{}]` : "";
  const entry = `{"token":${text},"logprob":${numberOf(truth.logprob, bad)}${alternatives}${more}}`;
  const tools =
    bad === "tool index" ? ',"tool_calls":[{"index":1000000000,"function":{"arguments":"{}"}}]' : "";
  if (source === "chat")
    return `{"choices":[{"index":${index},"delta":{"content":${text}${tools}${more}},"logprobs":{"content":[${entry}]}}]${more}}`;
  if (source === "completions")
    return `{"choices":[{"index":${index},"text":${text},"logprobs":{"tokens":[${text}],"token_logprobs":[${numberOf(truth.logprob, bad)}],"top_logprobs":null,"text_offset":null}${more}}]${tools}${more}}`;
  if (source === "ollama")
    return `{"message":{"role":"assistant","content":${text}${tools}},"done":false,"logprobs":[${entry}]${more}}`;
  return `{"candidates":[{"index":${index},"content":{"parts":[{"text":${text}}]},"logprobsResult":{"chosenCandidates":[{"token":${text},"logProbability":${numberOf(truth.logprob, bad)}${more}}]}}]${more}}`;
}

function endOf(source: Source): string {
  const tokens = TRUTH.length;
  if (source === "chat")
    return `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"completion_tokens":${tokens}}}`;
  if (source === "completions")
    return `{"choices":[{"index":0,"text":"","finish_reason":"stop"}],"usage":{"completion_tokens":${tokens}}}`;
  if (source === "ollama")
    return `{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","eval_count":${tokens}}`;
  return `{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"candidatesTokenCount":${tokens}}}`;
}
