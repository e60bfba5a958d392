/** Answers without end, and prompts that are sent on: with bounds as small as the tests. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import { OllamaModel } from "../ollama/index.ts";
import { OpenAIModel } from "../openai/index.ts";
import { isUpgrade, longestMs, mostBytes, Progress } from "./bounds.ts";
import { RemoteClient, type RemoteClientOptions } from "./client.ts";
import { ApiKey } from "./key.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of open.splice(0)) server.close();
});

async function serve(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const requests: { headers: IncomingMessage["headers"]; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    requests.push({ headers: request.headers, body });
    answer(response, request);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  open.push({
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
  return { address: `http://127.0.0.1:${port}/v1`, requests };
}

/** Sends `piece` for ever, `beginning` before it. */
function endless(response: ServerResponse, piece: string, { beginning = "", everyMs = 0 } = {}): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(beginning);
  const more = () => {
    if (!response.destroyed) response.write(piece, () => setTimeout(more, everyMs));
  };
  more();
}

const client = (address: string, options: Partial<RemoteClientOptions> = {}) =>
  new RemoteClient({ address, backoffMs: 1, ...options });

async function failure(action: () => Promise<unknown>): Promise<SurprisalError> {
  try {
    await action();
  } catch (error) {
    if (SurprisalError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

async function readAll(remote: RemoteClient): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of (await remote.post("x", {})).messages()) values.push(value);
  return values;
}

describe("an answer without end", () => {
  it.each([
    ["comments", ": still here\n\n"],
    ["empty events", "data:\n\n"],
    ["events of a name alone", "event: ping\n\n"],
    ["white space", " \n"],
  ])("of %s is silent", async (_, piece) => {
    for (const beginning of ["data: 1\n\n", ""]) {
      const { address } = await serve((response) => endless(response, piece, { beginning, everyMs: 5 }));
      const error = await failure(() => readAll(client(address, { patience: { silenceMs: 100 } })));
      expect(error).toMatchObject({
        code: "STREAM_CUT",
        what: "The server has sent no content for 0.1 s",
      });
    }
  });

  it.each([
    ["events", "data: 1\n\n", ""],
    ["one event, byte by byte", "x", "data: "],
  ])(
    "of %s ends when its time is over, which the message says how to lengthen",
    async (_, piece, beginning) => {
      const { address } = await serve((response) => endless(response, piece, { beginning, everyMs: 5 }));
      const error = await failure(() => readAll(client(address, { patience: { overallMs: 150 } })));
      expect(error).toMatchObject({
        code: "ANSWER_TOO_LONG",
        what: "The answer has no end within 0.15 s",
        wayOut: expect.stringMatching(/SURPRISAL_ANSWER_SECONDS.*patience\.overallMs/),
      });
    },
  );

  it("is bounded together with all attempts at it", async () => {
    const { address, requests } = await serve((response) => {
      response.writeHead(503, { "retry-after": "50" }).end();
    });
    const error = await failure(() => client(address, { patience: { overallMs: 100 } }).get("models"));
    expect(error).toMatchObject({ code: "ANSWER_TOO_LONG" });
    expect(requests).toHaveLength(1);
  });

  it("of an error's words is bounded too", async () => {
    const { address } = await serve((response) => {
      response.writeHead(400);
      const more = () => {
        if (!response.destroyed) response.write("x", () => setTimeout(more, 5));
      };
      more();
    });
    const error = await failure(() => client(address, { patience: { overallMs: 150 } }).get("models"));
    expect(error.code).toBe("ANSWER_TOO_LONG");
  });

  it("in bytes is left, packed or not; the environment and the option allow more", async () => {
    const text = JSON.stringify(" ".repeat(2 ** 20));
    const { address } = await serve((response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(text));
    });
    const ask = async (options: Partial<RemoteClientOptions>) =>
      (await client(address, options).get("x")).json();
    const small = { mostAnswerBytes: 2 ** 19 };
    expect(await failure(() => ask(small))).toMatchObject({
      code: "ANSWER_TOO_LONG",
      what: "The answer is larger than 0.5 MiB, more than what was asked for can take",
      wayOut: expect.stringMatching(/SURPRISAL_ANSWER_MIB.*mostAnswerBytes/),
    });
    vi.stubEnv("SURPRISAL_ANSWER_MIB", "0.25");
    expect((await failure(() => ask({}))).what).toContain("0.25 MiB");
    vi.stubEnv("SURPRISAL_ANSWER_MIB", "2");
    expect(await ask({})).toHaveLength(2 ** 20);
    vi.stubEnv("SURPRISAL_ANSWER_MIB", "much");
    expect(await failure(() => ask({}))).toMatchObject({
      code: "INVALID_ARGUMENT",
      where: "SURPRISAL_ANSWER_MIB",
    });
  });
});

describe("bounds grow with what is asked for", () => {
  it.each([
    [{}, 1_200_000],
    [{ tokens: 256 }, 1_200_000 + 256 * 30_000],
    [{ tokens: 1e9 }, 2 ** 31 - 1], // a longer timer would fire at once
  ])("in time: %o", (asked, expected) => {
    expect(longestMs(undefined, 600_000, asked)).toBe(expected);
    expect(longestMs(7, 600_000, asked)).toBe(7);
  });

  it("in bytes: a prompt's numbers take more than an answer's", () => {
    const base = 8 * 2 ** 20;
    expect(mostBytes(undefined, 0, {})).toBe(base);
    expect(mostBytes(undefined, 100, { tokens: 2 })).toBe(base + 6400 + 2 * 4096);
    expect(mostBytes(undefined, 0, { tokens: 1, promptTokens: 1000, alternatives: 5 })).toBe(
      base + 1001 * (4096 + 5 * 1024),
    );
  });
});

