/** Indexes, hubs, servers and caches that lie: each is refused with a code, and nothing is written where it must not be. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addDataset } from "../../../test/dataset-hub.ts";
import { DownloadServer } from "../../../test/download-server.ts";
import { needing } from "../../../test/needing.ts";
import { filesIn, MODEL, TestMachine } from "../../../test/test-machine.ts";
import { ggufBytes, makeWheel, makeZip, sha256 } from "../../../test/wheel-fixture.ts";
import { downloadFolder } from "./cache.ts";
import { locateDataset } from "./datasets.ts";
import { discardExactCopy, readExactCopies } from "./exact-copies.ts";
import { locate } from "./locate.ts";
import { listModels, modelInfo, removeModel } from "./manage.ts";
import type { LocateOptions } from "./types.ts";

const OPENSSL = "openssl";
const hasOpenssl = spawnSync(OPENSSL, ["version"]).status === 0;
const JSON_PAGE = { "content-type": "application/vnd.pypi.simple.v1+json" };
const HTML_PAGE = { "content-type": "text/html" };

describe("hostile sources:", () => {
  let machine: TestMachine;
  let server: DownloadServer;

  beforeEach(async () => {
    machine = await TestMachine.start();
    ({ server } = machine);
  });
  afterEach(() => machine.stop());

  const find = (reference: string, options?: LocateOptions) => locate(reference, machine.options(options));
  const page = (body: string, headers: Record<string, string> = JSON_PAGE) =>
    server.files.set("/simple/a-model/", { body: Buffer.from(body), headers });
  const listed = (...files: object[]) => page(JSON.stringify({ files }));
  const wheel = makeWheel("a-model", "1.0", [{ name: "m.gguf", data: MODEL }]);
  const serveWheel = (body = wheel.body) => server.files.set("/w", { body });
  /** What is left when everything went as it should: nothing outside the cache, nothing in it that counts. */
  const nothingKept = () => {
    const files = filesIn(machine.home);
    expect(files.filter((file) => !file.startsWith("cache/downloads/"))).toEqual([]);
  };

  it.each([
    "../../x-1.0-py3-none-any.whl",
    "a_model-1.0-py3-none-/../../../../../escaped.whl",
    "a_model-1.0-py3-none-\\..\\x.whl",
    "a_model-1.0-py3-none-any\u0000.whl",
    "a_model-1.0-py3-none-a:b.whl",
    `a_model-1.0-py3-none-${"x".repeat(300)}.whl`,
  ])("a wheel called %j is refused", async (filename) => {
    serveWheel();
    listed({ filename, url: "/w", hashes: { sha256: wheel.sha256 } });
    await expect(find("pypi:a-model")).rejects.toMatchObject({
      code: "UNSAFE_NAME",
      where: expect.any(String),
      wayOut: expect.any(String),
    });
    nothingKept();
  });

  it("a wheel of another package is not taken", async () => {
    serveWheel();
    listed({ filename: "b_model-1.0-py3-none-any.whl", url: "/w" });
    await expect(find("pypi:a-model")).rejects.toThrow(/has no wheel/);
    nothingKept();
  });

  it.each([
    "file:///etc/passwd",
    "data:,x",
    "ftp://host/x",
    "javascript:1",
    "http://[",
    "//",
    "https://a b/",
  ])("the address %j is refused", async (url) => {
    listed({ filename: wheel.filename, url });
    await expect(find("pypi:a-model")).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    nothingKept();
  });

  it.each(["null", "{}", '{"files":{}}', "[]", "{", `{"files":${"[".repeat(1e6)}`])(
    "the page %.20j is refused",
    async (text) => {
      page(text);
      await expect(find("pypi:a-model")).rejects.toMatchObject({
        code: "DOWNLOAD_FAILED",
        what: expect.stringMatching(/index's page/),
        wayOut: expect.stringMatching(/PIP_INDEX_URL/),
      });
    },
  );

  it.each(['<base href="http://["><a href="w">x</a>', "<a href='&#99999999999;'>&#99999999999;</a>"])(
    "the page %j is refused",
    async (text) => {
      page(text, HTML_PAGE);
      await expect(find("pypi:a-model")).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    },
  );

  it("a page without end is left, and the option that lifts the bound is named", async () => {
    server.handler = (_request, response) => endless(response.writeHead(200, HTML_PAGE));
    await expect(find("pypi:a-model", { mostPageBytes: 1_000_000 })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      wayOut: expect.stringMatching(/SURPRISAL_MOST_PAGE_BYTES.*mostPageBytes/),
    });
    await expect(
      find("pypi:a-model", { environment: { SURPRISAL_MOST_PAGE_BYTES: "2097152" } }),
    ).rejects.toThrow(/larger than 2 MiB/);
    await expect(
      find("pypi:a-model", { environment: { SURPRISAL_MOST_PAGE_BYTES: "x" } }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("a page that unpacks to gigabytes is left", async () => {
    const layer = gzipSync(gzipSync(Buffer.alloc(2 ** 26)));
    server.files.set("/simple/a-model/", {
      body: layer,
      headers: { ...HTML_PAGE, "content-encoding": "gzip, gzip" },
    });
    await expect(find("pypi:a-model")).rejects.toThrow(/larger than 32 MiB/);
  });

  it("a page of a byte now and then is left", async () => {
    server.handler = (_request, response) => {
      response.writeHead(200, HTML_PAGE);
      const timer = setInterval(() => response.write("<"), 20);
      response.on("close", () => clearInterval(timer));
    };
    await expect(
      find("pypi:a-model", { patience: { stallMs: 50, attempts: 2, backoffMs: 1 } }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/DOWNLOAD_FAILED|MODEL_UNAVAILABLE/) });
  });

  it("credentials with a stray percent sign are sent as they are", async () => {
    machine.addModel();
    const environment = { PIP_INDEX_URL: `http://u%:p%zz@127.0.0.1:${server.port}/simple` };
    expect((await find("pypi:a-model", { environment })).sha256).toBe(sha256(MODEL));
    const expected = `Basic ${Buffer.from("u%:p%zz").toString("base64")}`;
    expect(server.requests[0]?.headers.authorization).toBe(expected);
  });

  it("an index without a sha256 is said, beside the model, then and later", async () => {
    serveWheel();
    listed({ filename: wheel.filename, url: "/w" });
    const found = await find("pypi:a-model");
    expect(found.notes).toEqual([
      expect.stringMatching(/gave no sha256 for a_model-1\.0.*not checked.*compare/),
    ]);
    expect((await find("pypi:a-model", { offline: true })).notes).toEqual(found.notes);
    expect((await modelInfo("pypi:a-model", machine.options())).notes).toEqual(found.notes);
    listed({ filename: wheel.filename, url: "/w", hashes: { sha256: wheel.sha256 } });
    await removeModel("pypi:a-model", machine.options());
    expect(await find("pypi:a-model")).not.toHaveProperty("notes");
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["announces less", (response) => endless(response.writeHead(200, { "content-length": 1000 }))],
    [
      "announces another size than the index",
      (response) => endless(response.writeHead(200, { "content-length": 7e6 })),
    ],
    [
      "sends a part without end",
      (response) => endless(response.writeHead(206, { "content-range": `bytes 0-999/${wheel.body.length}` })),
    ],
    [
      "sends a part of something else",
      (response) => endless(response.writeHead(206, { "content-range": "bytes 5-1004/900000000" })),
    ],
    ["never stops", (response) => endless(response.writeHead(200, { etag: '"x"' }))],
    ["always begins anew", (response) => response.writeHead(416).end()],
  ])("a server that %s is left", async (_, answer) => {
    listed({
      filename: wheel.filename,
      url: "/w",
      hashes: { sha256: wheel.sha256 },
      size: wheel.body.length,
    });
    server.handler = (request, response, serve) => (request.url === "/w" ? answer(response) : serve());
    await expect(find("pypi:a-model")).rejects.toMatchObject({
      code: expect.stringMatching(/DOWNLOAD_FAILED|MODEL_UNAVAILABLE/),
    });
    nothingKept();
    const sent = filesIn(machine.home).map((file) => readFileSync(join(machine.home, file)).length);
    expect(Math.max(0, ...sent)).toBeLessThanOrEqual(wheel.body.length);
  });

  it("a file whose size nobody says is read up to a bound, which is named", async () => {
    listed({ filename: wheel.filename, url: "/w" });
    server.handler = (request, response, serve) =>
      request.url === "/w" ? endless(response.writeHead(200)) : serve();
    await expect(find("pypi:a-model", { mostUnannouncedBytes: 3_000_000 })).rejects.toMatchObject({
      wayOut: expect.stringMatching(/SURPRISAL_MOST_UNANNOUNCED_BYTES.*mostUnannouncedBytes/),
    });
    nothingKept();
  });

  it("a server that alternates a beginning and HTTP 416 is left", async () => {
    listed({ filename: wheel.filename, url: "/w" });
    server.files.set("/w", { body: wheel.body });
    let requests = 0;
    server.handler = (request, response, serve) => {
      if (request.url !== "/w" || request.headers.range?.startsWith("bytes=-")) return serve();
      requests++;
      if (request.headers.range) response.writeHead(416).end();
      else serve({ cutAfter: 50_000 });
    };
    await expect(find("pypi:a-model")).rejects.toMatchObject({
      code: expect.stringMatching(/DOWNLOAD_FAILED|MODEL_UNAVAILABLE/),
    });
    expect(requests).toBeLessThan(50);
  });

  describe("a wheel", () => {
    const refused = async (body: Buffer, code: string | RegExp, words = /./) => {
      serveWheel(body);
      listed({ filename: wheel.filename, url: "/w", hashes: { sha256: sha256(body) } });
      await expect(find("pypi:a-model")).rejects.toMatchObject({
        code: expect.stringMatching(code),
        what: expect.stringMatching(words),
        wayOut: expect.any(String),
      });
      nothingKept();
    };

    it.each([
      "a:b.gguf",
      "x\u0000.gguf",
      "-rf.gguf",
      "con.gguf",
      "\u202efugg.gguf",
      `${"n".repeat(300)}.gguf`,
    ])("with a model called %j is refused", (name) =>
      refused(makeZip([{ name, data: MODEL }]), "UNSAFE_NAME"),
    );

    it("with a path for a name writes a file of its last part alone", async () => {
      const body = makeZip([{ name: "../../../../m.gguf", data: MODEL }]);
      serveWheel(body);
      listed({ filename: wheel.filename, url: "/w", hashes: { sha256: sha256(body) } });
      expect((await find("pypi:a-model")).path).toBe(join(machine.cache, "models", sha256(MODEL), "m.gguf"));
      expect(filesIn(machine.home).filter((file) => !file.startsWith("cache/"))).toEqual([]);
    });

    it("that is a bomb is refused before it is unpacked", () =>
      refused(
        makeZip([{ name: "m.gguf", data: Buffer.alloc(100_000_000) }]),
        "DOWNLOAD_FAILED",
        /times its size/,
      ));

    it("whose members lie on top of each other is refused", () => {
      const pieces = Array.from({ length: 50 }, (_, i) => ({
        name: `m.gguf.part${i}`,
        data: ggufBytes(50_000, 1),
        stored: true,
      }));
      const bytes = makeZip(pieces.slice(0, 1));
      const whole = makeZip(pieces);
      // The directory of fifty members, all of them at the beginning of the file, which holds one.
      const directoryOf = (zip: Buffer) => zip.subarray(zip.readUInt32LE(zip.length - 6), zip.length - 22);
      const directory = Buffer.from(directoryOf(whole));
      for (let at = 0; at < directory.length; at += 46 + directory.readUInt16LE(at + 28))
        directory.writeUInt32LE(0, at + 42);
      const data = bytes.subarray(0, bytes.readUInt32LE(bytes.length - 6));
      const end = Buffer.from(whole.subarray(whole.length - 22));
      end.writeUInt32LE(data.length, 16);
      return refused(Buffer.concat([data, directory, end]), "DOWNLOAD_FAILED", /larger than it is itself/);
    });

    it("with a member name that costs the square of its length is read", async () => {
      const names = Array.from({ length: 20 }, (_, i) => ({
        name: `${i}${".gguf-".repeat(10_000)}`,
        data: Buffer.alloc(1),
      }));
      await refused(makeZip(names), "DOWNLOAD_FAILED", /no GGUF/);
    });
  });

  it("nothing is written through a link in the place of a file or a folder", async () => {
    const path = machine.addModel();
    const own = join(machine.home, "own");
    writeFileSync(own, "mine");
    const { folder } = downloadFolder(machine.cache, "pypi:a-model");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, path.split("/").at(-1)!);
    symlinkSync(own, `${file}.partial`);
    await expect(find("pypi:a-model")).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    rmSync(`${file}.partial`);
    symlinkSync(own, join(folder, "m.gguf"));
    symlinkSync(own, `${file}.partial.json`);
    expect((await find("pypi:a-model")).sha256).toBe(sha256(MODEL));
    expect(readFileSync(own, "utf8")).toBe("mine");
    await removeModel("pypi:a-model", machine.options());
    const others = join(machine.home, "others");
    mkdirSync(others);
    mkdirSync(dirname(folder), { recursive: true });
    symlinkSync(others, folder);
    expect((await find("pypi:a-model")).sha256).toBe(sha256(MODEL));
    expect(filesIn(others)).toEqual([]);
  });

  it("a folder in the place of a file is an error of the cache", async () => {
    const path = machine.addModel();
    const { folder } = downloadFolder(machine.cache, "pypi:a-model");
    for (const name of ["m.gguf", path.split("/").at(-1)!, `${path.split("/").at(-1)}.partial`]) {
      mkdirSync(join(folder, name, "x"), { recursive: true });
      await expect(find("pypi:a-model")).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
      rmSync(folder, { recursive: true });
    }
  });

  it("a cache filled by somebody else removes, reads and breaks nothing", async () => {
    const { cache, home } = machine;
    const key = sha256(MODEL);
    const good = {
      schema: "surprisal.model/1",
      name: "m.gguf",
      file: "m.gguf",
      source: "pypi:a-model==1.0",
      references: ["pypi:a-model"],
      sha256: key,
      bytes: MODEL.length,
      licence: null,
      date: "2026-01-01T00:00:00.000Z",
    };
    const own = join(home, "own");
    mkdirSync(own);
    writeFileSync(join(own, "m.gguf"), MODEL);
    const put = (manifest: unknown, folder = join(cache, "models", key)) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "m.gguf"), MODEL);
      writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
    };
    const listed = () =>
      listModels(machine.options()).filter(({ availability }) => availability === "cached");
    put(good);
    expect(listed()).toHaveLength(1);
    for (const wrong of [
      { sha256: "../../../own" },
      { sha256: "ab".repeat(32) },
      { references: null },
      { references: [7] },
      { file: "../../../own/m.gguf" },
      { file: ".." },
      { files: [{ name: "../x", sha256: key, bytes: 1 }] },
      { files: "m.gguf" },
      { bytes: -1 },
      { name: 7 },
    ]) {
      put({ ...good, ...wrong });
      expect(listed()).toEqual([]);
      await expect(find("pypi:a-model", { offline: true })).rejects.toMatchObject({
        code: "MODEL_UNAVAILABLE",
      });
    }
    for (const text of ["null", "[]", "7", "{"]) {
      writeFileSync(join(cache, "models", key, "manifest.json"), text);
      expect(listed()).toEqual([]);
    }
    put(
      {
        schema: "surprisal.exact/1",
        name: "m",
        source: "m",
        date: "",
        sha256: "../../own",
        copySha256: null,
      },
      join(cache, "exact", key),
    );
    expect(readExactCopies(cache)).toEqual([]);
    await expect(discardExactCopy(cache, "../../own")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    writeFileSync(join(cache, "accepted-terms.json"), "null");
    await expect(find("pypi:gemma-x")).rejects.toMatchObject({ code: "TERMS_NOT_ACCEPTED" });
    expect(filesIn(own)).toEqual(["m.gguf"]);
  });

  it("a damaged digests.json is not believed", async () => {
    const path = join(machine.home, "own.gguf");
    writeFileSync(path, MODEL);
    await find(path);
    const file = join(machine.cache, "digests.json");
    const memory: Record<string, object> = JSON.parse(readFileSync(file, "utf8"));
    for (const entry of [
      { ...memory[path], sha256: "../../x" },
      { ...memory[path], sha256: 7 },
      null,
      7,
      [],
      "x",
    ]) {
      writeFileSync(file, JSON.stringify({ [path]: entry }));
      expect((await find(path)).sha256).toBe(sha256(MODEL));
    }
  });

  describe("a data set of the hub", () => {
    const ask = (request = { repository: "owner/set" }) => locateDataset(request, machine.options());

    it.each(["a//test.jsonl", "a\\b.jsonl", "a:b.jsonl", "NUL/test.jsonl", "\ud800.jsonl", "test\n.jsonl"])(
      "with a file called %j is refused",
      async (path) => {
        addDataset(server, server, { repository: "owner/set", files: {} });
        server.files.set("/api/datasets/owner/set/tree/0123456789abcdef0123456789abcdef01234567", {
          body: Buffer.from(""),
        });
        const inner = server.handler;
        server.handler = (request, response, serve) =>
          request.url?.includes("/tree/")
            ? response.writeHead(200).end(JSON.stringify([{ type: "file", path }]))
            : inner(request, response, serve);
        await expect(ask()).rejects.toMatchObject({ code: "UNSAFE_NAME" });
        nothingKept();
      },
    );

    it.each<[string, string, string]>([
      ["commit", "null", "[]"],
      ["commit", '{"sha":"../../x"}', "[]"],
      ["commit", '{"sha":7}', "[]"],
      ["list", `{"sha":"${"ab".repeat(20)}"}`, "null"],
      ["list", `{"sha":"${"ab".repeat(20)}"}`, "{}"],
      [
        "list",
        `{"sha":"${"ab".repeat(20)}"}`,
        '[null,7,{"type":"file","path":7},{"type":"file","path":"constructor.py"}]',
      ],
      ["list", `{"sha":"${"ab".repeat(20)}"}`, "["],
    ])("whose %s is malformed is refused: %s, %s", async (_, commit, tree) => {
      server.handler = (request, response) =>
        response.writeHead(200).end(request.url?.includes("/tree/") ? tree : commit);
      await expect(ask()).rejects.toMatchObject({ code: "CORPUS_UNAVAILABLE", wayOut: expect.any(String) });
    });

    it("whose list goes round in a circle is left", async () => {
      server.handler = (request, response) =>
        request.url?.includes("/tree/")
          ? response.writeHead(200, { link: '<https://hub/x?cursor=1>; rel="next"' }).end("[]")
          : response.writeHead(200).end(`{"sha":"${"ab".repeat(20)}"}`);
      await expect(ask()).rejects.toThrow(/circle/);
      expect(server.requests.length).toBeLessThan(20);
    });

    it("that lists a file twice has it once", async () => {
      addDataset(server, server, { repository: "owner/set", files: { "test.jsonl": Buffer.from("{}\n") } });
      const inner = server.handler;
      server.handler = (request, response, serve) =>
        request.url?.includes("/tree/")
          ? response.writeHead(200).end(JSON.stringify(Array(3).fill({ type: "file", path: "test.jsonl" })))
          : inner(request, response, serve);
      expect((await ask()).files.map(({ name }) => name)).toEqual(["test.jsonl"]);
    });

    it("with files that some systems take for one is refused", async () => {
      const files = { "test/a.jsonl": Buffer.from("{}\n"), "test/A.jsonl": Buffer.from("[]\n") };
      addDataset(server, server, { repository: "owner/set", files });
      await expect(ask()).rejects.toMatchObject({ code: "UNSAFE_NAME" });
    });

    it.each(["../..", "owner/..", "owner", "a/b/c", "owner/a:b"])(
      "called %j is refused",
      async (repository) => {
        await expect(ask({ repository })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
        expect(server.requests).toEqual([]);
      },
    );
  });

  it.each(["hf:o/r@%zz/x.gguf", "hf:../../x.gguf", "hf:o/r/a:b.gguf", "file://host/x", "file:///%00"])(
    "the reference %s is refused",
    async (reference) => {
      await expect(find(reference)).rejects.toMatchObject({
        code: expect.stringMatching(/INVALID_ARGUMENT|FILE_/),
      });
      expect(server.requests).toEqual([]);
    },
  );

  it.skipIf(!existsSync("/proc/self"))("a cache where no folder can be made is an error", async () => {
    machine.addModel();
    await expect(find("pypi:a-model", { cache: "/proc/surprisal" })).rejects.toMatchObject({
      code: "FILE_UNWRITABLE",
      wayOut: expect.stringMatching(/SURPRISAL_CACHE/),
    });
  });
});

