import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  encodeGguf,
  F32,
  type FixtureModel,
  type FixtureValue,
  Q8_0,
  tinyModel,
} from "../../../test/gguf-fixture.ts";
import { NOT_WINDOWS, needing } from "../../../test/needing.ts";
import { type ErrorCode, SurprisalError } from "../../core/index.ts";
import { ENCODERS, GENERATIVE, NOT_GENERATIVE, TENSOR_LAYOUTS } from "./architectures.ts";
import { checkGguf } from "./check.ts";
import { inspectGguf } from "./inspect.ts";
import { readArrayBytes } from "./reader.ts";
import { TENSOR_TYPES } from "./types.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-gguf-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: Uint8Array | string, name = "model.gguf"): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function write(model: FixtureModel, name?: string): string {
  return file(encodeGguf(model).bytes, name);
}

async function refusal(path: string, options?: { memoryBytes: number }): Promise<SurprisalError> {
  try {
    checkGguf(await inspectGguf(path), options);
  } catch (error) {
    expect(error).toBeInstanceOf(SurprisalError);
    return error as SurprisalError;
  }
  throw new Error("the file was accepted");
}

describe("inspectGguf", () => {
  it.each([
    [F32, "F32"],
    [Q8_0, "Q8_0"],
  ] as const)("reads what the file says (type %i)", async (weights, weightType) => {
    const model = tinyModel({ weights });
    const { bytes, dataStart } = encodeGguf(model);
    const path = file(bytes);
    const found = await inspectGguf(path);
    expect(found).toMatchObject({
      path,
      parts: [path],
      version: 3,
      alignment: 32,
      dataOffset: dataStart,
      fileBytes: bytes.length,
      architecture: "llama",
      name: "tiny",
      weightType,
      contextLength: 256,
      vocabularySize: 300,
    });
    expect(found.parameters).toBe(64 * 300 + 64 + 2 * (2 * 64 + 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 96));
    expect(found.tensors.map(({ name }) => name)).toEqual(model.tensors.map(({ name }) => name));
    for (const [i, tensor] of found.tensors.entries()) {
      const { data, shape } = model.tensors[i]!;
      expect(tensor.shape).toEqual(shape);
      expect(bytes.subarray(tensor.offset, tensor.offset + tensor.bytes)).toEqual(data);
    }
    checkGguf(found);
  });

  it("decodes every type of value", async () => {
    const model = tinyModel();
    const values: Record<string, FixtureValue> = {
      u8: { type: "u8", value: 255 },
      i8: { type: "i8", value: -128 },
      u16: { type: "u16", value: 65535 },
      i16: { type: "i16", value: -32768 },
      u32: { type: "u32", value: 4294967295 },
      i32: { type: "i32", value: -2147483648 },
      f32: { type: "f32", value: 0.5 },
      bool: { type: "bool", value: true },
      str: { type: "str", value: "é\n" },
      u64: { type: "u64", value: 2 ** 53 - 1 },
      i64: { type: "i64", value: -(2 ** 53 - 1) },
      f64: { type: "f64", value: 0.1 },
    };
    for (const [name, value] of Object.entries(values)) model.metadata.set(`test.${name}`, value);
    model.metadata.set("test.arr", { type: "arr", elementType: "i16", value: [1, -2, 3] });
    const path = write(model);
    const { metadata } = await inspectGguf(path);
    for (const [name, value] of Object.entries(values)) expect(metadata.get(`test.${name}`)).toEqual(value);
    const array = metadata.get("test.arr");
    expect(array).toMatchObject({ type: "arr", elementType: "i16", length: 3, bytes: 6 });
    if (array?.type !== "arr") throw new Error("no array");
    expect([...new Int16Array(new Uint8Array(readArrayBytes(path, array)).buffer)]).toEqual([1, -2, 3]);
  });

  it("reads a header longer than its window, with more than 262,144 tokens", async () => {
    const model = tinyModel();
    const tokens = Array.from({ length: 262_144 }, (_, i) => `token number ${i}`);
    model.metadata.set("tokenizer.ggml.tokens", { type: "arr", elementType: "str", value: tokens });
    model.metadata.set("z.last", { type: "str", value: "the end" });
    const { metadata, vocabularySize } = await inspectGguf(write(model));
    expect(vocabularySize).toBe(262_144);
    expect(metadata.get("z.last")).toEqual({ type: "str", value: "the end" });
  });

  it("agrees with the format's table of types on the size of a block", () => {
    // ggml/src/ggml-common.h: scales and quants of some blocks, spelled out
    const sizes = {
      Q4_0: 2 + 16,
      Q5_1: 2 + 2 + 4 + 16,
      Q4_K: 2 + 2 + 12 + 128,
      Q6_K: 128 + 64 + 16 + 2,
      MXFP4: 1 + 16,
    };
    const types = new Map([...TENSOR_TYPES.values()].map((type) => [type.name, type.blockBytes]));
    for (const [name, bytes] of Object.entries(sizes)) expect(types.get(name)).toBe(bytes);
  });
});

