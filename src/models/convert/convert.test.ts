/** Published encoders that are damaged, contradict themselves, or are of another kind; and what becomes of a good one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type PublishedEncoder,
  publishedFiles,
  safetensors,
  TINY_TOKENS,
  tinyEncoder,
  writePublished,
} from "../../../test/bert-fixture.ts";
import { checkGguf, inspectGguf, poolingOf, tokenTextsOf } from "../gguf/index.ts";
import { quantize } from "../llama/index.ts";
import { type ConvertedType, convertSentenceEncoder, MOST_TOKENS_KEY } from "./index.ts";
import { toQ8 } from "./q8.ts";
import { readSafetensors } from "./safetensors.ts";

const ABOUT = { name: "tiny", licence: "mit", sourceUrl: "https://example.org" };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-convert-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function convert(model: PublishedEncoder, type: ConvertedType = "F32"): Promise<string> {
  writePublished(folder, publishedFiles(model));
  const output = join(folder, `${type}.gguf`);
  await convertSentenceEncoder(folder, output, type, ABOUT);
  return output;
}

describe("A sentence encoder", () => {
  it.each(["F32", "Q8_0"] as const)(
    "becomes a GGUF file that is checked like any other, %s",
    async (type) => {
      const file = await inspectGguf(await convert(tinyEncoder(), type));
      checkGguf(file, { kind: "encoder" });
      expect(poolingOf(file)).toBe("mean");
      expect(file).toMatchObject({ architecture: "bert", name: "tiny", contextLength: 64 });
      expect(file.metadata.get(MOST_TOKENS_KEY)).toEqual({ type: "u32", value: 32 });
      expect(file.metadata.get("bert.attention.causal")).toEqual({ type: "bool", value: false });
      const texts = tokenTextsOf(file);
      expect(texts.slice(0, 6)).toEqual(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u2581a"]);
      expect(texts[TINY_TOKENS.indexOf("##ing")]).toBe("ing");
      const types = new Map(file.tensors.map((tensor) => [tensor.name, tensor.type]));
      expect(types.get("blk.1.ffn_down.weight")).toBe(type);
      expect(types.get("token_embd.weight")).toBe(type);
      for (const name of ["position_embd.weight", "token_types.weight", "blk.0.attn_q.bias"])
        expect(types.get(name)).toBe("F32");
    },
  );

  it("keeps the weights bit by bit as F32", async () => {
    const model = tinyEncoder();
    const path = await convert(model);
    const { tensors } = await inspectGguf(path);
    const [from, to] = model.header["encoder.layer.1.output.dense.weight"]!.data_offsets;
    const { offset, bytes, shape } = tensors.find(({ name }) => name === "blk.1.ffn_down.weight")!;
    expect(shape).toEqual([96, 64]);
    expect(readFileSync(path).subarray(offset, offset + bytes)).toEqual(model.data.subarray(from, to));
  });

  const damages: [string, (model: PublishedEncoder) => void, RegExp][] = [
    [
      "a tensor that is missing",
      ({ header }) => rename(header, "encoder.layer.1.output.dense.bias"),
      /missing/,
    ],
    [
      "a tensor of another shape",
      ({ header }) => {
        header["encoder.layer.0.output.dense.weight"]!.shape.reverse();
      },
      /shape/,
    ],
    [
      "tensors that overlap",
      ({ header }) => {
        const entry = header["encoder.layer.0.output.dense.bias"]!;
        entry.data_offsets = entry.data_offsets.map((at) => at - 4);
      },
      /said to begin/,
    ],
    [
      "a type that is none",
      ({ header }) => {
        header["pooler.dense.bias"]!.dtype = "F31";
      },
      /not known/,
    ],
    ["a shape of another size", ({ header }) => header["pooler.dense.bias"]!.shape.push(2), /Its place has/],
    [
      "a negative length",
      ({ header }) => {
        header["pooler.dense.bias"]!.shape = [-64];
      },
      /shape is none/,
    ],
    [
      "a shape beyond all numbers",
      ({ header }) => {
        header["pooler.dense.bias"]!.shape = [2 ** 40, 2 ** 40];
      },
      /Its place/,
    ],
    [
      "offsets the wrong way round",
      ({ header }) => {
        header["pooler.dense.bias"]!.data_offsets.reverse();
      },
      /Its place/,
    ],
    [
      "integers as weights",
      ({ header }) => {
        header["encoder.layer.0.output.dense.bias"]!.dtype = "I32";
      },
      /I32 are not converted/,
    ],
    [
      "a weight that is not a number",
      ({ header, data }) => {
        data.writeFloatLE(Number.NaN, header["encoder.layer.0.output.dense.bias"]!.data_offsets[0]!);
      },
      /not a finite/,
    ],
    [
      "data that are cut",
      (model) => {
        model.data = model.data.subarray(0, -4);
      },
      /Its tensors end/,
    ],
    [
      "data behind the last tensor",
      (model) => {
        model.data = Buffer.concat([model.data, Buffer.alloc(4)]);
      },
      /Its tensors end/,
    ],
    ["another activation", ({ json }) => set(json, "config.json", { hidden_act: "relu" }), /relu/],
    ["another kind of model", ({ json }) => set(json, "config.json", { model_type: "t5" }), /t5/],
    [
      "an absurd number of layers",
      ({ json }) => set(json, "config.json", { num_hidden_layers: 1e9 }),
      /1000000000/,
    ],
    ["an epsilon of nothing", ({ json }) => set(json, "config.json", { layer_norm_eps: "x" }), /epsilon/],
    ["another vocabulary", ({ json }) => set(json, "config.json", { vocab_size: 3 }), /another number/],
    [
      "two poolings",
      ({ json }) => set(json, "1_Pooling/config.json", { pooling_mode_cls_token: true }),
      /Only the mean/,
    ],
    [
      "a step more",
      ({ json }) => {
        json["modules.json"] = [
          ...(json["modules.json"] as unknown[]),
          { type: "sentence_transformers.models.Dense" },
        ];
      },
      /Other steps/,
    ],
    ["tokens with the same number", ({ json }) => vocabulary(json).set("a", 6), /same number/],
    ["a token beyond the vocabulary", ({ json }) => vocabulary(json).set("a", 1e6), /no number of one/],
    ["no end of a text", ({ json }) => vocabulary(json).rename("[SEP]"), /no token \[SEP\]/],
    [
      "pieces that differ by their marks only",
      ({ json }) => vocabulary(json).rename("##a", "##\u2581a"),
      /the same but/,
    ],
  ];

  it.each(damages)("with %s is refused", async (_, damage, said) => {
    const model = tinyEncoder();
    damage(model);
    await expect(convert(model)).rejects.toMatchObject({
      code: "CONVERSION_FAILED",
      message: expect.stringMatching(said),
    });
  });

  it.each(["config.json", "tokenizer.json", "modules.json", "1_Pooling/config.json", "model.safetensors"])(
    "without %s is refused",
    async (name) => {
      const files = publishedFiles(tinyEncoder());
      files.delete(name);
      writePublished(folder, files);
      const made = convertSentenceEncoder(folder, join(folder, "out.gguf"), "F32", ABOUT);
      await expect(made).rejects.toMatchObject({ code: "CONVERSION_FAILED" });
    },
  );
});

describe("A safetensors file", () => {
  const one = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  const cases: [string, Buffer][] = [
    ["of nothing", Buffer.alloc(0)],
    ["of seven bytes", Buffer.alloc(7)],
    ["with a header longer than itself", safetensors({ a: one }, Buffer.alloc(8), 1000n)],
    ["with a header of 2^63 bytes", safetensors({ a: one }, Buffer.alloc(8), 2n ** 63n)],
    ["with a header of 200 MB", safetensors({ a: one }, Buffer.alloc(8), 200_000_000n)],
    ["with half a header", safetensors({ a: one }, Buffer.alloc(8), 12n)],
    ["with a list for a header", safetensors([], Buffer.alloc(0))],
    ["with nothing for a header", safetensors("", Buffer.alloc(0))],
    [
      "with bytes that are no UTF-8",
      Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0xff, 0xfe])]),
    ],
    ["nested 100,000 deep", safetensors("[".repeat(100_000), Buffer.alloc(0))],
    ["with a tensor that is null", safetensors({ a: null }, Buffer.alloc(0))],
    ["with fractions of bytes", safetensors({ a: { ...one, data_offsets: [0.5, 8.5] } }, Buffer.alloc(9))],
    ["with a gap", safetensors({ a: one, b: { ...one, data_offsets: [12, 20] } }, Buffer.alloc(20))],
    ["with a tensor twice in one place", safetensors({ a: one, b: one }, Buffer.alloc(8))],
  ];

  it.each(cases)("%s is refused", (_, bytes) => {
    const path = join(folder, "model.safetensors");
    writeFileSync(path, bytes);
    expect(() => readSafetensors(path)).toThrow(expect.objectContaining({ code: "CONVERSION_FAILED" }));
  });

  it("may have tensors of no elements, names as in JavaScript, and notes", () => {
    const path = join(folder, "model.safetensors");
    const empty = { dtype: "F32", shape: [0, 4], data_offsets: [0, 0] };
    writeFileSync(
      path,
      safetensors(
        `{"__metadata__":{"format":"pt"},"__proto__":${JSON.stringify(one)},"b":${JSON.stringify(empty)}}`,
        Buffer.alloc(8),
      ),
    );
    expect([...readSafetensors(path).keys()].sort()).toEqual(["__proto__", "b"]);
  });
});

describe("Q8_0", () => {
  it("is what the format's definition says, halves away from zero", () => {
    const values = Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? (i - 16) * 0.5 : 0));
    values[0] = 127;
    const bytes = Buffer.from(toQ8(values));
    expect(bytes.readUInt16LE(0)).toBe(0x3c00); // 1 in half precision
    expect([...new Int8Array(bytes.subarray(2, 34))].slice(0, 6)).toEqual([127, -8, -7, -7, -6, -6]);
    expect(bytes.subarray(34).every((byte) => byte === 0)).toBe(true);
  });
});

describe("A file that is converted to Q8_0", () => {
  it("has the tensors that llama.cpp quantises the F32 file to, byte by byte", async () => {
    const model = tinyEncoder();
    const [whole, small] = [await convert(model, "F32"), await convert(model, "Q8_0")];
    const theirs = join(folder, "theirs.gguf");
    await quantize(whole, theirs, "Q8_0");
    const expected = await inspectGguf(theirs);
    const given = await inspectGguf(small);
    expect(given.tensors.length).toBe(expected.tensors.length);
    const read = (path: string, { offset, bytes }: { offset: number; bytes: number }) =>
      readFileSync(path).subarray(offset, offset + bytes);
    for (const tensor of expected.tensors) {
      const own = given.tensors.find(({ name }) => name === tensor.name)!;
      expect({ name: own.name, type: own.type, shape: own.shape }).toEqual({
        name: tensor.name,
        type: tensor.type,
        shape: tensor.shape,
      });
      expect(Buffer.compare(read(small, own), read(theirs, tensor)), tensor.name).toBe(0);
    }
  });
});

function rename(header: Record<string, unknown>, name: string): void {
  header[`${name}x`] = header[name];
  delete header[name];
}

function set(json: PublishedEncoder["json"], file: string, values: Record<string, unknown>): void {
  Object.assign(json[file]!, values);
}

function vocabulary(json: PublishedEncoder["json"]) {
  const { model } = json["tokenizer.json"] as { model: { vocab: Record<string, number> } };
  return {
    set: (token: string, id: number) => {
      model.vocab[token] = id;
    },
    rename: (token: string, to = `${token}x`) => {
      model.vocab[to] = model.vocab[token]!;
      delete model.vocab[token];
    },
  };
}
