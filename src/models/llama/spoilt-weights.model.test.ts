/** No number comes of a model that has NaN or infinity among its weights, or gives logits that say nothing. */
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeGguf, type FixtureModel, randomNumbers, tinyModel } from "../../../test/gguf-fixture.ts";
import { LogitKernel } from "../../core/index.ts";
import { isKnownFinite, locate } from "../registry/index.ts";
import { resolve } from "../resolve.ts";
import { LlamaModel } from "./model.ts";
import { assertUsable } from "./usable-logits.ts";

describe("spoilt weights", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-spoilt-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const open = (model: FixtureModel) => {
    const path = join(folder, "model.gguf");
    writeFileSync(path, encodeGguf(model).bytes);
    return LlamaModel.load(path);
  };

  it("are refused with the tensor's name, wherever they are", async () => {
    const random = randomNumbers(7);
    for (let i = 0; i < 40; i++) {
      const model = tinyModel({ weights: i % 2 === 0 ? 0 : 8 });
      const tensor = model.tensors[Math.floor(random() * model.tensors.length)]!;
      const data = new DataView(tensor.data.buffer);
      const value = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][i % 3]!;
      const place = Math.floor(random() * (tensor.data.length / (tensor.type === 0 ? 4 : 34)));
      if (tensor.type === 0) data.setFloat32(4 * place, value, true);
      else data.setUint16(34 * place, 0x7c00 + (Number.isNaN(value) ? 1 : 0), true);
      await expect(open(model), `${tensor.name} ${value}`).rejects.toMatchObject({
        code: "GGUF_INVALID",
        where: expect.stringContaining(`tensor ${tensor.name}`),
      });
    }
  }, 60_000);

  it("are looked for once in a file whose sha256 is known, and again when it changes", async () => {
    const path = join(folder, "known.gguf");
    const options = { cache: join(folder, "cache"), offline: true };
    const remembered = () =>
      JSON.parse(readFileSync(join(options.cache, "digests.json"), "utf8"))[path].finite ?? null;
    writeFileSync(path, encodeGguf(tinyModel()).bytes);
    await locate(path, options);
    expect(remembered()).toBeNull();
    await (await resolve(path, options))[Symbol.asyncDispose]();
    expect(remembered()).toBe(true);
    expect(await isKnownFinite([path], options)).toBe(true);
    const model = tinyModel();
    new DataView(model.tensors[3]!.data.buffer).setFloat32(0, Number.NaN, true);
    const { atime, mtime } = statSync(path);
    writeFileSync(path, encodeGguf(model).bytes);
    utimesSync(path, atime, mtime);
    expect(await isKnownFinite([path], options)).toBe(false);
    await expect(resolve(path, options)).rejects.toMatchObject({ code: "GGUF_INVALID" });
    expect(remembered()).toBeNull();
    await expect(resolve(path, options)).rejects.toMatchObject({ code: "GGUF_INVALID" });
  });

  it("of zeros give no number", async () => {
    const model = tinyModel();
    for (const { name, data } of model.tensors) if (name === "token_embd.weight") data.fill(0);
    await using zeros = await open(model);
    await expect(zeros.loss("It was the best of times")).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      what: expect.stringMatching(/all the same number/),
    });
  });
});

it("logits of one number, NaN or infinity are refused, and others are not", async () => {
  const kernel = await LogitKernel.create(64, 0);
  const judge = (logits: Float32Array) => {
    kernel.row.set(logits);
    kernel.analyse(0, 0);
    assertUsable(kernel);
  };
  const same = new Float32Array(64).fill(3);
  expect(() => judge(same)).toThrow(/all the same number/);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => judge(same.with(5, value))).toThrow(/are not numbers/);
  expect(() => judge(same.fill(Number.NEGATIVE_INFINITY))).toThrow(/are not numbers/);
  judge(new Float32Array(64).fill(3).with(5, 3.001));
  judge(new Float32Array(64).fill(3).with(5, Number.NEGATIVE_INFINITY));
});