describe("what is no GGUF file", () => {
  const zip = Buffer.from("PK\x03\x04rest", "latin1");
  it.each<[string, Uint8Array | string, ErrorCode, RegExp]>([
    ["empty", "", "GGUF_TRUNCATED", /empty/],
    ["three bytes", "GGU", "GGUF_TRUNCATED", /after 3 bytes/],
    ["only the magic", "GGUF", "GGUF_TRUNCATED", /version/],
    ["a web page", "\n<!DOCTYPE html><html></html>", "GGUF_NOT_GGUF", /web page/],
    [
      "an LFS pointer",
      "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
      "GGUF_NOT_GGUF",
      /Git LFS pointer/,
    ],
    ["an error message", '{"error":"not found"}', "GGUF_NOT_GGUF", /JSON/],
    ["safetensors", `\x10\0\0\0\0\0\0\0{"a":{"dtype":"F32"}}`, "GGUF_NOT_GGUF", /safetensors/],
    ["a zip", zip, "GGUF_NOT_GGUF", /zip/],
    ["a pickle", Buffer.from([0x80, 2, 0x8a]), "GGUF_NOT_GGUF", /pickle/],
    ["gzip", Buffer.from([0x1f, 0x8b, 8, 0]), "GGUF_NOT_GGUF", /compressed/],
    ["ggml", "lmgg\0\0\0\0", "GGUF_NOT_GGUF", /older than GGUF/],
    ["ggjt", "tjgg\x01\0\0\0", "GGUF_NOT_GGUF", /older than GGUF/],
    ["zeros", new Uint8Array(600), "GGUF_NOT_GGUF", /zeros/],
    ["something else", "once upon a time", "GGUF_NOT_GGUF", /begins with "once"/],
  ])("%s", async (_, content, code, message) => {
    const error = await refusal(file(content));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.where).toContain("model.gguf");
    expect(error.wayOut).toBeTruthy();
  });

  it("names big-endian files", async () => {
    const error = await refusal(write({ ...tinyModel(), version: 0x03000000 }));
    expect(error).toMatchObject({ code: "GGUF_UNSUPPORTED", what: expect.stringContaining("big-endian") });
  });

  it("says what is wrong with a path", async () => {
    expect((await refusal(join(folder, "absent.gguf"))).code).toBe("FILE_NOT_FOUND");
    expect((await refusal(join(file("x", "plain"), "inside.gguf"))).code).toBe("FILE_NOT_FOUND");
    expect((await refusal(folder)).code).toBe("FILE_UNREADABLE");
  });

  needing(NOT_WINDOWS).it("does not read a device", async () => {
    expect((await refusal("/dev/zero")).code).toBe("FILE_UNREADABLE");
  });
});

