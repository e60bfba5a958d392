/** Sums that add up to the file, and costs beside the closed form of a model whose probabilities are known. */
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { byteCoder, knownRows, type LogitsAt } from "../../../test/byte-coder.ts";
import { memorySource } from "../container/read.ts";
import { type CodedToken, packTokens, unpackTokens } from "../model/lockstep-coder.ts";
import type { ModelCoder } from "../model/model-coder.ts";
import { pack } from "../pack.ts";
import { explainPacked } from "./explain.ts";
import type { Explanation } from "./explanation.ts";

async function packed(
  pieces: Iterable<Uint8Array>,
  coder?: ModelCoder,
  chunkBytes?: number,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of pack(pieces, { coder, chunkBytes })) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}
const explained = async (bytes: Uint8Array, coder?: ModelCoder, detailBytes?: number) =>
  explainPacked(memorySource(bytes), { coderFor: coder && (async () => coder), detailBytes });
const total = (rows: readonly { bits: number }[]) => rows.reduce((sum, { bits }) => sum + bits, 0);
const bitsOf = ({ accounts }: Explanation, use: string) => accounts.find((row) => row.use === use)?.bits;

/** One of 16 letters that nobody would guess. */
const expected = (place: number): number => 97 + ((((place + 1) * 2654435761) % 2 ** 32) >>> 28);
/** 1/2 the letter that is expected at a place, 1/4 the one behind it, 1/8 a newline, 1/8 / 253 each other byte. */
const logits: LogitsAt = (place) => {
  const row = new Float32Array(256).fill(Math.log(1 / 8 / 253));
  row[expected(place)] = Math.log(1 / 2);
  row[expected(place) + 1] = Math.log(1 / 4);
  row[10] = Math.log(1 / 8);
  return row;
};
/** Bytes as likely as that holds them, and what they cost it. */
function text(length: number, { chunk = 4096, parts = 3 } = {}): { raw: Buffer; bits: number } {
  let bits = 0;
  const raw = Buffer.from(
    Uint8Array.from(randomBytes(length), (byte, i) => {
      const start = i - (i % chunk);
      const place = (i - start) % Math.ceil(Math.min(chunk, length - start) / parts);
      const symbol = byte < 146 ? 0 : byte < 219 ? 1 : 2;
      bits += symbol + 1;
      return symbol === 2 ? 10 : expected(place) + symbol;
    }),
  );
  return { raw, bits };
}

describe("what a token cost", () => {
  it("is -log2 p, and of its frequency: 2^30 p + 1 of 2^30 and what the floor adds; the same on both sides", async () => {
    const ids = Int32Array.of(expected(0), expected(1) + 1, 10, 120);
    const told: [CodedToken[], CodedToken[]] = [[], []];
    const [packed] = await packTokens(knownRows(1, logits), [ids], 256, {
      onToken: (token) => told[0].push(token),
    });
    await unpackTokens(knownRows(1, logits), [packed!.bytes], 256, [4], {
      onToken: (token) => told[1].push(token),
    });
    expect(told[1]).toEqual(told[0]);
    expect(told[0].map(({ token }) => token)).toEqual([...ids, -1]);
    for (const [i, bits] of [1, 2, 3, Math.log2(8 * 253), 0].entries()) {
      expect(told[0][i]!.surprisalBits).toBeCloseTo(bits, 5);
      // 256 counts and one of the end more than 2^30, of which no symbol here loses more than a millionth bit
      expect(told[0][i]!.codedBits).toBeCloseTo(bits === 0 ? 30 : bits, 2);
    }
    expect(total(told[0].map(({ codedBits }) => ({ bits: codedBits })))).toBe(packed!.idealBits);
  });

  it("a check of 16 bits stands in front of the 64th token, and where 8,192 more are read, of the texts in turn", async () => {
    const checks: number[][] = [];
    await packTokens(knownRows(2, logits), [new Int32Array(10), new Int32Array(8300)], 256, {
      onToken: ({ sequence, place, checkBits }) => {
        if (checkBits > 0) checks.push([sequence, place, checkBits]);
      },
    });
    expect(checks).toEqual([
      [1, 64, 16],
      [1, 64 + 8192, 16],
    ]);
  });
});

