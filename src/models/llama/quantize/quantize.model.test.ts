import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../../../test/mini.ts";
import { needing, withoutModel } from "../../../../test/needing.ts";
import { smollm2 } from "../../../../test/smollm2.ts";
import { LlamaModel } from "../model.ts";
import { quantize } from "./quantize.ts";

const original = await smollm2("Q4_1");

describe("quantize", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "surprisal-quantize-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("refuses what was not meant, and leaves nothing behind", async () => {
    const input = await mini();
    const output = join(folder, "none.gguf");
    await expect(quantize(input, output, "Q9")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(quantize(input, output, "Q4_0")).rejects.toMatchObject({ code: "QUANTIZE_REFUSED" }); // twice quantised
    for (const threads of [1.5, Number.NaN, -5, 100_000])
      await expect(quantize(input, output, "Q8_0", { threads })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    expect(await readdir(folder)).toEqual([]);
  });

  it("loses nothing on the way from Q8_0 to F32 and back", async () => {
    const [input, output] = [await mini(), join(folder, "again.gguf")];
    await quantize(await mini("F32"), output, "Q8_0");
    const loss = async (path: string) => {
      await using model = await LlamaModel.load(path);
      return (await model.loss("Once upon a time there was a king who had three daughters.")).loss;
    };
    expect(await loss(output)).toBe(await loss(input));
    await rm(output);
  });

  needing(withoutModel(original)).it("makes the same bytes as llama-quantize, of SmolLM2", async () => {
    const output = join(folder, "q8.gguf");
    await quantize(original!, output, "Q8_0", { allowRequantize: true, allowLarger: true });
    const sha256 = createHash("sha256").update(readFileSync(output)).digest("hex");
    expect(sha256).toBe("7b46609d11703c058397e5cfe4cc6e4b2508cb1eb4c80ddc472a5d421fbdb508");
    expect(await readdir(folder)).toEqual(["q8.gguf"]);
  });
});
