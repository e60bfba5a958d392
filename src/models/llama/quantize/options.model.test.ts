/**
 * The options of `quantize`. The sha256 are of files that `llama-quantize` of llama.cpp v0.5.0 (its
 * tools/quantize/quantize.cpp linked against the packaged libraries) made of the same input with the command beside them.
 */
import { createHash } from "node:crypto";
import {
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeGguf, tinyModel } from "../../../../test/gguf-fixture.ts";
import { type Columns, imatrixGguf, imatrixLegacy } from "../../../../test/imatrix-fixture.ts";
import { mini } from "../../../../test/mini.ts";
import { needing, withoutModel } from "../../../../test/needing.ts";
import { smollm2 } from "../../../../test/smollm2.ts";
import { splitModel, writeParts } from "../../../../test/split-fixture.ts";
import { inspectGguf } from "../../gguf/index.ts";
import { readImatrix } from "./imatrix.ts";
import { planQuantize, type QuantizeOptions, quantize } from "./quantize.ts";

const input = await mini("F32");
const larger = await smollm2("F32");
const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

let folder: string;
let columns: Columns;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-quantize-"));
  process.chdir(folder); // the name of the matrix stands in the file, and has to be the same on every machine
  const { tensors } = await inspectGguf(input);
  const matrices = tensors.filter(({ name, shape }) => shape.length === 2 && name !== "token_embd.weight");
  columns = Object.fromEntries(matrices.map(({ name, shape }) => [name, shape[0]!]));
  writeFileSync("im.gguf", imatrixGguf(columns));
  writeFileSync("im.dat", imatrixLegacy(columns));
});
const home = process.cwd();
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

describe("quantize makes the same bytes as llama-quantize", () => {
  // biome-ignore format: one command a line
  const cases: [command: string, type: string, options: QuantizeOptions, sha256: string][] = [
    ["Q2_0", "Q2_0", {}, "c74f8d8fb0d0760875050fd01a3e7b9152c9dfeb5b106bfb0141fe48996513be"],
    ["Q4_K_M", "q4_k", {}, "80a1dc76ad126c9ec885313e0c895c95f7eb624662a8dfce4a15fdc7e7498944"],
    ["--pure Q4_K_M", "Q4_K_M", { pure: true }, "6d70d5f256f2b793ca5d4284f07db1f9762c41579ea02c7c1280b9fb21b1601d"],
    ["--tensor-type ffn_down=q8_0 --tensor-type 'blk\\.[01]\\.attn_v=iq4_nl' Q3_K_M", "Q3_K_M", { tensorTypes: [{ pattern: "ffn_down", type: "q8_0" }, { pattern: "BLK\\.[01]\\.attn_v", type: "IQ4_NL" }] }, "84987bc3310087b861d4c9cb9e15328629cdaeec8566b6d985f8f705cf174fbc"],
    ["--leave-output-tensor --token-embedding-type q5_0 Q4_K_S", "Q4_K_S", { leaveOutputTensor: true, tokenEmbeddingType: "q5_0" }, "eb32eb43d15d85e19052e22788a76e86964640f05ba34efff45edba96bbdec46"],
    ["--output-tensor-type f16 Q4_0", "Q4_0", { outputTensorType: "F16" }, "41d6d7b214e2cc7aa29ed5d6d0d60a830c5c30a7a2595527098692a3c6c7a16f"],
    ["TQ1_0", "TQ1_0", {}, "1ab766ed9650e6e9191311e42e916fa78ec513ecacdd27a752e5a273a7bfbb36"],
    ["MXFP4_MOE", "MXFP4_MOE", {}, "2e988db023c639f6f210b1201847bdc8699f09dd7435fd05c99bb75f6d398a4f"],
    ["BF16", "BF16", {}, "79d626ee770a19bcf79e2e4ad72ed57367e2266cc679a2117cd32a3f517727f7"],
    ["--imatrix im.gguf IQ2_XXS", "IQ2_XXS", { imatrix: "im.gguf" }, "3919ea6cd9baa10052ab20f85903a416e127620e6725d87fd89b4de7be05c453"],
    ["--imatrix im.gguf Q4_0", "Q4_0", { imatrix: "im.gguf" }, "922520be8683acc31472bf1b233505fa1b96c425bcbc64920e81c1031c72cd57"],
    ["--imatrix im.dat Q2_K_S", "Q2_K_S", { imatrix: "im.dat" }, "7d5546e6023cce317714b3562c2f7e1af5719b36bf4d0a9577bae71ff0089fb6"],
  ];
  it.each(cases)("%s", async (_, type, options, expected) => {
    const report = await quantize(input, "out.gguf", type, options);
    expect(sha256("out.gguf")).toBe(expected);
    const made = await inspectGguf("out.gguf");
    expect(report.output).toEqual({ files: ["out.gguf"], bytes: made.fileBytes });
    expect(report.tensors.map(({ name, to, bytes }) => [name, to, bytes]).sort()).toEqual(
      made.tensors.map(({ name, type, bytes }) => [name, type, bytes]).sort(), // the plan was right
    );
    rmSync("out.gguf");
  });
});

