import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DownloadServer } from "../../../test/download-server.ts";
import { ggufBytes, sha256 } from "../../../test/wheel-fixture.ts";
import { type DownloadRequest, download } from "./download.ts";
import { HttpClient } from "./http.ts";
import { readSettings } from "./settings.ts";
import type { LocateOptions } from "./types.ts";

const SIZE = 1_000_000;
const BODY = ggufBytes(SIZE, 1);
const PATH = "/model.gguf";

describe("the download engine", () => {
  let server: DownloadServer;
  let folder: string;
  let file: string;
  let address: URL;

  beforeEach(async () => {
    server = await DownloadServer.start();
    server.files.set(PATH, { body: BODY });
    address = new URL(server.origin + PATH);
    folder = mkdtempSync(join(tmpdir(), "surprisal-"));
    file = join(folder, "model.gguf");
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  function fetchFile(request: Partial<DownloadRequest> = {}, options: LocateOptions = {}): Promise<string> {
    const patience = { connectMs: 2000, stallMs: 300, attempts: 3, backoffMs: 1, ...options.patience };
    const settings = readSettings({ cache: folder, environment: { HOME: folder }, ...options, patience });
    return download(new HttpClient(settings), {
      url: address,
      file,
      ...request,
    });
  }

  /** Leaves the first `bytes` of the file, as a run does that had to give up. */
  async function interruptAfter(bytes: number): Promise<void> {
    server.handler = (_request, response, serve) =>
      server.requests.length === 1 ? serve({ cutAfter: bytes }) : response.writeHead(404).end();
    await expect(fetchFile()).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    server.handler = (_request, _response, serve) => serve();
    server.requests.length = 0;
    expect(statSync(`${file}.partial`).size).toBe(bytes);
  }

  const ranges = () => server.requests.map(({ headers }) => headers.range);

  it("brings the file, its sha256, and nothing else", async () => {
    expect(await fetchFile()).toBe(sha256(BODY));
    expect(readFileSync(file).equals(BODY)).toBe(true);
    expect(readdirSync(folder)).toEqual(["model.gguf"]);
  });

  it("goes on where the connection was cut, within one call", async () => {
    server.handler = (_request, _response, serve) =>
      serve(server.requests.length <= 4 ? { cutAfter: 200_000 } : {});
    expect(await fetchFile()).toBe(sha256(BODY));
    expect(ranges()).toEqual([undefined, "bytes=200000-", "bytes=400000-", "bytes=600000-", "bytes=800000-"]);
  });

  it("goes on where an earlier run stopped, and fetches only the rest", async () => {
    await interruptAfter(700_001);
    const seen: number[] = [];
    expect(await fetchFile({ onBytes: (bytes) => seen.push(bytes) })).toBe(sha256(BODY));
    expect(readFileSync(file).equals(BODY)).toBe(true);
    expect(server.requests.map(({ sent, status }) => [status, sent])).toEqual([[206, SIZE - 700_001]]);
    expect([seen[0], seen.at(-1)]).toEqual([700_001, SIZE]);
  });

  it("starts again when the file changed on the server in between", async () => {
    await interruptAfter(300_000);
    const changed = ggufBytes(SIZE + 5, 2);
    server.files.set(PATH, { body: changed });
    expect(await fetchFile()).toBe(sha256(changed));
    expect(readFileSync(file).equals(changed)).toBe(true);
  });

  it("starts again when a server ignores If-Range and continues another file", async () => {
    await interruptAfter(300_000);
    const changed = ggufBytes(SIZE, 3);
    server.files.set(PATH, { body: changed, etag: '"other"' });
    server.handler = (request, _response, serve) => {
      delete request.headers["if-range"];
      serve();
    };
    expect(await fetchFile()).toBe(sha256(changed));
    expect(ranges()).toEqual(["bytes=300000-", undefined]);
  });

  it("starts again when the file on the server has become shorter", async () => {
    await interruptAfter(900_000);
    const changed = ggufBytes(500_000, 4);
    server.files.set(PATH, {
      body: changed,
      etag: null,
      headers: { "last-modified": "Mon, 01 Jan 2024 00:00:00 GMT" },
    });
    server.handler = (request, _response, serve) => {
      delete request.headers["if-range"];
      serve();
    };
    expect(await fetchFile()).toBe(sha256(changed));
  });

  it("works with a server that knows no ranges", async () => {
    server.files.set(PATH, { body: BODY, ranges: false });
    await interruptAfter(300_000);
    expect(await fetchFile()).toBe(sha256(BODY));
    expect(server.requests.map(({ status, sent }) => [status, sent])).toEqual([[200, SIZE]]);
  });

  it("keeps nothing of a file that the server gives no ETag or date for, unless its sha256 is known", async () => {
    server.files.set(PATH, { body: BODY, etag: null });
    const cutOnce = () => {
      let cut = false;
      server.requests.length = 0;
      server.handler = (_request, _response, serve) => {
        serve(cut ? {} : { cutAfter: 400_000 });
        cut = true;
      };
    };
    cutOnce();
    expect(await fetchFile()).toBe(sha256(BODY));
    expect(ranges()).toEqual([undefined, undefined]);
    rmSync(file);
    cutOnce();
    expect(await fetchFile({ sha256: sha256(BODY) })).toBe(sha256(BODY));
    expect(ranges()).toEqual([undefined, "bytes=400000-"]);
  });

  it("does not use a file with the wrong sha256", async () => {
    const wanted = sha256(Buffer.from("another"));
    await expect(fetchFile({ sha256: wanted })).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
    expect(existsSync(file)).toBe(false);
    expect(statSync(`${file}.partial`).size).toBe(0);
    expect(server.requests).toHaveLength(1);
  });

  it("starts again once when the kept bytes were spoilt on the disk", async () => {
    await interruptAfter(300_000);
    const kept = readFileSync(`${file}.partial`);
    kept[1000]! ^= 1;
    writeFileSync(`${file}.partial`, kept);
    expect(await fetchFile({ sha256: sha256(BODY) })).toBe(sha256(BODY));
    expect(ranges()).toEqual(["bytes=300000-", undefined]);
  });

  it("gives up a connection that falls silent, and tries again", async () => {
    server.handler = (_request, _response, serve) =>
      serve(server.requests.length === 1 ? { stallAfter: 500_000 } : {});
    expect(await fetchFile()).toBe(sha256(BODY));
    expect(ranges()).toEqual([undefined, "bytes=500000-"]);
  });

  it("does not give up a connection that is only slow", async () => {
    server.handler = (_request, _response, serve) => serve({ pieceEveryMs: 40 });
    expect(await fetchFile()).toBe(sha256(BODY));
    expect(server.requests).toHaveLength(1);
  });

  it("gives up a server that never answers", async () => {
    server.handler = () => {};
    await expect(fetchFile()).rejects.toThrow(/no data for 0.3 s/);
    expect(server.requests).toHaveLength(3);
  });

  it.each([500, 502, 503, 429, 408])("tries again after HTTP %i", async (status) => {
    server.handler = (_request, response, serve) =>
      server.requests.length <= 2 ? response.writeHead(status).end() : serve();
    expect(await fetchFile()).toBe(sha256(BODY));
    expect(server.requests).toHaveLength(3);
  });

  it.each([401, 403, 404, 410])("does not try again after HTTP %i", async (status) => {
    server.handler = (_request, response) => response.writeHead(status).end();
    await expect(fetchFile({ wayOut: "Do that." })).rejects.toThrow(
      new RegExp(`^HTTP ${status}: .*\nDo that\\.$`),
    );
    expect(server.requests).toHaveLength(1);
  });

  it("does not wait for a server that is not there", async () => {
    const url = new URL(`${server.origin}/x`);
    await server.close();
    await expect(fetchFile({ url })).rejects.toThrow(/^Server not reachable: .*ECONNREFUSED/);
    server = await DownloadServer.start();
  });

  it("stops when told to, and leaves what can be continued", async () => {
    const controller = new AbortController();
    server.handler = (_request, _response, serve) => serve({ pieceEveryMs: 20 });
    const reason = new Error("Ctrl-C");
    const onBytes = (bytes: number) => {
      if (bytes > 100_000) controller.abort(reason);
    };
    const running = fetchFile({ onBytes }, { signal: controller.signal });
    await expect(running).rejects.toMatchObject({ code: "ABORTED", cause: reason });
    expect(readdirSync(folder).sort()).toEqual(["model.gguf.partial", "model.gguf.partial.json"]);
    server.handler = (_request, _response, serve) => serve();
    expect(await fetchFile()).toBe(sha256(BODY));
    expect(ranges()[1]).toMatch(/^bytes=\d{6}-$/);
  });

  it("stops at once when told to during a pause between attempts", async () => {
    const controller = new AbortController();
    server.handler = (_request, response) => {
      response.writeHead(503, { "retry-after": "60" }).end();
      setTimeout(() => controller.abort(), 50);
    };
    await expect(fetchFile({}, { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("uses a file that was completed before the interruption", async () => {
    await fetchFile();
    expect(await fetchFile({ sha256: sha256(BODY) })).toBe(sha256(BODY));
    expect(server.requests).toHaveLength(1);
  });

  it("refuses an answer that is encoded against its wish", async () => {
    server.files.set(PATH, { body: BODY, headers: { "content-encoding": "gzip" } });
    await expect(fetchFile()).rejects.toThrow(/encoded as gzip/);
  });

  it("gives credentials to their own origin only, and never prints them", async () => {
    const other = await DownloadServer.start();
    try {
      other.files.set("/elsewhere", { body: BODY });
      server.redirects.set(PATH, `${other.origin}/elsewhere?signature=secret`);
      const authorization = { origin: server.origin, value: "Bearer secret" };
      expect(await fetchFile({ authorization })).toBe(sha256(BODY));
      expect(server.requests[0]?.headers.authorization).toBe("Bearer secret");
      expect(other.requests[0]?.headers.authorization).toBeUndefined();
      other.files.clear();
      rmSync(file);
      await expect(fetchFile({ authorization })).rejects.toThrow(/^((?!secret).)*$/s);
    } finally {
      await other.close();
    }
  });

  it("ends a circle of redirects", async () => {
    server.redirects.set(PATH, PATH);
    await expect(fetchFile()).rejects.toThrow(/More than 10 redirects/);
  });
});
