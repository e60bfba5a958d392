/** Importance matrices that are none, or another model's, without an engine. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeGguf, type FixtureModel, tinyModel } from "../../../../test/gguf-fixture.ts";
import { imatrixGguf, imatrixLegacy } from "../../../../test/imatrix-fixture.ts";
import { MIXTURE_ARCHITECTURES, mixtureModel } from "../../../../test/mixture-fixture.ts";
import { LINUX_ONLY, needing } from "../../../../test/needing.ts";
import { inspectGguf } from "../../gguf/index.ts";
import { mostImatrixBytes, readImatrix } from "./imatrix.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-imatrix-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const inFolder = (name: string) => join(folder, name);

/** A number for each column and expert, of every tensor that is a matrix. */
const columnsOf = ({ tensors }: FixtureModel) =>
  Object.fromEntries(
    tensors
      .filter(({ shape }) => shape.length > 1)
      .map(({ name, shape: [columns = 1, , experts = 1] }) => [name, columns * experts]),
  );

describe.each([
  ["llama", tinyModel()],
  ...MIXTURE_ARCHITECTURES.map((name): [string, FixtureModel] => [name, mixtureModel(name)]),
])("%s", (_, model) => {
  it("has room for its own matrix, in both formats, and for little more than two", async () => {
    const path = inFolder("model.gguf");
    writeFileSync(path, encodeGguf(model).bytes);
    const most = mostImatrixBytes(await inspectGguf(path));
    const columns = columnsOf(model);
    for (const bytes of [imatrixGguf(columns), imatrixLegacy(columns)]) {
      const matrix = inFolder("matrix");
      writeFileSync(matrix, bytes);
      const { entries } = await readImatrix(matrix, most);
      expect([...entries].map(([name, { length }]) => [name, length])).toEqual(Object.entries(columns));
      expect(most).toBeLessThan(2 * bytes.length + 2 ** 20 + 1024 * model.tensors.length);
    }
  });
});

describe("a file that is too large", () => {
  const columns = { "blk.0.attn_q.weight": 100_000 };

  it.each([
    ["GGUF", imatrixGguf(columns)],
    ["the older format", imatrixLegacy(columns)],
  ])("in %s: is refused by one byte, before it is read", async (_, bytes) => {
    const path = inFolder("large");
    writeFileSync(path, bytes);
    expect((await readImatrix(path, bytes.length)).entries.size).toBe(1);
    await expect(readImatrix(path, bytes.length - 1)).rejects.toMatchObject({
      code: "GGUF_INVALID",
      what: expect.stringMatching(/It has 4\d\d kB, and one of this model has 4\d\d kB at most/),
      where: path,
      wayOut: expect.stringContaining("made with this model"),
    });
  });

  it("of a terabyte of nothing", async () => {
    const path = inFolder("sparse");
    writeFileSync(path, "");
    truncateSync(path, 1e12);
    await expect(readImatrix(path, 1e6)).rejects.toMatchObject({
      code: "GGUF_INVALID",
      what: expect.stringContaining("It has 1 TB"),
    });
  });
});

describe("what is no file", () => {
  it("a folder", async () => {
    await expect(readImatrix(folder, 1e6)).rejects.toMatchObject({ code: "FILE_UNREADABLE", where: folder });
  });

  it("none, or one below a file", async () => {
    writeFileSync(inFolder("plain"), "x");
    for (const name of ["none", "plain/x"])
      await expect(readImatrix(inFolder(name), 1e6)).rejects.toMatchObject({
        code: expect.stringMatching(/^FILE_/),
      });
  });

  needing(LINUX_ONLY).it("a device, a pipe that nobody writes into, a link to itself", async () => {
    execFileSync("mkfifo", [inFolder("pipe")]);
    symlinkSync("circle", inFolder("circle"));
    symlinkSync("/dev/zero", inFolder("endless"));
    for (const path of ["/dev/zero", inFolder("endless"), inFolder("pipe"), inFolder("circle")])
      await expect(readImatrix(path, 1e6)).rejects.toMatchObject({
        code: "FILE_UNREADABLE",
        where: path,
        wayOut: expect.any(String),
      });
  });
});

describe("the older format, damaged", () => {
  const whole = Buffer.from(imatrixLegacy({ a: 3, b: 2 }));
  const damaged = (at: number, value: number) => {
    const bytes = Buffer.from(whole);
    bytes.writeInt32LE(value, at);
    return bytes;
  };

  it.each([
    ["no entries", damaged(0, 0)],
    ["more entries than bytes", damaged(0, 2 ** 31 - 1)],
    ["less than none", damaged(0, -1)],
    ["a name without end", damaged(4, 2 ** 31 - 1)],
    ["a name of negative length", damaged(4, -5)],
    ["more values than bytes", damaged(13, 2 ** 30)],
    ["values of negative length", damaged(13, -(2 ** 30))],
  ])("%s", async (_, bytes) => {
    const path = inFolder("damaged");
    writeFileSync(path, bytes);
    await expect(readImatrix(path, 1e6)).rejects.toMatchObject({ code: "GGUF_INVALID", where: path });
  });

  it("cut anywhere", async () => {
    const path = inFolder("cut");
    for (let length = 0; length < whole.length - 17; length++) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(readImatrix(path, 1e6), `${length}`).rejects.toMatchObject({ code: "GGUF_INVALID" });
    }
  });
});