describe("checkGguf", () => {
  it("names the key or the tensor", async () => {
    const without = (key: string) => {
      const model = tinyModel();
      model.metadata.delete(key);
      return write(model);
    };
    expect(await refusal(without("llama.embedding_length"))).toMatchObject({
      code: "GGUF_INVALID",
      where: expect.stringContaining("llama.embedding_length"),
      what: "This metadata key is missing",
    });
    const narrow = tinyModel();
    narrow.metadata.set("llama.feed_forward_length", { type: "u32", value: 128 });
    expect(await refusal(write(narrow))).toMatchObject({
      where: expect.stringContaining("tensor blk.0.ffn_gate.weight"),
      what: "Its shape is [64, 96] and must be [64, 128]",
    });
  });

  it("refuses a model that does not fit, with the figures", async () => {
    const path = write(tinyModel());
    const { tensors } = await inspectGguf(path);
    const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    checkGguf(await inspectGguf(path), { memoryBytes: bytes });
    const error = await refusal(path, { memoryBytes: bytes - 1 });
    expect(error.code).toBe("OUT_OF_MEMORY");
    expect(error.what).toMatch(/0\.00 GiB and there are 0\.00 GiB/);
  });

  needing(NOT_WINDOWS).it("reads the header of a file far larger than memory", async () => {
    const model = tinyModel();
    model.tensors = [{ ...model.tensors[0]!, shape: [64, 2 ** 31] }];
    const { bytes, dataStart } = encodeGguf(model);
    const path = file(bytes);
    expect((await refusal(path)).code).toBe("GGUF_TRUNCATED");
    truncateSync(path, dataStart + 64 * 4 * 2 ** 31); // half a terabyte that takes no room
    expect((await inspectGguf(path)).parameters).toBe(2 ** 37);
    truncateSync(path, 0);
  });

  it("knows an architecture as generative or not, never both", () => {
    for (const name of GENERATIVE) expect(NOT_GENERATIVE.has(name)).toBe(false);
    for (const name of Object.keys(TENSOR_LAYOUTS))
      expect(GENERATIVE.has(name) || ENCODERS.has(name)).toBe(true);
    for (const name of ENCODERS) expect(NOT_GENERATIVE.has(name)).toBe(true);
  });
});

describe("split models", () => {
  const part = (index: number, count: number, model = tinyModel()): FixtureModel => {
    const size = Math.ceil(model.tensors.length / count);
    model.tensors = model.tensors.slice(index * size, (index + 1) * size);
    model.metadata.set("split.no", { type: "u16", value: index });
    model.metadata.set("split.count", { type: "u16", value: count });
    model.metadata.set("split.tensors.count", { type: "i32", value: 20 });
    return model;
  };
  const name = (index: number) => `tiny-0000${index + 1}-of-00002.gguf`;

  it("are read as one, from the first part", async () => {
    const first = write(part(0, 2), name(0));
    const second = write(part(1, 2), name(1));
    const found = await inspectGguf(first);
    expect(found.parts).toEqual([first, second]);
    expect(found.tensors.map(({ part }) => part)).toEqual([
      ...new Array(10).fill(0),
      ...new Array(10).fill(1),
    ]);
    checkGguf(found);
    expect(await refusal(second)).toMatchObject({
      code: "GGUF_UNSUPPORTED",
      wayOut: expect.stringContaining(name(0)),
    });
  });

  it("are refused when a part is missing, is another, or has lost its name", async () => {
    const first = write(part(0, 2), name(0));
    rmSync(join(folder, name(1)), { force: true });
    expect((await refusal(first)).code).toBe("FILE_NOT_FOUND");
    write(part(0, 2), name(1));
    expect((await refusal(first)).code).toBe("GGUF_INVALID");
    expect((await refusal(write(part(0, 2), "other.gguf"))).code).toBe("GGUF_UNSUPPORTED");
  });

  it("find their parts in a folder whose name looks like a part", async () => {
    const inner = join(folder, "x-00001-of-00009.gguf");
    mkdirSync(inner);
    const path = join(inner, name(0));
    writeFileSync(path, encodeGguf(part(0, 2)).bytes);
    writeFileSync(join(inner, name(1)), encodeGguf(part(1, 2)).bytes);
    checkGguf(await inspectGguf(path));
  });
});
