/** A ladder on disk, and which levels are made of a file. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { GgufFile } from "../../models/index.ts";
import {
  LADDER_SCHEMA,
  levelName,
  type PaqLadder,
  type PaqLevel,
  parseLadder,
  readLadder,
  writeLadder,
} from "../index.ts";
import { wantedLevels } from "./level-types.ts";

const level = (bits: number, file: string): PaqLevel => ({
  bits,
  name: levelName(bits),
  file,
  type: `Q${bits}_0`,
  bytes: 100 * bits,
  bitsPerWeight: bits + 0.5,
  fallbacks: [{ tensors: 3, from: "Q6_K", to: "Q8_0" }],
  identity: {
    model: { name: "m", sha256: "ab" },
    tokenizer: null,
    wordingSha256: null,
    recipe: null,
    kernels: "avx2",
  },
  perplexity: { value: Infinity, low: 1, high: Infinity, tokens: 9, text: "Infinity" },
  prefillTokensPerSecond: 10,
  generationTokensPerSecond: null,
  cacheBytesPerToken: 4096,
  memoryBytes: 1e6,
});
const ladderIn = (folder: string): PaqLadder => ({
  schema: LADDER_SCHEMA,
  source: { name: "m", type: "F16", sha256: "cd", isQuantised: false, note: null },
  levels: [2, 8].map((bits) => level(bits, join(folder, `m-${bits}.gguf`))),
  text: { name: "Infinity", sha256: "ef", recipe: "cached" },
  machine: {
    cpu: "any",
    kernels: null,
    engine: null,
    threads: 2,
    memoryBytes: 1e9,
    date: "2026-11-30T00:00:00.000Z",
  },
});
const fresh = () => mkdtempSync(join(tmpdir(), "ladder-"));

describe("a ladder's file", () => {
  it("comes back as it was written, wherever its folder is, infinite figures and texts that look like them", async () => {
    const [folder, other] = [fresh(), fresh()];
    await writeLadder(folder, ladderIn(folder));
    expect(await readLadder(folder)).toEqual(ladderIn(folder));
    const json = readFileSync(join(folder, "ladder.json"), "utf8");
    expect(JSON.parse(json).levels[0].file).toBe("m-2.gguf");
    writeFileSync(join(other, "ladder.json"), json);
    expect((await readLadder(join(other, "ladder.json"))).levels[1]!.file).toBe(join(other, "m-8.gguf"));
  });

  it.each([
    ["another form", { schema: "surprisal.paq-ladder/2" }, /form is surprisal\.paq-ladder\/2/],
    ["no ladder", { schema: "surprisal.router/1" }, /schema is not/],
    ["no levels", { levels: [] }, /levels is empty/],
    ["levels that do not rise", { levels: [level(8, "a"), level(2, "b")] }, /levels do not rise in bits/],
    ["a level twice", { levels: [level(8, "a"), level(8, "b")] }, /levels do not rise in bits/],
    [
      "a level under another's name",
      { levels: [{ ...level(8, "a"), name: "4-bit" }] },
      /name is not "8-bit"/,
    ],
    ["a size below 0", { levels: [{ ...level(8, "a"), bytes: -1 }] }, /bytes is not a whole number/],
    ["a speed of 0", { levels: [{ ...level(8, "a"), prefillTokensPerSecond: 0 }] }, /prefillTokensPerSecond/],
    ["a level without a file", { levels: [{ ...level(8, "a"), file: undefined }] }, /file is not a text/],
    [
      "a source without its hash",
      { source: { name: "m", type: "F16", isQuantised: false, note: null } },
      /sha256/,
    ],
  ])("refuses %s", (_, change, message) => {
    const json = JSON.stringify({ ...ladderIn("f"), ...change }, (_key, value) =>
      value === Infinity ? "Infinity" : value,
    );
    expect(() => parseLadder(json, "here")).toThrow(message);
    expect(() => parseLadder(json, "here")).toThrow(
      expect.objectContaining({ code: "ROUTER_INVALID", where: "here" }),
    );
  });

  it("is told from what is no JSON, and missed where there is none", async () => {
    expect(() => parseLadder("{", "here")).toThrow(/no JSON/);
    await expect(readLadder(fresh())).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

describe("wantedLevels", () => {
  const file = (columns: number): Pick<GgufFile, "tensors"> => {
    const tensor = (name: string, shape: number[]) => ({
      name,
      shape,
      type: "F16",
      part: 0,
      offset: 0,
      bytes: 1,
    });
    return { tensors: [tensor("a", [columns, 8]), tensor("norm", [7])] };
  };
  const types = (columns: number, own: string, given?: string[]) =>
    wantedLevels(file(columns), own, given).map(
      ({ bits, type, asItIs }) => `${bits} ${type}${asItIs ? " as it is" : ""}`,
    );

  it("takes Q4_K_M where rows fit into its blocks, and the file's own format for its number of bits", () => {
    expect(types(512, "F16")).toEqual(["2 Q2_0", "4 Q4_K_M", "8 Q8_0", "16 F16 as it is"]);
    expect(types(576, "F32")).toEqual(["2 Q2_0", "4 Q4_0", "8 Q8_0", "16 F16"]);
    expect(types(512, "BF16")).toEqual(["2 Q2_0", "4 Q4_K_M", "8 Q8_0", "16 BF16 as it is"]);
    expect(types(896, "Q4_K_M")).toEqual(["2 Q2_0", "4 Q4_K_M as it is", "8 Q8_0", "16 F16"]);
    expect(types(576, "Q8_0")).toEqual(["2 Q2_0", "4 Q4_0", "8 Q8_0 as it is", "16 F16"]);
    expect(types(576, "F16", ["F16", "q6_k", "IQ4_NL"])).toEqual(["4 IQ4_NL", "6 Q6_K", "16 F16 as it is"]);
  });

  it.each([
    [["Q9", "F16"], /"Q9" is no weight format/],
    [["COPY", "F16"], /"COPY" is no weight format/],
    [["Q4_0", "Q4_1"], /both have 4 bits/],
    [["Q4_0"], /two levels at least/],
  ])("refuses %j", (given, message) => {
    expect(() => types(512, "F16", given)).toThrow(message);
  });
});
