/** HTTP against servers on this machine that fail in every way. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import { RemoteClient, type RemoteClientOptions } from "./client.ts";
import { ServerRefusal } from "./failure.ts";
import { ApiKey } from "./key.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => unknown;

const open: { close(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function serve(handler: Handler) {
  const requests: { url: string; method: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    requests.push({ url: request.url!, method: request.method!, headers: request.headers, body });
    await handler(request, response, requests.length);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  open.push({
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
  return { address, requests, server };
}

const client = (address: string, options: Partial<RemoteClientOptions> = {}) =>
  new RemoteClient({ address, backoffMs: 1, ...options });
const json = (
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
};
const key = (value: string) => ApiKey.fromEnvironment("TEST_KEY", { TEST_KEY: value })!;

async function failure(action: () => Promise<unknown>): Promise<SurprisalError> {
  try {
    await action();
  } catch (error) {
    if (SurprisalError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

describe("addresses", () => {
  it("below the base, and beside its /v1", async () => {
    const { address, requests } = await serve((_, response) => json(response, {}));
    const remote = client(`${address}/?key=secret#model`);
    await (await remote.get("models")).json();
    await (await remote.post("/completion?x=1", { a: 1 })).json();
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /v1/models",
      "POST /completion?x=1",
    ]);
    expect(requests[1]).toMatchObject({ body: '{"a":1}', headers: { "content-type": "application/json" } });
    expect(remote.name).toBe(address);
  });

  it.each([
    ["http://user:s3cret@ho st/v1", "This is no address of a server", "http://…@ho st/v1"],
    ["http://user:s3cret@host:99999/v1", "This is no address of a server", "http://…@host:99999/v1"],
    ["http:", "This is no address of a server", "http:"],
  ])("%s cannot be taken apart: it is shown without credentials", async (address, what, where) => {
    expect(await failure(async () => client(address))).toMatchObject({
      code: "INVALID_ARGUMENT",
      what,
      where,
    });
  });

  it.each(["sk-12345678\r\nX-Evil: 1", "sk-1234 5678", "sk-s\u00e9cret-1234"])(
    "the key %j is none",
    (value) => {
      const read = () => key(value);
      expect(read).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", where: "TEST_KEY" }));
      expect(read).not.toThrow(/sk-/);
    },
  );

  it.each(["ftp://host/v1", "host:8080", "", "http://user:secret@host/v1"])(
    "%s is refused",
    async (address) => {
      const error = await failure(async () => client(address));
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect(error.message).not.toContain("secret");
    },
  );
});

describe("attempts", () => {
  it.each([408, 429, 500, 502, 503, 529])("%d is asked again", async (status) => {
    const { address, requests } = await serve((_, response, count) =>
      count < 3 ? json(response, { error: "busy" }, status) : json(response, { fine: true }),
    );
    expect(await (await client(address).post("x", {})).json()).toEqual({ fine: true });
    expect(requests).toHaveLength(3);
  });

  it.each([400, 401, 403, 404, 422])("%d is final", async (status) => {
    const { address, requests } = await serve((_, response) =>
      json(response, { error: { message: "no" } }, status),
    );
    const error = await failure(() => client(address).post("x", {}));
    expect(error.message).toContain(`HTTP ${status}: no`);
    expect(requests).toHaveLength(1);
  });

  it("end, with the server's last words", async () => {
    const { address, requests } = await serve((_, response) =>
      json(response, { error: { message: "slow down" } }, 429),
    );
    const error = await failure(() => client(address, { attempts: 3 }).post("x", {}));
    expect(error).toMatchObject({ code: "RATE_LIMITED", what: "HTTP 429: slow down" });
    expect(requests).toHaveLength(3);
  });

  it("follow a connection that breaks before the first byte", async () => {
    const { address, requests } = await serve((request, response, count) =>
      count < 3 ? request.socket.destroy() : json(response, 7),
    );
    expect(await (await client(address).post("x", {})).json()).toBe(7);
    expect(requests).toHaveLength(3);
  });

  it("never follow an answer that has begun", async () => {
    const { address, requests } = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n", () => response.destroy());
    });
    const seen: unknown[] = [];
    const error = await failure(async () => {
      for await (const value of (await client(address).post("x", {})).messages()) seen.push(value);
    });
    expect([error.code, seen, requests.length]).toEqual(["STREAM_CUT", [1], 1]);
  });

  it("are not made where no server ever was", async () => {
    const { address, server } = await serve(() => {});
    server.close();
    await once(server, "close");
    const before = performance.now();
    const error = await failure(() => client(address, { backoffMs: 60_000 }).get("models"));
    expect(error.code).toBe("SERVER_UNREACHABLE");
    expect(error.message).toContain(address);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it.each([
    ["seconds", () => "0.4", 350],
    ["a date", () => new Date(Date.now() + 2000).toUTCString(), 900],
    ["nothing it could mean", () => "soon", 0],
  ])("wait for as long as Retry-After asks: %s", async (_, retryAfter, least) => {
    const { address } = await serve((__, response, count) =>
      count === 1 ? json(response, {}, 429, { "retry-after": retryAfter() }) : json(response, {}),
    );
    const before = performance.now();
    await client(address).get("models");
    const waited = performance.now() - before;
    expect(waited).toBeGreaterThanOrEqual(least);
    expect(waited).toBeLessThan(5000);
  });

  it("are not made for what cannot be sent", async () => {
    const { address, requests } = await serve((_, response) => json(response, {}));
    const error = await failure(() => client(address, { headers: { "x-name": "a\nb" } }).get("models"));
    expect(error).toMatchObject({
      code: "SERVER_UNREACHABLE",
      what: "The request cannot be sent: invalid x-name header",
    });
    expect(requests).toEqual([]);
  });

  it("can be aborted while waiting", async () => {
    const { address } = await serve((_, response) => json(response, {}, 429, { "retry-after": "3600" }));
    const error = await failure(() => client(address).get("models", { signal: AbortSignal.timeout(100) }));
    expect(error.code).toBe("ABORTED");
  });
});

describe("patience", () => {
  it("ends with a server that does not answer", async () => {
    const { address } = await serve(() => {});
    const error = await failure(() =>
      client(address, { attempts: 1, patience: { answerMs: 100 } }).get("models"),
    );
    expect(error).toMatchObject({
      code: "SERVER_UNREACHABLE",
      what: expect.stringContaining("no answer within 0.1 s"),
    });
  });

  it("ends with a server that falls silent", async () => {
    const { address } = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    const error = await failure(async () => {
      for await (const _ of (
        await client(address, { patience: { silenceMs: 100 } }).post("x", {})
      ).messages());
    });
    expect(error).toMatchObject({ code: "STREAM_CUT", what: expect.stringContaining("no data for 0.1 s") });
  });

  it("does not end with a reader that takes its time", async () => {
    const { address } = await serve((_, response) => {
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.end("1\n2\n");
    });
    const seen: unknown[] = [];
    for await (const value of (
      await client(address, { patience: { silenceMs: 100 } }).post("x", {})
    ).messages()) {
      seen.push(value);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(seen).toEqual([1, 2]);
  });
});

describe("stopping", () => {
  it("an aborted signal ends the request, before and in the middle", async () => {
    const { address } = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    const remote = client(address);
    expect((await failure(() => remote.get("models", { signal: AbortSignal.abort() }))).code).toBe("ABORTED");
    const controller = new AbortController();
    const error = await failure(async () => {
      const answer = await remote.post("x", {}, { signal: controller.signal });
      for await (const _ of answer.messages()) controller.abort();
    });
    expect(error.code).toBe("ABORTED");
  });

  it("a reader that leaves early closes the connection", async () => {
    let closed: Promise<unknown> | undefined;
    const { address } = await serve((_, response) => {
      closed = once(response, "close");
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\ndata: 2\n\n");
    });
    for await (const _ of (await client(address).post("x", {})).messages()) break;
    await closed;
  });
});

describe("keys", () => {
  it("travel as a bearer token, or in a header of their own", async () => {
    const { address, requests } = await serve((_, response) => json(response, {}));
    await client(address, { key: key("sk-12345678") }).get("models");
    await client(address, { key: key("sk-12345678"), keyHeader: "api-key" }).get("models");
    expect(requests[0]!.headers.authorization).toBe("Bearer sk-12345678");
    expect(requests[1]!.headers).toMatchObject({ "api-key": "sk-12345678" });
    expect(requests[1]!.headers.authorization).toBeUndefined();
  });

  it.each([301, 302, 303, 307, 308])(
    "do not follow a redirect (%d) to another server; nor do other headers",
    async (status) => {
      const elsewhere = await serve((_, response) => json(response, { from: "elsewhere" }));
      const { address } = await serve((_, response) => {
        response.writeHead(status, { location: `${elsewhere.address}/models` });
        response.end();
      });
      const options = { key: key("sk-12345678"), headers: { "x-secret": "also secret" } };
      expect(await (await client(address, options).get("models")).json()).toEqual({ from: "elsewhere" });
      expect(JSON.stringify(elsewhere.requests[0]!.headers)).not.toMatch(/sk-1234|also secret/);
    },
  );

  it("follow a redirect on the same server", async () => {
    const { address, requests } = await serve((request, response) => {
      if (request.url === "/v1/new") return json(response, {});
      response.writeHead(307, { location: "/v1/new" });
      response.end();
    });
    await client(address, { key: key("sk-12345678") }).post("old", { a: 1 });
    expect(requests[1]).toMatchObject({
      method: "POST",
      body: '{"a":1}',
      headers: { authorization: "Bearer sk-12345678" },
    });
  });

  it("a POST does not become a GET, and redirects end", async () => {
    const { address, requests } = await serve((_, response) => {
      response.writeHead(302, { location: "/v1/new" });
      response.end();
    });
    expect((await failure(() => client(address).post("old", {}))).message).toContain("HTTP 302");
    expect(requests).toHaveLength(1);
    expect((await failure(() => client(address).get("old"))).message).toContain("redirects");
  });

  it("are struck out where the server repeats them", async () => {
    const secret = "sk-proj-abcdefghijklmnop";
    const { address } = await serve((_, response) =>
      json(
        response,
        { error: { message: `Incorrect key: ${secret}, or sk-proj-****mnop; Basic ${btoa(secret)}` } },
        401,
      ),
    );
    const error = await failure(() => client(address, { key: key(secret) }).get("models"));
    expect(error).toMatchObject({ code: "UNAUTHORIZED" });
    expect(error.message).toContain("TEST_KEY");
    expect((error as ServerRefusal).complaint.message).toContain("Incorrect key");
    for (const shown of [error.message, inspect(error, { depth: 9 }), JSON.stringify(error)])
      expect(shown).not.toMatch(/sk-proj|abcdef|mnop|c2stcHJv/);
  });

  it.each([
    ["this server", "/session"],
    ["another one", "http://localhost:1/session"],
  ])("are struck out of an address on %s that a redirect names", async (_, start) => {
    const secret = "sk-proj-abcdefghijklmnop";
    const { address } = await serve((request, response) => {
      if (request.url!.startsWith("/session")) return json(response, { error: "no" }, 400);
      response.writeHead(307, { location: `${start}/${secret}/v1` });
      response.end();
    });
    const error = await failure(() => client(address, { key: key(secret), attempts: 1 }).post("x", {}));
    expect(error.where).toMatch(/^http:.*\/session\/\[key\]\/v1$/);
    expect(inspect(error, { depth: 9 })).not.toContain("abcdef");
  });

  it("that are a word of the person's own address leave it as it is", async () => {
    const { address } = await serve((_, response) => json(response, { error: "no" }, 400));
    const error = await failure(() => client(address, { key: key("127") }).get("models"));
    expect(error.where).toBe(`${address}/models`);
  });

  it("are not shown by any way of printing", () => {
    const secret = key("sk-12345678");
    const remote = client("http://host/v1", { key: secret });
    for (const shown of [
      `${secret}`,
      inspect(secret, { showHidden: true }),
      JSON.stringify({ secret }),
      inspect(remote, { depth: 9 }),
      JSON.stringify(remote),
    ])
      expect(shown).not.toContain("1234");
  });

  it("that are empty are none", () => {
    expect(ApiKey.fromEnvironment("K", { K: " " })).toBe(null);
    expect(ApiKey.fromEnvironment("K", {})).toBe(null);
  });
});

describe("answers", () => {
  it("a web page is said to be one", async () => {
    const { address } = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html>");
    });
    const error = await failure(async () => (await client(address).get("models")).json());
    expect(error).toMatchObject({ code: "WIRE_MALFORMED", what: "The server answers with a web page" });
  });

  const EVENTS = 'data: {"a":1}\n\ndata: {"a":2}\n\ndata: [DONE]\n\n';
  it.each<[string, string | null, string, unknown[]]>([
    ["events, in capitals", "Text/Event-Stream; Charset=UTF-8", EVENTS, [{ a: 1 }, { a: 2 }]],
    ["events, unsaid", null, EVENTS, [{ a: 1 }, { a: 2 }]],
    ["events after a comment, unsaid", null, `\n: hello\n\n${EVENTS}`, [{ a: 1 }, { a: 2 }]],
    ["named events, called text", "text/plain", `event: x\n${EVENTS}`, [{ a: 1 }, { a: 2 }]],
    ["lines, in capitals", "Application/X-NDJSON", '{"a":1}\n{"a":2}\n', [{ a: 1 }, { a: 2 }]],
    ["JSON, unsaid", null, '\n {"data": 1}', [{ data: 1 }]],
    ["one number, unsaid", null, "7", [7]],
  ])("%s: are read as what they are, cut anywhere", async (_, type, body, expected) => {
    const { address } = await serve(async (_, response) => {
      if (type) response.setHeader("content-type", type);
      for (const character of body) {
        response.write(character);
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    const messages: unknown[] = [];
    for await (const message of (await client(address).get("x")).messages()) messages.push(message);
    expect(messages).toEqual(expected);
  });

  it.each(["", "error: out of memory"])("%j without a type is no event stream", async (body) => {
    const { address } = await serve((_, response) => response.end(body));
    const error = await failure(async () => (await client(address).get("x")).messages().next());
    expect(error.code).toBe(body === "" ? "STREAM_CUT" : "WIRE_MALFORMED");
  });

  it("an endless error is read in part", async () => {
    const { address } = await serve((_, response) => {
      response.writeHead(400);
      const more = () => {
        if (!response.destroyed) response.write("x".repeat(65_536), () => setImmediate(more));
      };
      more();
    });
    const error = await failure(() => client(address).get("models"));
    expect(error).toBeInstanceOf(ServerRefusal);
    expect(error.message.length).toBeLessThan(1000);
  });

  it("no more requests at once than allowed, and all of them in the end", async () => {
    let now = 0;
    let most = 0;
    const { address } = await serve(async (_, response) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 20));
      now--;
      json(response, {});
    });
    const [a, b] = [client(address, { concurrency: 3 }), client(address)];
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => (await (i % 2 ? a : b).post("x", {})).json()),
    );
    expect(most).toBe(3);
  });

  it("keep their connection for the next request", async () => {
    const sockets = new Set<Socket>();
    const { address } = await serve((request, response) => {
      sockets.add(request.socket);
      json(response, {});
    });
    const remote = client(address);
    for (let i = 0; i < 5; i++) await (await remote.post("x", {})).json();
    expect(sockets.size).toBe(1);
  });
});

describe("connections of streams", () => {
  it("are used again when the last event was read", async () => {
    const sockets = new Set<Socket>();
    const { address } = await serve((request, response) => {
      sockets.add(request.socket);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"a":1}\n\n');
      response.write("data: [DONE]\n\n");
      response.end();
    });
    const remote = client(address);
    for (let i = 0; i < 200; i++) {
      const answer = await remote.post("x", {});
      for await (const message of answer.messages()) expect(message).toEqual({ a: 1 });
      answer.dispose();
    }
    expect(sockets.size).toBeLessThanOrEqual(8);
  });
});

describe("compressed answers", () => {
  it.each<[string, string, unknown[]]>([
    ["application/json", '{"a":1}', [{ a: 1 }]],
    ["text/event-stream", 'data: {"a":1}\n\ndata: {"a":2}\n\ndata: [DONE]\n\n', [{ a: 1 }, { a: 2 }]],
  ])("are read, although none was asked for: %s", async (type, body, expected) => {
    const { address, requests } = await serve((_, response) => {
      response.writeHead(200, { "content-type": type, "content-encoding": "gzip" }).end(gzipSync(body));
    });
    const messages: unknown[] = [];
    for await (const message of (await client(address).get("x")).messages()) messages.push(message);
    expect(messages).toEqual(expected);
    expect(requests[0]!.headers["accept-encoding"]).toBe("identity");
  });

  it("with an error's words are read too, and those in an unknown encoding left out", async () => {
    const { address } = await serve((request, response) => {
      const encoding = request.url!.endsWith("known") ? "gzip" : "morse";
      const body = gzipSync(JSON.stringify({ error: { message: "no such model" } }));
      response.writeHead(404, { "content-encoding": encoding }).end(body);
    });
    expect((await failure(() => client(address).get("known"))).what).toBe("HTTP 404: no such model");
    expect((await failure(() => client(address).get("other"))).what).toBe("HTTP 404");
  });

  it("in an unknown encoding are an error", async () => {
    const { address } = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "morse" }).end("...");
    });
    const error = await failure(async () => (await client(address).get("x")).json());
    expect(error).toMatchObject({ code: "WIRE_MALFORMED", what: 'The answer is encoded as "morse"' });
  });

  it("that unpack without end are stopped", async () => {
    const mebibyte = gzipSync(" ".repeat(2 ** 20));
    const { address } = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(Buffer.concat(Array.from({ length: 300 }, () => mebibyte)));
    });
    const error = await failure(async () => (await client(address).get("x")).json());
    expect(error).toMatchObject({
      code: "ANSWER_TOO_LONG",
      what: "The answer is larger than 8 MiB, more than what was asked for can take",
    });
  });
});

describe("proxies", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("are used as the environment says, and never for this machine", async () => {
    const { address: proxy, requests } = await serve((_, response) => json(response, { from: "the proxy" }));
    vi.stubEnv("HTTP_PROXY", proxy.replace("http://", "http://user:word@"));
    vi.stubEnv("http_proxy", "");
    vi.stubEnv("NO_PROXY", "");
    vi.stubEnv("no_proxy", "");
    const remote = client("http://models.test:8080/v1", { key: key("sk-12345678") });
    expect(await (await remote.post("x?y=1", {})).json()).toEqual({ from: "the proxy" });
    expect(requests[0]).toMatchObject({
      url: "http://models.test:8080/v1/x?y=1",
      headers: {
        host: "models.test:8080",
        authorization: "Bearer sk-12345678",
        "proxy-authorization": `Basic ${btoa("user:word")}`,
      },
    });
    const near = await serve((_, response) => json(response, { from: "here" }));
    expect(await (await client(near.address).get("x")).json()).toEqual({ from: "here" });
    expect(requests).toHaveLength(1);
  });

  it("that refuse are said to", async () => {
    const { address: proxy, server } = await serve((_, response) => json(response, {}));
    const tunnels: string[] = [];
    server.on("connect", (request, socket) => {
      tunnels.push(request.url!);
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    });
    vi.stubEnv("HTTPS_PROXY", proxy);
    vi.stubEnv("https_proxy", "");
    vi.stubEnv("NO_PROXY", "");
    vi.stubEnv("no_proxy", "");
    const error = await failure(() => client("https://models.test/v1").get("x"));
    expect(error).toMatchObject({ code: "SERVER_UNREACHABLE", what: expect.stringContaining("407") });
    expect(tunnels).toEqual(["models.test:443"]);
  });
});