describe("quantize says and refuses beforehand", () => {
  const refusal = async (path: string, type: string, options: QuantizeOptions = {}) => {
    const error: unknown = await quantize(path, "none.gguf", type, options).catch((caught) => caught);
    expect(readdirSync(folder).filter((name) => name.startsWith("none"))).toEqual([]);
    return error;
  };

  it.each<[string, QuantizeOptions, string, RegExp]>([
    ["Q4_0", {}, "Q8_0", /quantised already \(Q8_0\): quantised again/],
    ["F32", { allowRequantize: true }, "Q8_0", /more than the .* they take now/],
    ["F16", {}, "Q8_0", /as F16 they would be no better/],
    ["F32", {}, "F16", /F32 the weights take 27\.\d+ MB, more than/],
    ["IQ2_XXS", {}, "F32", /would become IQ2_XXS, which is garbage without an importance matrix/],
    ["Q2_K_S", {}, "F32", /would become Q2_K/],
    // llama.cpp would end the process
    ["Q4_K_M", { tokenEmbeddingType: "IQ2_XS" }, "F32", /token_embd\.weight would become IQ2_XS/],
    ["Q1_0", {}, "F32", /blk\.0\.ffn_down\.weight cannot be Q1_0: its rows of 704 .* no multiple of 128/],
    ["Q4_K_M", { tokenEmbeddingType: "IQ2_XS", imatrix: "im.gguf" }, "F32", /no entry for token_embd/],
  ])("%s %j of %s", async (type, options, of, message) => {
    const path = await mini(of as "F32");
    expect(await refusal(path, type, options)).toMatchObject({
      code: "QUANTIZE_REFUSED",
      message: expect.stringMatching(message),
    });
  });

  it("a matrix of another model, or none", async () => {
    const other = { ...columns, "blk.0.ffn_down.weight": 32 };
    writeFileSync("other.gguf", imatrixGguf(other));
    expect(await refusal(input, "Q4_0", { imatrix: "other.gguf" })).toMatchObject({
      code: "QUANTIZE_REFUSED",
      message: expect.stringMatching(/32 values for blk\.0\.ffn_down\.weight, which needs \d+/),
    });
    writeFileSync("text.dat", "no matrix at all, only some words");
    expect(await refusal(input, "Q4_0", { imatrix: "text.dat" })).toMatchObject({ code: "GGUF_INVALID" });
    writeFileSync("cut.dat", imatrixLegacy(columns).subarray(0, 5000));
    expect(await refusal(input, "Q4_0", { imatrix: "cut.dat" })).toMatchObject({
      message: expect.stringMatching(/It ends inside/),
    });
    expect(await refusal(input, "Q4_0", { imatrix: "none.dat" })).toMatchObject({ code: "FILE_NOT_FOUND" });
    expect(await refusal(input, "Q4_0", { imatrix: input })).toMatchObject({
      message: expect.stringMatching(/imatrix\.chunk_size is missing/),
    });
    writeFileSync("huge.dat", "");
    truncateSync("huge.dat", 2 ** 31); // mini's has 0.2 MB
    expect(await refusal(input, "Q4_0", { imatrix: "huge.dat" })).toMatchObject({
      code: "GGUF_INVALID",
      message: expect.stringMatching(/It has 2\.15 GB, and one of this model has 1\.27 MB at most/),
    });
    expect(await refusal(input, "Q4_0", { imatrix: folder })).toMatchObject({ code: "FILE_UNREADABLE" });
  });

  it("types and patterns that are none", async () => {
    for (const options of [
      { tensorTypes: [{ pattern: "[", type: "Q8_0" }] },
      // These are regular expressions here, and not for llama.cpp's std::regex.
      { tensorTypes: [{ pattern: "(?<n>ffn)", type: "Q8_0" }] },
      { tensorTypes: [{ pattern: "(?<!attn)_q", type: "Q8_0" }] },
      { tensorTypes: [{ pattern: "\\p{l}", type: "Q8_0" }] },
      { tensorTypes: [{ pattern: "ffn", type: "Q8_K" }] },
      { tokenEmbeddingType: "Q9" },
      { outputTensorType: "I32" },
    ])
      expect(await refusal(input, "Q4_0", options)).toMatchObject({ code: "INVALID_ARGUMENT" });
    const { notes } = await planQuantize(input, "Q4_0", { tensorTypes: [{ pattern: "nix", type: "Q8_0" }] });
    expect(notes).toEqual(['No tensor has a name that fits "nix".']);
    const vectors = await planQuantize(input, "Q4_0", {
      tensorTypes: [{ pattern: "attn_norm", type: "Q8_0" }],
    });
    expect(vectors.tensors.filter(({ name, to }) => name.includes("attn_norm") && to !== "F32")).toEqual([]);
    expect(vectors.notes).toEqual([
      'The type for "attn_norm" has no effect: it fits vectors only, which stay as they are.',
    ]);
    expect(await refusal(input, "Q2_K", { imatrix: "no-such-matrix" })).toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringMatching(/no such importance matrix/),
    });
  });

  it("weights that are not finite", async () => {
    const model = tinyModel();
    const data = model.tensors.find(({ name }) => name === "blk.1.ffn_up.weight")!.data;
    new DataView(data.buffer).setFloat32(400, Number.NaN, true);
    writeFileSync("nan.gguf", encodeGguf(model).bytes);
    expect(await refusal("nan.gguf", "Q8_0")).toMatchObject({
      code: "GGUF_INVALID",
      where: expect.stringContaining("blk.1.ffn_up.weight"),
    });
  });

  needing(withoutModel(larger)).it("that SmolLM2 as Q2_K has not one Q2_K tensor", async () => {
    const { fallbacks, notes, tensors } = await planQuantize(larger!, "Q2_K");
    expect(tensors.some(({ to }) => to === "Q2_K")).toBe(false);
    expect(fallbacks).toHaveLength(180); // "180 of 272 tensor(s) required fallback quantization"
    expect(fallbacks[0]).toMatchObject({ wanted: "Q2_K", used: "Q4_0", columns: 576, blockSize: 256 });
    expect(notes.at(-1)).toBe("Not one tensor of the result is Q2_K, though it calls itself Q2_K.");
  });
});