describe("explainPacked", () => {
  const coder = byteCoder(logits, 3);

  it("adds up to the file, each line of the account by what it is", async () => {
    const { raw, bits } = text(6001);
    const file = await packed([raw], coder, 4096);
    const found = await explained(file, coder);
    expect(total(found.accounts)).toBeCloseTo(8 * file.length, 6);
    expect(found).toMatchObject({
      bytes: 6001,
      characters: 6001,
      packedBytes: file.length,
      tokens: 6001,
      isAllModel: true,
    });
    expect(bitsOf(found, "surprisal")).toBeCloseTo(bits, 1);
    expect(bitsOf(found, "checks")).toBe(16 * found.chunks.length);
    expect(bitsOf(found, "ends")).toBeCloseTo(30 * 3 * found.chunks.length, 2);
    expect(bitsOf(found, "wholeNumbers")).toBeGreaterThan(0);
    expect(bitsOf(found, "wholeNumbers")).toBeLessThan(0.01);
    for (const { parts } of found.chunks)
      for (const { packedBytes, codedBits, checkBits, endBits } of parts) {
        const rounding = 8 * packedBytes - codedBits - checkBits - endBits;
        expect(Math.abs(rounding)).toBeLessThan(64);
      }
    const containers = found.chunks.reduce(
      (sum, { packedBytes, headerBytes }) => sum + packedBytes + headerBytes,
      0,
    );
    expect(8 * containers + bitsOf(found, "header")! + bitsOf(found, "footer")!).toBe(8 * file.length);
    expect(bitsOf(found, "chunkHeaders")).toBe(
      8 * found.chunks.reduce((sum, { headerBytes }) => sum + headerBytes, 0),
    );
  });

  it("classes, lines, parts and single tokens have the same sums", async () => {
    const { raw } = text(9000);
    const found = await explained(await packed([raw], coder, 4096), coder);
    const sums = (rows: readonly { codedBits: number; bytes: number; tokens: number }[]) => [
      rows.reduce((sum, { bytes }) => sum + bytes, 0),
      rows.reduce((sum, { tokens }) => sum + tokens, 0),
      rows.reduce((sum, { codedBits }) => sum + codedBits, 0).toFixed(6),
    ];
    const parts = sums(found.chunks.flatMap((chunk) => chunk.parts));
    expect(parts.slice(0, 2)).toEqual([9000, 9000]);
    expect(sums(found.classes)).toEqual(parts);
    expect(sums(found.firstLines)).toEqual(parts);
    expect(found.firstLines).toHaveLength(found.lines);
    expect(found.lines).toBe(Buffer.from(raw).toString().replace(/\n$/, "").split("\n").length);
    const { tokens } = found.detail;
    expect(Buffer.compare(found.detail.text, raw)).toBe(0);
    expect(tokens.codedBits.reduce((sum, bits) => sum + bits, 0).toFixed(6)).toBe(parts[2]);
    const costs = found.costliestLines.map(({ codedBits }) => codedBits);
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
    expect(costs[0]).toBe(
      Math.max(...found.firstLines.filter(({ bytes }) => bytes >= 8).map(({ codedBits }) => codedBits)),
    );
  });

  it("methods side by side, text that a chunk's end would tear, what is no text", async () => {
    const zeros = new Uint8Array(4096);
    const noise = randomBytes(4096).fill(0xff, 0, 1);
    const file = await packed([text(4096).raw, zeros, noise], coder, 4096);
    const found = await explained(file, coder);
    expect(total(found.accounts)).toBeCloseTo(8 * file.length, 6);
    expect(found.methods.map(({ method, chunks, bytes }) => [method, chunks, bytes])).toEqual([
      ["model", 1, 4096],
      ["brotli", 1, 4096],
      ["raw", 1, 4096],
    ]);
    expect(found).toMatchObject({ characters: null, words: null, tokens: 4096, isAllModel: false });
    const words = Buffer.from("漢字 and words ".repeat(600));
    expect(await explained(await packed([words], undefined, 4099))).toMatchObject({
      characters: 13 * 600,
      words: 3 * 600,
      tokens: null,
      model: null,
    });
  });

  const prose = Array.from(
    { length: 60 },
    (_, i) =>
      `In the year ${1800 + 7 * i} the old house at number ${i * i} stood empty, and 漢字 ${i % 7} was not far.\n`,
  ).join("");
  it.each([
    ["prose", Buffer.from(prose)],
    ["copies", Buffer.from(prose + "To and fro it went, and nobody knew. ".repeat(400) + prose)],
  ])(
    "bytes mode: the costs of single bytes are the bytes that it takes, but for its first and its end: %s",
    async (_, raw) => {
      const file = await packed([raw]);
      const found = await explained(file);
      const [chunk] = found.chunks;
      expect(chunk!.method).toBe("bytes");
      const left = bitsOf(found, "bytes")! - found.classes.reduce((sum, { codedBits }) => sum + codedBits, 0);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(8 + 32);
      const { text, tokens } = found.detail;
      expect(Buffer.compare(text, raw)).toBe(0);
      expect(tokens.codedBits.every((bits) => bits > -1e-6)).toBe(true);
      expect(found.firstLines.reduce((sum, { codedBits }) => sum + codedBits, 0)).toBeCloseTo(
        found.classes.reduce((sum, { codedBits }) => sum + codedBits, 0),
        4,
      );
    },
  );

  it("what is one by one is of the beginning only, sums are of all", async () => {
    const { raw } = text(9000);
    const file = await packed([raw], coder, 4096);
    const [all, some] = [await explained(file, coder), await explained(file, coder, 100)];
    expect(some.detail.text.length).toBe(100);
    expect(some.detail.tokens.ids).toHaveLength(100);
    expect(some.firstLines.length).toBeLessThan(101);
    expect({ ...some, detail: null, firstLines: null }).toEqual({ ...all, detail: null, firstLines: null });
  });

  it("the first tokens of a part stand out where they cost more", async () => {
    const { raw } = text(5000, { chunk: 5000, parts: 1 });
    raw.fill(120, 0, 64);
    const found = await explained(await packed([raw], byteCoder(logits, 1)), byteCoder(logits, 1));
    const [part] = found.chunks[0]!.parts;
    expect(part!.startBits).toBeGreaterThan(64 * (Math.log2(8 * 253) - 2.2));
    const short = await explained(await packed([text(150).raw], coder), coder);
    expect(short.chunks.flatMap(({ parts }) => parts).every(({ startBits }) => startBits === null)).toBe(
      true,
    );
  });

  it("of nothing", async () => {
    const file = await packed([]);
    const found = await explained(file);
    expect(total(found.accounts)).toBe(8 * file.length);
    expect(found).toMatchObject({
      bytes: 0,
      lines: 0,
      tokens: null,
      isAllModel: false,
      chunks: [],
      classes: [],
    });
  });

  it("a damaged file has none", async () => {
    const file = await packed([text(5000).raw], coder);
    file[file.length - 60]! ^= 1;
    await expect(explained(file, coder)).rejects.toMatchObject({ code: "PACKED_DAMAGED" });
  });
});
