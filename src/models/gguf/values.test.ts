import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeGguf, type FixtureModel, tinyModel } from "../../../test/gguf-fixture.ts";
import { inspectGguf } from "./inspect.ts";
import { TENSOR_TYPES } from "./types.ts";
import { checkValues } from "./values.ts";

/**
 * Where a block's scales are, from ggml/src/ggml-common.h of llama.cpp v0.5.0: `ggml_half d` at the beginning, or behind
 * the weights; `dmin` or `m` beside it.
 */
const PLACES: Readonly<Record<string, readonly number[]>> = {
  F16: [0],
  BF16: [0],
  Q1_0: [0],
  Q2_0: [0],
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q8_0: [0],
  Q2_K: [16 + 64, 16 + 64 + 2],
  Q3_K: [32 + 64 + 12],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [128 + 64 + 16],
  IQ1_S: [0],
  IQ2_XXS: [0],
  IQ2_XS: [0],
  IQ2_S: [0],
  IQ3_XXS: [0],
  IQ3_S: [0],
  IQ4_NL: [0],
  IQ4_XS: [0],
  TQ1_0: [48 + 4],
  TQ2_0: [64],
};

describe("weights that are not finite", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-values-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const check = async (model: FixtureModel, which: "all" | "unchecked" = "all") => {
    const path = join(folder, "model.gguf");
    writeFileSync(path, encodeGguf(model).bytes);
    return checkValues(await inspectGguf(path), which);
  };
  /** A model with a matrix of 3 blocks of a type, all zeros but for what `spoil` writes. */
  const withMatrix = (name: string, spoil: (data: DataView, blockBytes: number) => void): FixtureModel => {
    const [id, { blockSize, blockBytes }] = [...TENSOR_TYPES].find(([, type]) => type.name === name)!;
    const data = new Uint8Array(3 * blockBytes);
    spoil(new DataView(data.buffer), blockBytes);
    const model = tinyModel();
    return {
      ...model,
      tensors: [...model.tensors, { name: "odd.weight", shape: [blockSize, 3], type: id, data }],
    };
  };

  it.each(Object.entries(PLACES).flatMap(([type, places]) => places.map((place) => [type, place] as const)))(
    "are found in %s at byte %i of a block",
    async (type, place) => {
      const infinity = type === "BF16" ? 0x7f80 : 0x7c00;
      for (const bits of [infinity, infinity | 0x8000, infinity + 1])
        await expect(
          check(withMatrix(type, (data, bytes) => data.setUint16(2 * bytes + place, bits, true))),
        ).rejects.toMatchObject({
          code: "GGUF_INVALID",
          where: expect.stringMatching(/tensor odd\.weight$/),
        });
      await check(withMatrix(type, (data, bytes) => data.setUint16(bytes + place, infinity - 1, true))); // the largest
    },
  );

  it("are found in F32, IQ1_M and MXFP4, and in norms", async () => {
    const spoilt = [
      withMatrix("F32", (data) => data.setFloat32(8, Number.POSITIVE_INFINITY, true)),
      withMatrix("F32", (data) => data.setFloat32(0, Number.NaN, true)),
      withMatrix("IQ1_M", (data) => {
        for (const at of [48, 50, 52, 54]) data.setUint16(56 + at, 0xf000, true); // its four quarters make 0xffff
      }),
      withMatrix("MXFP4", (data) => data.setUint8(34, 0xff)),
    ];
    for (const model of spoilt) await expect(check(model)).rejects.toMatchObject({ code: "GGUF_INVALID" });
    const norm = tinyModel();
    new DataView(norm.tensors[1]!.data.buffer).setFloat32(12, Number.NaN, true);
    await expect(check(norm)).rejects.toMatchObject({ where: expect.stringMatching(/output_norm\.weight$/) });
    await check(norm, "unchecked"); // left to llama.cpp
    await check(withMatrix("IQ1_M", (data) => data.setUint16(48, 0xf000, true)));
    await check(withMatrix("F32", (data) => data.setFloat32(0, 3.4e38, true)));
  });

  it("are looked for in every type that weights can have, but for one that cannot hold them", () => {
    const types = [...TENSOR_TYPES.values()].filter(({ weights }) => weights).map(({ name }) => name);
    const covered = [...Object.keys(PLACES), "F32", "IQ1_M", "MXFP4"];
    // The scales of NVFP4 are E4M3, whose one NaN ggml reads as 0.
    expect(types.filter((name) => !covered.includes(name))).toEqual(["NVFP4"]);
  });
});