describe("content is told from what keeps a connection", () => {
  const encoder = new TextEncoder();
  it.each([
    [": a comment with data: in it\n", false],
    ["data:\r\rdata: \r\n", false],
    ["event: a\nid: 1\nretry: 5\n", false],
    ["data: 1", true],
    ["\uFEFFdata: 1", true],
    [' {"a":1}', true],
    ["error", true],
    ["dat", false],
  ])("%j: %j, cut anywhere", (text, expected) => {
    expect(new Progress().feed(encoder.encode(text))).toBe(expected);
    const cut = new Progress();
    const found = Array.from(encoder.encode(text), (byte) => cut.feed(Uint8Array.of(byte)));
    expect(found.includes(true)).toBe(expected);
  });
});

const CHUNK = {
  choices: [{ index: 0, delta: { content: "a" }, logprobs: { content: [{ token: "a", logprob: -1 }] } }],
};

describe("an answer that goes on after the tokens asked for", () => {
  const writes = async (model: OpenAIModel | OllamaModel) => {
    const generation = model.generate([{ role: "user", content: "x" }], { maxTokens: 4 });
    const records = [];
    for await (const record of generation) records.push(record);
    return { records, end: generation.end };
  };

  it("is left: what was read is kept, partial, and it is said", async () => {
    const event = `data: ${JSON.stringify(CHUNK)}\n\n`;
    const { address } = await serve((response) => endless(response, event.repeat(50)));
    const model = await OpenAIModel.open(`${address}#m`, { dialect: "openai" });
    const { records, end } = await writes(model);
    expect(records).toHaveLength(1024 + 4 * 4);
    expect(records.every(({ logprob }) => logprob === -1)).toBe(true);
    expect(end).toMatchObject({ partial: true, tokens: null, finishReason: "other" });
    expect(end!.warnings.join()).toMatch(
      /goes on after 1040 records, for 4 tokens asked for; the rest was not read/,
    );
  });

  it("in bytes too", async () => {
    const event = `data: ${JSON.stringify(CHUNK)}\n\n`;
    const { address } = await serve((response) =>
      endless(response, `: ${"x".repeat(1000)}\n\n`, { beginning: event }),
    );
    const model = await OpenAIModel.open(`${address}#m`, { dialect: "openai", mostAnswerBytes: 50_000 });
    const { records, end } = await writes(model);
    expect(records).toHaveLength(1);
    expect(end!.warnings.join()).toContain("larger than 0.0477 MiB");
  });

  it("and one that has given nothing yet is an error", async () => {
    const { address } = await serve((response) =>
      endless(response, "x".repeat(1000), { beginning: "data: " }),
    );
    const model = await OpenAIModel.open(`${address}#m`, { dialect: "openai", mostAnswerBytes: 50_000 });
    expect((await failure(() => writes(model))).code).toBe("ANSWER_TOO_LONG");
  });

  it("from Ollama, in lines", async () => {
    const { address } = await serve((response, { url }) => {
      if (url === "/api/tags") return response.end('{"models":[{"name":"m"}]}');
      if (url === "/api/show") return response.end("{}");
      response.setHeader("content-type", "application/x-ndjson");
      endless(
        response,
        `${JSON.stringify({ message: { content: "a" }, logprobs: [{ token: "a", logprob: -1 }] })}\n`,
      );
    });
    const { end } = await writes(await OllamaModel.open("m", { address: new URL(address).origin }));
    expect(end).toMatchObject({ partial: true, scored: 1040 });
  });
});

describe("a prompt stays with its server", () => {
  const secret = ApiKey.fromEnvironment("TEST_KEY", { TEST_KEY: "sk-12345678" });

  it.each([307, 308])("%d to another host is refused, and says how to allow it", async (status) => {
    const other = await serve((response) => response.end('{"from":"elsewhere"}'));
    const { address } = await serve((response) =>
      response.writeHead(status, { location: `${other.address}/x` }).end(),
    );
    const error = await failure(() => client(address).post("x", { prompt: "private" }));
    expect(error).toMatchObject({
      code: "REDIRECT_REFUSED",
      where: `${other.address}/x`,
      wayOut: expect.stringMatching(/SURPRISAL_FOLLOW_REDIRECTS=1.*followRedirects/),
    });
    expect(other.requests).toHaveLength(0);

    const options = { key: secret, headers: { "x-own": "mine" } };
    const allowed = client(address, { ...options, followRedirects: true });
    expect(await (await allowed.post("x", { prompt: "private" })).json()).toEqual({ from: "elsewhere" });
    vi.stubEnv("SURPRISAL_FOLLOW_REDIRECTS", "1");
    await (await client(address, options).post("x", { prompt: "private" })).json();
    expect(other.requests).toHaveLength(2);
    for (const { headers, body } of other.requests) {
      expect(body).toBe('{"prompt":"private"}');
      expect(JSON.stringify(headers)).not.toMatch(/sk-1234|mine/);
    }
  });

  it.each([
    ["http://a/x", "https://a/x", true],
    ["http://a/x", "https://a/other", true],
    ["http://a/x", "https://b/x", false],
    ["http://a/x", "https://a:8443/x", false],
    ["https://a/x", "http://a/x", false],
    ["http://a/x", "http://a:81/x", false],
  ])("%s to %s is the same server, encrypted: %j", (from, to, expected) => {
    expect(isUpgrade(new URL(from), new URL(to))).toBe(expected);
  });
});