needing(!hasOpenssl && "no openssl on the PATH").describe("an index by https:", () => {
  let folder: string;
  let server: DownloadServer;
  let certificate: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-"));
    const key = join(folder, "key.pem");
    certificate = join(folder, "certificate.pem");
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync(
      OPENSSL,
      [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        key,
        "-out",
        certificate,
        ...subject,
      ],
      { stdio: "ignore" },
    );
    server = await DownloadServer.start({
      key: readFileSync(key, "utf8"),
      cert: readFileSync(certificate, "utf8"),
    });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it("that links to http: is refused; one by http: is not", async () => {
    const machine = await TestMachine.start();
    try {
      machine.addModel({ host: server });
      expect(
        (await locate("pypi:a-model", machine.options({ environment: { SSL_CERT_FILE: certificate } })))
          .sha256,
      ).toBe(sha256(MODEL));
      const plain = await DownloadServer.start();
      try {
        const wheel = makeWheel("b-model", "1.0", [{ name: "m.gguf", data: ggufBytes(5000, 2) }]);
        for (const html of [true, false]) {
          server.addPackage("b-model", [wheel], { host: plain, html });
          const environment = { SSL_CERT_FILE: certificate, PIP_INDEX_URL: `${server.origin}/simple` };
          await expect(locate("pypi:b-model", machine.options({ environment }))).rejects.toMatchObject({
            code: "DOWNLOAD_FAILED",
            what: expect.stringMatching(/unencrypted address/),
            wayOut: expect.any(String),
          });
          expect(plain.requests).toEqual([]);
        }
        machine.server.addPackage("b-model", [wheel], { host: plain });
        expect((await locate("pypi:b-model", machine.options())).bytes).toBe(5000);
      } finally {
        await plain.close();
      }
    } finally {
      await machine.stop();
    }
  });
});

/** Bytes for as long as anybody reads them. */
function endless(response: ServerResponse): void {
  if (response.req.method === "HEAD") return void response.end(); // nothing is written of it, and so for ever
  const piece = Buffer.alloc(65_536, "<a href=x>");
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on("drain", more);
  response.on("error", () => {});
  more();
}
