/** Text through the shipped model: bits, losslessness, other environments. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LlamaModel } from "../models/index.ts";
import { type ModelCoder, memorySource, modelCoder, pack, unpack } from "./index.ts";
import { type LockstepRows, type PackedTokens, packTokens, unpackTokens } from "./model/lockstep-coder.ts";

let model: LlamaModel;
let coder: ModelCoder;
beforeAll(async () => {
  const path = fileURLToPath(new URL("../../models/mini.gguf", import.meta.url));
  const identity = { name: "mini", sha256: "0".repeat(64) };
  model = await LlamaModel.load(path, { device: "cpu", threads: 1 }, identity);
  coder = await modelCoder(model, { context: 128, sequences: 4 });
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
});

async function drain<Result>(pieces: AsyncGenerator<Uint8Array, Result, void>) {
  const parts: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return { bytes: Buffer.concat(parts), report: value };
    parts.push(Buffer.from(value));
  }
}
const demo = readFileSync(new URL("../../examples/demo.txt", import.meta.url), "utf8");
const prose = (sentences: number): string =>
  Array.from(
    { length: sentences },
    (_, i) =>
      `On the ${i + 1}th of June the old captain came down to the harbour, looked at the grey water for a while, and said nothing to anybody. `,
  ).join("");

describe("with models/mini.gguf", () => {
  it("the bytes are the text's surprisal under the same windows", async () => {
    const { ids } = await model.tokenize(prose(3));
    const start = model.vocabulary.bos ?? model.vocabulary.eos ?? 0;
    await using rows = await model.lockstep({ sequences: 1, context: 512, keep: 0, start });
    const [packed] = await packTokens(rows, [ids], model.vocabulary.size);
    let nats = 0;
    for await (const scored of model.score([{ context: "", continuation: prose(3) }]))
      nats = scored.tokens.logprobs.reduce((sum, logprob) => sum - (logprob ?? 0), 0);
    expect(packed!.idealBits - 30).toBeCloseTo(nats / Math.LN2, 0);
    expect(packed!.bytes.length).toBeLessThanOrEqual((packed!.idealBits / 8) * 1.0005 + 8);
  });

  it("text comes back, and is smaller than by any other way", async () => {
    const raw = Buffer.from(`${demo}\r\n\tübung – 漢字 \u00a0 end`);
    const { bytes, report } = await drain(pack([raw], { coder }));
    expect(report.chunks).toMatchObject([{ method: "model" }]);
    const back = await drain(unpack(memorySource(bytes), { coderFor: async () => coder }));
    expect(Buffer.compare(back.bytes, raw)).toBe(0);
    const without = await drain(pack([raw]));
    expect(report.chunks[0]!.packedLength).toBeLessThan(without.report.chunks[0]!.packedLength);
    expect(bytes.length - report.chunks[0]!.packedLength).toBeLessThanOrEqual(320 + 32);
  });

  it("parts of different lengths, windows that slide, an empty one", async () => {
    const texts = await Promise.all(
      [prose(12), "", prose(1), prose(5)].map(async (text) => (await model.tokenize(text)).ids),
    );
    const start = model.vocabulary.eos ?? 0;
    const shape = { sequences: 4, context: 64, keep: 40, start };
    await using rows = await model.lockstep(shape);
    const packed = await packTokens(rows, texts, model.vocabulary.size);
    await using again = await model.lockstep(shape);
    const back = await unpackTokens(
      again,
      packed.map(({ bytes }) => bytes),
      model.vocabulary.size,
      texts.map(({ length }) => length),
    );
    expect(back).toEqual(texts);
  });

  it("another model, and other settings, are refused before anything is unpacked", async () => {
    const { bytes } = await drain(pack([Buffer.from(demo)], { coder }));
    const refused = async (other: ModelCoder, message: RegExp) =>
      expect(drain(unpack(memorySource(bytes), { coderFor: async () => other }))).rejects.toMatchObject({
        code: "ENVIRONMENT_DIFFERS",
        message: expect.stringMatching(message),
      });
    const identity = { ...coder.identity, name: "other", sha256: "1".repeat(64) };
    await refused(
      { ...coder, identity },
      /packed with another model: mini, sha256 0{64}; this is other, 1{64}/,
    );
    await refused(await modelCoder(model, { context: 64 }), /context 128, here 64; tokens kept 64, here 32/);
    await expect(drain(unpack(memorySource(bytes)))).rejects.toMatchObject({
      code: "UNSUPPORTED_CAPABILITY",
      message: expect.stringContaining("mini"),
    });
    expect(coder.identity.arithmetic).toMatch(/^kernels \S+ on cpu \(\S+\)$/);
  });

  it("a model that computes something else is found out, with the token", async () => {
    const { ids } = await model.tokenize(prose(6));
    const start = model.vocabulary.eos ?? 0;
    await using rows = await model.lockstep({ sequences: 1, context: 256, keep: 64, start });
    const [packed] = await packTokens(rows, [ids], model.vocabulary.size);
    await using other = await model.lockstep({ sequences: 1, context: 256, keep: 64, start: start + 1 });
    await expect(
      unpackTokens(other, [packed!.bytes], model.vocabulary.size, [ids.length]),
    ).rejects.toMatchObject({ code: "ENVIRONMENT_DIFFERS" });
  });

  it("texts that other codecs trip over come back: names of special tokens, white space, marks, broken characters", async () => {
    const names = Array.from({ length: 16 }, (_, id) =>
      Buffer.from(model.vocabulary.piece(id)).toString("latin1"),
    );
    const texts = [
      ["<|endoftext|>", "<s>", "</s>", "<|im_end|>", "<|im_start|>", ...names].join(" "),
      "\u00a0\u2003\u200b\ufeff  \r\n\t\n\n\n   ",
      "\ufeffe\u0301\u0323\u0301 👩\u200d👩\u200d👧 \u202e\u{10ffff}\uffff",
      "\u0000\u0001\u0004\u0006\u0013\u0014\u0016\u001d\u001f\u007f",
      "a".repeat(600),
      " ".repeat(600),
    ].map((text) => Buffer.from(text));
    const broken = [[0xed, 0xa0, 0x80], [0xc3], [0xf0, 0x9f, 0x98], [0xff, 0xfe]].map((bytes) =>
      Buffer.concat([Buffer.from("It rained "), Uint8Array.from(bytes), Buffer.from(" all day.")]),
    );
    for (const raw of [...texts, ...broken, Buffer.concat(texts)]) {
      const tokens = await coder.pack(raw);
      if (tokens) expect(Buffer.compare(await coder.unpack(tokens, raw.length), raw)).toBe(0);
      const { bytes } = await drain(pack([raw], { coder }));
      const back = await drain(unpack(memorySource(bytes), { coderFor: async () => coder }));
      expect(Buffer.compare(back.bytes, raw)).toBe(0);
    }
    for (const raw of broken) expect(await coder.pack(raw)).toBeNull();
  });

  it("chunk forward against step forward: both ways see the same logits, also behind a context that was full", async () => {
    const { ids } = await model.tokenize(prose(5));
    const shape = { sequences: 2, context: 32, keep: 12, start: 0 };
    const seen = async (work: (rows: LockstepRows) => Promise<unknown>) => {
      await using rows = await model.lockstep(shape);
      const hash = createHash("sha256");
      await work({
        get live() {
          return rows.live;
        },
        row(sequence) {
          const row = rows.row(sequence);
          hash.update(new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
          return row;
        },
        step: (tokens) => rows.step(tokens),
        [Symbol.asyncDispose]: async () => {},
      });
      return hash.digest("hex");
    };
    const texts = [ids, ids.subarray(7, 60)];
    let packed: PackedTokens[] = [];
    const packing = await seen(async (rows) => {
      packed = await packTokens(rows, texts, model.vocabulary.size);
    });
    const unpacking = await seen((rows) =>
      unpackTokens(
        rows,
        packed.map(({ bytes }) => bytes),
        model.vocabulary.size,
        texts.map(({ length }) => length),
      ),
    );
    expect(unpacking).toBe(packing);
  });

  it("a batch smaller than the sequences is refused, and a coder takes fewer parts", async () => {
    const path = fileURLToPath(new URL("../../models/mini.gguf", import.meta.url));
    await using small = await LlamaModel.load(
      path,
      { device: "cpu", threads: 1, batchSize: 2 },
      { name: "mini", sha256: "0".repeat(64) },
    );
    await expect(small.lockstep({ sequences: 3, context: 16, keep: 4, start: 0 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    const two = await modelCoder(small, { context: 64, keep: 0 });
    const raw = Buffer.from(prose(100).slice(0, 12_500));
    const bytes = await two.pack(raw);
    expect(bytes![0]).toBe(2);
    expect(Buffer.compare(await two.unpack(bytes!, raw.length), raw)).toBe(0);
    await expect(modelCoder(small, { sequences: 0 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
