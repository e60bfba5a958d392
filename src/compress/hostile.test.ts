/** What other codecs of this kind are known to fail on, and files that somebody damaged or forged. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fileOf, MUTATIONS, packedParts, tryMutation } from "../../test/packed-mutations.ts";
import { ScriptedRows, scriptedCoder, type Ulp } from "../../test/scripted-rows.ts";
import { FrequencyKernel, seededRandom } from "../core/index.ts";
import { RangeDecoder, RangeEncoder } from "./coder/range-coder.ts";
import { headerBytes } from "./container/format.ts";
import { memorySource, type PackedSource, pack, salvage, unpack } from "./index.ts";
import { packTokens, unpackTokens } from "./model/lockstep-coder.ts";

const coderFor = async () => scriptedCoder();

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const piece of pieces) parts.push(Buffer.from(piece));
  return Buffer.concat(parts);
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
async function salvaged(bytes: Uint8Array, options: Parameters<typeof salvage>[1] = { coderFor }) {
  const found = [];
  for await (const each of salvage(memorySource(bytes), options)) found.push(each);
  return found;
}

describe("known failures of other tools", () => {
  it("one unit in the last place between packing and unpacking: an error that says where, or the right bytes", async () => {
    const random = seededRandom(23);
    const V = 257;
    const texts = [900, 700].map((length) => Int32Array.from({ length }, () => Math.floor(random() * V)));
    const packed = await packTokens(new ScriptedRows(2, V), texts, V);
    const unpacked = (ulps: Ulp[]) =>
      unpackTokens(
        new ScriptedRows(2, V, ulps),
        packed.map(({ bytes }) => bytes),
        V,
        texts.map(({ length }) => length),
      );
    expect(await unpacked([])).toEqual(texts);
    for (const place of [0, 1, 63, 64, 300, 650]) {
      // Every logit of one row is one unit off.
      const ulps = Array.from({ length: V }, (_, token): Ulp => ({ sequence: 1, place, token }));
      const result = await unpacked(ulps).catch((error: unknown) => error);
      if (!(result instanceof Error)) expect(result).toEqual(texts);
      else
        expect(result).toMatchObject({
          code: "ENVIRONMENT_DIFFERS",
          what: expect.stringMatching(/at token \d/),
          where: expect.stringMatching(/segment [12]/),
        });
    }
  });

  it("the same through a file: no byte comes out of a chunk that is not right", async () => {
    const parts = await packedParts();
    const bytes = fileOf({ ...parts, chunks: parts.chunks });
    const ulps = Array.from({ length: 256 }, (_, token): Ulp => ({ sequence: 0, place: 7, token }));
    const out: Uint8Array[] = [];
    const reading = (async () => {
      for await (const piece of unpack(memorySource(bytes), { coderFor: async () => scriptedCoder(ulps) }))
        out.push(piece);
    })();
    await expect(reading).rejects.toMatchObject({
      code: "ENVIRONMENT_DIFFERS",
      where: expect.stringContaining("chunk 1"),
    });
    expect(out).toEqual([]);
  });

  it("negative counts from p = 0: what the model rules out is coded for 30 bits", async () => {
    const V = 64;
    const kernel = await FrequencyKernel.create(V);
    const rows = new ScriptedRows(1, V);
    const text = new Int32Array(200);
    for (let place = 0; place < text.length; place++) {
      kernel.row.set(rows.row(0));
      kernel.count();
      expect(kernel.counts.every((count) => count >= 1 && count < 2 ** 31)).toBe(true);
      text[place] = kernel.counts.indexOf(1); // impossible, each of them
      expect(rows.row(0)[text[place]!]).toBe(Number.NEGATIVE_INFINITY);
      await rows.step(text.subarray(place, place + 1));
    }
    const [packed] = await packTokens(new ScriptedRows(1, V), [text], V);
    expect(packed!.idealBits / 201).toBeCloseTo(30, 5);
    expect(await unpackTokens(new ScriptedRows(1, V), [packed!.bytes], V, [200])).toEqual([text]);
  });

  it("one bad byte kills the rest: whichever byte it is, every other chunk comes out", async () => {
    const parts = await packedParts();
    const bytes = fileOf(parts);
    const header = headerBytes(parts.header).length;
    let end = header;
    const ends = parts.chunks.map(
      ({ head, packed }) => (end = bytes.indexOf(packed, end) + head.packedLength),
    );
    for (let at = 0; at < bytes.length; at += at < header ? 7 : 17) {
      const broken = Buffer.from(bytes);
      broken[at]! ^= 0x10;
      const found = await salvaged(broken, { coderFor, coderWithoutHeader: coderFor });
      const lost = at < header ? -1 : ends.findIndex((each) => at < each);
      const expected = parts.chunks.filter((_, i) => i !== lost).map(({ raw }) => hex(raw));
      expect(
        found.flatMap(({ bytes }) => (bytes ? [hex(bytes)] : [])),
        `byte ${at}`,
      ).toEqual(expected);
    }
  });

  it("lengths in a side file: where each text ends is in its own bytes", async () => {
    const V = 16;
    const texts = [[], [3], [3, 3, 3, 3], [15, 0, 15], new Array<number>(300).fill(0)].map((text) =>
      Int32Array.from(text),
    );
    const packed = await packTokens(new ScriptedRows(5, V), texts, V);
    const most = texts.map(() => 2 ** 24);
    const back = await unpackTokens(
      new ScriptedRows(5, V),
      packed.map(({ bytes }) => bytes),
      V,
      most,
    );
    expect(back).toEqual(texts);
  });

  it("padding bits in front: bytes that begin with zeros are the same bytes", () => {
    for (const zeros of [1, 5, 6, 7, 40]) {
      const encoder = new RangeEncoder();
      for (let i = 0; i < zeros; i++) encoder.encode(0, 1, 256);
      encoder.encode(200, 3, 256);
      const bytes = encoder.finish();
      expect([...bytes.subarray(0, zeros)]).toEqual(new Array(zeros).fill(0));
      const decoder = new RangeDecoder(bytes);
      for (let i = 0; i < zeros; i++) {
        expect(decoder.place(256)).toBe(0);
        decoder.take(0, 1);
      }
      expect([200, 201, 202]).toContain(decoder.place(256));
    }
  });

  it("a carry at the very end that turns what was written to zeros: the decoder is not beyond the end", () => {
    // Intervals that hold the point 1/2 to the last: the encoder writes 127, 255, 255, ... and ends with the point itself.
    const symbols: { from: number; size: number; total: number }[] = [];
    const encoder = new RangeEncoder();
    let [low, range, bits] = [0n, 1n << 48n, 48n];
    for (let i = 0; i < 60; i++) {
      const total = 2 ** 20;
      const unit = range / BigInt(total);
      const from = Math.max(0, Number(((1n << (bits - 1n)) - low) / unit) - 1);
      const size = Math.min(3, total - from);
      symbols.push({ from, size, total });
      encoder.encode(from, size, total);
      low += BigInt(from) * unit;
      range = from + size === total ? range - BigInt(from) * unit : BigInt(size) * unit;
      for (; range < 1n << 40n; bits += 8n) [low, range] = [low << 8n, range << 8n];
    }
    const bytes = encoder.finish();
    expect(bytes[0]).toBe(128);
    expect(bytes.subarray(1).every((byte) => byte === 0)).toBe(true);
    const decoder = new RangeDecoder(bytes);
    for (const { from, size, total } of symbols) {
      expect(decoder.beyondEnd).toBeLessThanOrEqual(6);
      const place = decoder.place(total);
      expect(place >= from && place < from + size).toBe(true);
      decoder.take(from, size);
    }
  });

  it("a coder's bytes are the ideal bits, segment by segment", async () => {
    const V = 49_152;
    const random = seededRandom(1);
    for (const [sequences, length] of [
      [1, 300],
      [4, 100],
    ] as const) {
      const texts = Array.from({ length: sequences }, () =>
        Int32Array.from({ length }, () => Math.floor(random() * V)),
      );
      for (const { bytes, idealBits } of await packTokens(new ScriptedRows(sequences, V), texts, V))
        expect(bytes.length).toBeLessThanOrEqual((idealBits / 8) * 1.0005 + 8);
    }
    const long = Int32Array.from({ length: 60_000 }, () => Math.floor(random() * 8));
    const [packed] = await packTokens(new ScriptedRows(1, 8), [long], 8);
    expect(packed!.bytes.length).toBeLessThanOrEqual((packed!.idealBits / 8) * 1.0005 + 8);
  });
});

describe("damaged and forged files", () => {
  it("an error with a place each, or the right bytes; and what is whole is salvaged (10,000 in test/attack)", async () => {
    const parts = await packedParts();
    const seen = new Set<string>();
    for (let i = 0; i < 120; i++) {
      const { name, wrong } = await tryMutation(parts, seededRandom(7000 + i));
      seen.add(name);
      expect(wrong, `${name}, ${i}`).toBeNull();
    }
    expect(seen.size).toBeGreaterThan(MUTATIONS.length / 2);
  });

  it("takes no memory for a length that the file does not have", async () => {
    const parts = await packedParts();
    for (const patch of [
      (bytes: Buffer) => bytes.writeUInt32LE(0xffff_ffff, 8),
      (bytes: Buffer) => bytes.writeUInt32LE(0xffff_ffff, bytes.length - 8),
    ]) {
      const bytes = fileOf(parts);
      patch(bytes);
      const asked: number[] = [];
      const memory = memorySource(bytes);
      const source: PackedSource = {
        ...memory,
        read: (position, length) => {
          asked.push(length);
          return memory.read(position, length);
        },
      };
      await expect(bytesOf(unpack(source, { coderFor }))).rejects.toMatchObject({ code: "PACKED_DAMAGED" });
      expect(Math.max(...asked)).toBeLessThanOrEqual(2 ** 16 + 100);
    }
  });

  it("says which chunk was moved or doubled", async () => {
    const parts = await packedParts();
    const { chunks } = parts;
    const order = [0, 1, 5, 3, 4, 2, 6]; // those that change places have the same lengths
    const swapped = fileOf({ ...parts, chunks: order.map((i) => chunks[i]!) });
    await expect(bytesOf(unpack(memorySource(swapped), { coderFor }))).rejects.toMatchObject({
      code: "PACKED_DAMAGED",
      where: "packed bytes, chunk 3",
      what: expect.stringContaining("moved, doubled or changed"),
    });
    const found = await salvaged(swapped);
    expect(found.map(({ index }) => index)).toEqual(order);
    const doubled = fileOf({ ...parts, chunks: [...chunks.slice(0, 3), chunks[2]!, ...chunks.slice(3)] });
    expect((await salvaged(doubled)).map(({ index }) => index)).toEqual(chunks.map((_, i) => i));
  });

  it("takes no chunk of a packed file that is inside of a damaged one for its own", async () => {
    const random = seededRandom(5);
    const noise = Uint8Array.from({ length: 3000 }, () => Math.floor(random() * 256));
    const inner = await bytesOf(pack([noise]));
    const outer = await bytesOf(pack([inner]));
    const at = outer.indexOf(inner);
    expect(at).toBeGreaterThan(0); // as it is: it cannot be packed again
    outer[at - 5]! ^= 1;
    const found = await salvaged(outer, {});
    expect(found).toMatchObject([
      {
        index: 0,
        start: 0,
        bytes: null,
        error: { code: "PACKED_DAMAGED", where: expect.stringContaining("chunk 1") },
      },
    ]);
  });

  it("salvages a file that lost its header, its end, or both, and refuses what is no packed file", async () => {
    const parts = await packedParts();
    const bytes = fileOf(parts);
    const first = bytes.indexOf(parts.chunks[0]!.packed) - 30;
    for (const rest of [bytes.subarray(first), bytes.subarray(first, -20), bytes.subarray(0, -20)]) {
      const found = await salvaged(rest, { coderFor, coderWithoutHeader: coderFor });
      expect(found.filter(({ bytes }) => bytes).length).toBe(parts.chunks.length);
    }
    const nameless = await salvaged(bytes.subarray(first), { coderFor });
    expect(nameless.filter(({ bytes }) => bytes).length).toBe(parts.chunks.length - 2);
    for (const strange of [
      Buffer.alloc(0),
      Buffer.from("no packed file"),
      readFileSync(import.meta.filename),
    ])
      await expect(salvaged(strange)).rejects.toMatchObject({ code: "PACKED_UNSUPPORTED" });
  });
});

describe("going on", () => {
  it("refuses a source that is shorter than what was packed of it", async () => {
    const raw = Buffer.from("It was the age of wisdom. ".repeat(700));
    const chunks: Parameters<typeof pack>[1] = { chunkBytes: 4096 };
    const heads = (await packedParts()).chunks.map(({ head }) => head);
    await expect(bytesOf(pack([], { ...chunks, resume: heads }))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      what: expect.stringContaining("shorter"),
    });
    expect((await bytesOf(unpack(memorySource(await bytesOf(pack([raw], chunks)))))).equals(raw)).toBe(true);
  });
});
