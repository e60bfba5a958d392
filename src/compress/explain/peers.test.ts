import { spawnSync } from "node:child_process";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { Explanation } from "./explanation.ts";
import { comparePeers } from "./peers.ts";
import { yardsticks } from "./yardsticks.ts";

const text = Buffer.from(
  "It is a truth universally acknowledged, that a single man is in want of a wife.\n".repeat(40),
);
const { PATH } = process.env;
afterEach(() => {
  process.env.PATH = PATH;
});
const byName = (sizes: Awaited<ReturnType<typeof comparePeers>>, name: string) =>
  sizes.find((size) => size.name.startsWith(name));

describe("comparePeers", () => {
  it("gzip and brotli are what Node makes of all bytes at once", async () => {
    const sizes = await comparePeers(() => [text.subarray(0, 1000), text.subarray(1000)], text.length);
    expect(sizes.map(({ name }) => name)).toEqual([
      "gzip -9",
      "brotli -q 11",
      "zstd -19",
      "xz -9e",
      "bzip2 -9",
    ]);
    expect(byName(sizes, "gzip")).toMatchObject({
      bytes: gzipSync(text, { level: 9 }).length,
      missing: null,
    });
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
    };
    expect(byName(sizes, "brotli")!.bytes).toBe(brotliCompressSync(text, { params }).length);
  });

  it.each([
    ["xz", ["-9e", "-c"]],
    ["bzip2", ["-9", "-c"]],
  ])("%s is the system's, or left out with the reason", async (program, args) => {
    const size = byName(await comparePeers(() => [text], text.length), program)!;
    const direct = spawnSync(program, args, { input: text });
    if (direct.error) expect(size).toMatchObject({ bytes: null, missing: "it is not installed" });
    else expect(size).toMatchObject({ bytes: direct.stdout.length, missing: null });
  });

  it("a program that is missing is null, not 0", async () => {
    process.env.PATH = "/nowhere";
    const sizes = await comparePeers(() => [text], text.length);
    for (const name of ["xz", "bzip2"])
      expect(byName(sizes, name)).toMatchObject({ bytes: null, missing: "it is not installed" });
    expect(byName(sizes, "gzip")!.bytes).toBeGreaterThan(0);
  });

  it("what takes too long is ended and said; what is aborted ends with that", async () => {
    async function* slow() {
      yield text;
      await new Promise((resume) => setTimeout(resume, 60));
      yield text;
    }
    const sizes = await comparePeers(slow, 2 * text.length, { seconds: 0.01 });
    for (const { bytes, missing } of sizes.filter(({ missing }) => missing !== "it is not installed"))
      expect([bytes, missing]).toEqual([null, "it takes longer than 0.01 s"]);
    const abort = new AbortController();
    const compared = comparePeers(slow, text.length, { signal: abort.signal, onPeer: () => abort.abort() });
    await expect(compared).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("what the source throws is thrown", async () => {
    async function* broken() {
      yield text;
      throw new Error("gone");
    }
    await expect(comparePeers(broken, 1)).rejects.toThrow("gone");
  });

  it("sizes of nothing", async () => {
    const sizes = await comparePeers(() => [], 0);
    expect(byName(sizes, "gzip")!.bytes).toBe(gzipSync("", { level: 9 }).length);
  });
});

describe("yardsticks", () => {
  /** 1,000 bytes of 900 characters, 200 words, 250 tokens, in 240 bytes of which 40 are header and footer. */
  const found: Explanation = {
    ...{ name: "x", bytes: 1000, characters: 900, words: 200, sha256: "", packedBytes: 240, tokens: 250 },
    ...{ isAllModel: true, model: null, methods: [], classes: [], chunks: [], lines: 1 },
    ...{ firstLines: [], costliestLines: [] },
    accounts: [
      { use: "surprisal", name: "", bits: 1500 },
      { use: "rounding", name: "", bits: 100 },
      { use: "header", name: "", bits: 200 },
      { use: "footer", name: "", bits: 120 },
    ],
    detail: {
      text: new Uint8Array(0),
      tokens: {
        ids: new Int32Array(0),
        byteOffsets: new Uint32Array(1),
        surprisalBits: new Float64Array(0),
        codedBits: new Float64Array(0),
      },
    },
  };
  const peers = [
    { name: "a", bytes: 500, missing: null },
    { name: "b", bytes: 400, missing: null },
    { name: "c", bytes: null, missing: "it is not installed" },
  ];

  it("bits per byte, character, token, word; the model counted and not", () => {
    const { rows, breakEven } = yardsticks(found, peers, 10_000);
    const of = (name: string) => rows.find((row) => row.name === name)!;
    expect(of("this file")).toMatchObject({
      bytes: 240,
      bytesWithModel: 10_240,
      bitsPerByte: 1.92,
      bitsPerToken: 7.68,
      bitsPerWord: 9.6,
    });
    expect(of("the surprisal alone")).toMatchObject({ bytes: 187.5, bitsPerToken: 6, bitsPerByte: 1.5 });
    expect(of("b")).toMatchObject({ bitsPerByte: 3.2, bytesWithModel: 400 });
    expect(of("c")).toMatchObject({
      bytes: null,
      bitsPerByte: null,
      bytesWithModel: null,
      note: "it is not installed",
    });
    expect(of("the text as it is")).toMatchObject({ bitsPerByte: 8, bitsPerCharacter: 8000 / 900 });
    expect(of("ASCII")).toMatchObject({ bytes: null, bitsPerByte: null, bitsPerCharacter: 8 });
    expect(of("modern models")).toMatchObject({ bitsPerToken: 3.5, bitsPerByte: null });
    // Of n bytes, 0.2 n here and 0.4 n there: 10,040 / 0.2.
    expect(breakEven).toEqual({ peer: "b", bytes: 50_200 });
  });

  it("no length pays where the peer is smaller; nothing is said where there is no model", () => {
    const better = [{ name: "z", bytes: 100, missing: null }];
    expect(yardsticks(found, better, 10).breakEven).toEqual({ peer: "z", bytes: null });
    expect(yardsticks(found, peers, null)).toMatchObject({ breakEven: null });
    const without = { ...found, tokens: null, isAllModel: false, characters: null };
    const { rows, breakEven } = yardsticks(without, peers, 10);
    expect(breakEven).toBeNull();
    expect(rows[0]).toMatchObject({
      name: "this file",
      bytesWithModel: 240,
      bitsPerToken: null,
      bitsPerCharacter: null,
    });
    expect(rows.some(({ kind }) => kind === "limit")).toBe(false);
    expect(rows.find(({ name }) => name === "ASCII")!.bitsPerCharacter).toBeNull();
  });
});