describe("quantize of a split model", () => {
  it("knows a first part without tensors, as llama-gguf-split --no-tensor-first-split writes it", async () => {
    const [first, ...others] = splitModel(tinyModel(), 3);
    const tensors = [...first!.tensors, ...others[0]!.tensors];
    const paths = writeParts(
      folder,
      [{ ...first!, tensors: [] }, { ...others[0]!, tensors }, others[1]!],
      "bare",
    );
    writeFileSync("bare-whole.gguf", encodeGguf(tinyModel()).bytes);
    await quantize(paths[0]!, "bare.gguf", "Q8_0");
    await quantize("bare-whole.gguf", "bare-same.gguf", "Q8_0");
    expect(sha256("bare.gguf")).toBe(sha256("bare-same.gguf"));
  });

  it("makes one file, or as many as there were, and counts all parts", async () => {
    const paths = writeParts(folder, splitModel(tinyModel(), 3));
    const seen: number[] = [];
    const report = await quantize(paths[0]!, "one.gguf", "Q8_0", {
      onProgress: ({ done }) => seen.push(done),
    });
    const total = (await inspectGguf(paths[0]!)).tensors.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(total);
    expect(report.input).toMatchObject({ files: paths, bytes: (await inspectGguf(paths[0]!)).fileBytes });
    writeFileSync("whole.gguf", encodeGguf(tinyModel()).bytes);
    await quantize("whole.gguf", "same.gguf", "Q8_0");
    expect(sha256("one.gguf")).toBe(sha256("same.gguf"));
    const { output } = await quantize(paths[0]!, "small.gguf", "Q8_0", { keepSplit: true });
    expect(output.files).toEqual([1, 2, 3].map((i) => `small-0000${i}-of-00003.gguf`));
    expect((await inspectGguf("small-00001-of-00003.gguf")).tensors).toHaveLength(20);
    expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("never writes over a part of its input, however it is called", async () => {
    const paths = writeParts(folder, splitModel(tinyModel(), 2), "in");
    const before = paths.map(sha256);
    symlinkSync(paths[1]!, "link.gguf");
    linkSync(paths[1]!, "hard.gguf");
    for (const output of [paths[0]!, paths[1]!, "link.gguf", "hard.gguf", "./in-00002-of-00002.gguf"])
      await expect(quantize(paths[0]!, output, "Q8_0")).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        what: expect.stringContaining("a part of the input"),
      });
    for (const output of ["in.gguf", "in-00001-of-00002.gguf", "in"])
      await expect(quantize(paths[0]!, output, "Q8_0", { keepSplit: true })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    expect(paths.map(sha256)).toEqual(before);
  });
});

it("reads both kinds of importance matrix as means", async () => {
  const [gguf, legacy] = [await readImatrix("im.gguf", 1e6), await readImatrix("im.dat", 1e6)];
  expect(gguf).toMatchObject({ chunks: 7, dataset: Buffer.from("words.txt") });
  expect(legacy).toMatchObject({ chunks: 7, dataset: Buffer.from("words.txt") });
  expect([...gguf.entries.keys()]).toEqual([...legacy.entries.keys()]);
  const [name, values] = [...gguf.entries][1]!;
  expect(values[0]! * 1024).toBeCloseTo(legacy.entries.get(name)![0]! * 2, 3); // 1,024 tokens; two calls
});
