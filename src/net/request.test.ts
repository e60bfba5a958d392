/** The client against servers on this machine: connections, encodings, bounds, limits of time. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { NetworkFailure } from "./failure.ts";
import { type HttpAnswer, type HttpRequest, readWhole, request } from "./request.ts";

const DIST = fileURLToPath(new URL("../../dist/net/index.js", import.meta.url));

const open: { close(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function serve(handler: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const sockets = new Set<Socket>();
  const server = createServer(handler).on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x?a=b`), sockets };
}

const PATIENCE = { connectMs: 5000, silenceMs: 5000 };
const ask = (url: URL, options: Partial<HttpRequest> = {}): Promise<HttpAnswer> =>
  request({
    url,
    method: "GET",
    headers: {},
    patience: PATIENCE,
    environment: {},
    mostRedirects: 5,
    ...options,
  });
const whole = async (url: URL, options: Partial<HttpRequest> = {}, most = 2 ** 20) =>
  (await readWhole(await ask(url, options), most)).toString();

async function failure(action: () => Promise<unknown>): Promise<NetworkFailure> {
  const error: unknown = await action().then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof NetworkFailure) return error;
  throw new Error("no NetworkFailure", { cause: error });
}

describe("connections", () => {
  const stream = (response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n");
    response.write("data: [DONE]\n\n");
    setTimeout(() => response.end(), 1); // as servers do that send the end apart
  };

  it.each<[string, (answer: HttpAnswer) => Promise<unknown>]>([
    ["to their end", (answer) => readWhole(answer, 1000)],
    ["until the last event", readUntilDone],
    ["not at all", async (answer) => answer.dispose()],
  ])("are used again for streams that are read %s", async (_, read) => {
    const { url, sockets } = await serve((_, response) => stream(response));
    for (let i = 0; i < 300; i++) await read(await ask(url, { method: "POST", body: "{}" }));
    expect(sockets.size).toBeLessThanOrEqual(8);
  });

  async function readUntilDone({ body }: HttpAnswer): Promise<void> {
    let text = "";
    for await (const bytes of body) {
      text += Buffer.from(bytes).toString();
      if (text.includes("[DONE]")) break;
    }
  }

  it("are closed soon when a reader leaves a stream that goes on", async () => {
    let closed: Promise<unknown> | undefined;
    const { url } = await serve(async (_, response) => {
      closed = once(response, "close");
      while (!response.destroyed) {
        response.write(`data: ${"x".repeat(200)}\n\n`);
        await sleep(2);
      }
    });
    const before = performance.now();
    for await (const _ of (await ask(url)).body) break;
    await closed;
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it("do not keep a process alive", async () => {
    if (!existsSync(DIST)) throw new Error("This test runs the built package: `npm run build` first.");
    const { url } = await serve((_, response) => response.end("hello"));
    const script = `
      const { request, readWhole } = await import(${JSON.stringify(DIST)});
      const patience = { connectMs: 60000, silenceMs: 60000 };
      const answer = await request({ url: new URL("${url}"), method: "GET", headers: {}, patience, environment: {}, mostRedirects: 0 });
      process.stdout.write(String(await readWhole(answer, 100)));
      const began = performance.now();
      process.on("exit", () => process.stdout.write(" " + (performance.now() - began < 1000)));`;
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script]);
    expect(stdout).toBe("hello true");
  });
});

describe("encodings", () => {
  const TEXT = '{"a": "é"}\n'.repeat(1000);
  const zstd: ((data: string) => Buffer) | undefined = Reflect.get(zlib, "zstdCompressSync");

  it.each<[string, (data: string) => Buffer]>([
    ["gzip", zlib.gzipSync],
    ["X-GZIP", zlib.gzipSync],
    ["deflate", zlib.deflateSync],
    ["deflate", zlib.deflateRawSync],
    ["br", zlib.brotliCompressSync],
    ["identity", Buffer.from],
    ["gzip, br", (data) => zlib.brotliCompressSync(zlib.gzipSync(data))],
    ...(zstd ? [["zstd", zstd] as [string, (data: string) => Buffer]] : []),
  ])("%s is decoded", async (encoding, encode) => {
    const { url, sockets } = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": encoding }).end(encode(TEXT));
    });
    for (let i = 0; i < 5; i++) expect(await whole(url)).toBe(TEXT);
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  it("bytes arrive as the server packs them, not at the end", async () => {
    const { url } = await serve((_, response) => {
      const gzip = zlib.createGzip();
      gzip.pipe(response.writeHead(200, { "content-encoding": "gzip" }));
      gzip.write("data: 1\n\n");
      gzip.flush(); // and no end
    });
    for await (const bytes of (await ask(url)).body) {
      expect(Buffer.from(bytes).toString()).toBe("data: 1\n\n");
      break;
    }
  });

  it.each(["compress", "constructor", "gzip, gzip, gzip, gzip", "x"])("%s is an error", async (encoding) => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": encoding }).end("?");
    });
    const error = await failure(() => whole(url));
    expect([error.mishap, error.message]).toEqual(["encoding", expect.stringContaining(`"${encoding}"`)]);
    expect(await whole(url, { decode: false })).toBe("?");
  });

  it.each([
    ["cut", zlib.gzipSync(TEXT).subarray(0, 60)],
    ["not what they say", Buffer.from(TEXT)],
  ])("bytes that are %s are an error", async (_, body) => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(body);
    });
    expect((await failure(() => whole(url))).mishap).toBe("lost");
  });
});

describe("bodies that are read whole", () => {
  it.each<[string, Buffer, Record<string, string>]>([
    ["long", Buffer.alloc(3_000_000), {}],
    ["a bomb", zlib.gzipSync(Buffer.alloc(300_000_000)), { "content-encoding": "gzip" }],
    [
      "a bomb in a bomb",
      zlib.gzipSync(zlib.gzipSync(Buffer.alloc(300_000_000))),
      { "content-encoding": "gzip, gzip" },
    ],
  ])("have a bound: %s", async (_, body, headers) => {
    const { url } = await serve((_, response) => response.writeHead(200, headers).end(body));
    const memory = process.memoryUsage().rss;
    const error = await failure(() => whole(url));
    expect([error.mishap, error.message]).toEqual(["size", "The answer is larger than 1 MiB"]);
    expect(process.memoryUsage().rss - memory).toBeLessThan(150_000_000);
  });
});

describe("limits of time", () => {
  it.each<[string, Partial<HttpRequest["patience"]>, string, string]>([
    ["the first byte", { answerMs: 100 }, "unreachable", "no answer within 0.1 s"],
    ["the first byte, as any silence", { silenceMs: 100 }, "lost", "no data for 0.1 s"],
    ["the whole", { overallMs: 100 }, "lost", "no end within 0.1 s"],
  ])("for %s", async (_, patience, mishap, message) => {
    const { url } = await serve(() => {});
    const error = await failure(() => ask(url, { patience: { ...PATIENCE, ...patience } }));
    expect([error.mishap, error.message]).toEqual([mishap, message]);
  });

  it.each<[string, Partial<HttpRequest["patience"]>, string]>([
    ["silence in the middle", { silenceMs: 100 }, "no data for 0.1 s"],
    ["the whole, however lively", { overallMs: 300 }, "no end within 0.3 s"],
  ])("for %s", async (_, patience, message) => {
    const { url } = await serve(async (_, response) => {
      response.write("x");
      while ("overallMs" in patience && !response.destroyed) {
        response.write("x");
        await sleep(10);
      }
    });
    const error = await failure(() => whole(url, { patience: { ...PATIENCE, ...patience } }));
    expect([error.mishap, error.message]).toEqual(["lost", message]);
  });

  it("for a connection, straight and through a proxy", async () => {
    const silent = createTcpServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    open.push(silent);
    const sockets: Socket[] = [];
    silent.on("connection", (socket) => sockets.push(socket));
    const { port } = silent.address() as AddressInfo;
    const patience = { connectMs: 300, silenceMs: 20_000 };
    const straight = await failure(() => ask(new URL(`https://127.0.0.1:${port}/`), { patience }));
    expect([straight.mishap, straight.message]).toEqual(["unreachable", "no connection within 0.3 s"]);
    const environment = { HTTPS_PROXY: `http://127.0.0.1:${port}` };
    const proxied = await failure(() => ask(new URL("https://models.test/"), { patience, environment }));
    expect([proxied.mishap, proxied.message]).toEqual([
      "unreachable",
      "the proxy did not connect within 0.3 s",
    ]);
    for (const socket of sockets) socket.destroy();
  });

  it("an aborted signal ends a request, its connection and its answer", async () => {
    const { url } = await serve((_, response) => void response.write("x"));
    const reason = new Error("enough");
    await expect(ask(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const { body } = await ask(url, { signal: controller.signal });
    const reading = (async () => {
      for await (const _ of body) controller.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
    const connecting = new AbortController();
    const tcp = createTcpServer((socket) => setTimeout(() => socket.destroy(), 500)).listen(0, "127.0.0.1");
    await once(tcp, "listening");
    open.push(tcp);
    setTimeout(() => connecting.abort(reason), 50);
    const before = performance.now();
    const secure = new URL(`https://127.0.0.1:${(tcp.address() as AddressInfo).port}/`);
    await expect(ask(secure, { signal: connecting.signal })).rejects.toBe(reason);
    expect(performance.now() - before).toBeLessThan(400);
  });
});

describe("proxies", () => {
  it("that refuse are said to, with the status; others are kept out of it", async () => {
    const { url: proxy, sockets } = await serve((_, response) => response.writeHead(407).end());
    const environment = { HTTP_PROXY: proxy.origin };
    const answer = await ask(new URL("http://models.test/"), { environment }).catch(
      (error: unknown) => error,
    );
    expect(answer).toMatchObject({
      mishap: "proxy",
      message: "The proxy refused the connection with HTTP 407",
    });
    const { url } = await serve((_, response) => response.end("here"));
    const before = sockets.size;
    expect(await whole(url, { environment })).toBe("here");
    expect(sockets.size).toBe(before);
  });

  it("keep their connections too", async () => {
    const { url: proxy, sockets } = await serve((incoming, response) => response.end(incoming.url));
    const environment = { HTTP_PROXY: proxy.origin };
    for (let i = 0; i < 20; i++)
      expect(await whole(new URL(`http://models.test/${i}`), { environment })).toBe(
        `http://models.test/${i}`,
      );
    expect(sockets.size).toBeLessThanOrEqual(2);
  });
});
