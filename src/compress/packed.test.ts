import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FEATURES, headerBytes, METHODS } from "./container/format.ts";
import { type LocatedChunk, memorySource, readChunks, readHeader } from "./container/read.ts";
import { type PackOptions, pack } from "./pack.ts";
import { salvage, unpack } from "./unpack.ts";

async function drain<Result>(
  pieces: AsyncGenerator<Uint8Array, Result, void>,
): Promise<{ bytes: Buffer; report: Result }> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return { bytes: Buffer.concat(parts), report: value };
    parts.push(Buffer.from(value));
  }
}
const packed = async (raw: Uint8Array, options?: PackOptions) => drain(pack([raw], options));
const unpacked = async (bytes: Uint8Array) => drain(unpack(memorySource(bytes)));

const prose =
  "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness. ";
const CASES: [string, Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["one byte", Uint8Array.of(0xff)],
  ["prose", Buffer.from(prose)],
  ["CRLF and tabs", Buffer.from("a\r\n\tb\r\n\r\n".repeat(300))],
  ["control characters", Uint8Array.from({ length: 512 }, (_, i) => i % 32)],
  [
    "invalid UTF-8",
    Buffer.concat([
      Buffer.from(prose),
      Uint8Array.of(0xc3, 0x28, 0xff, 0xfe, 0xed, 0xa0, 0x80),
      Buffer.from(prose),
    ]),
  ],
  [
    "a BOM, and white space that tokenisers swallow",
    Buffer.from("\ufeff   \u00a0\u2003\u200b \n \n   end   "),
  ],
  ["Chinese", Buffer.from("今天天气很好,我们去公园散步。".repeat(50))],
  ["zeros", new Uint8Array(300_000)],
  ["noise", randomBytes(20_000)],
];

describe("pack and unpack", () => {
  it.each(CASES)("%s", async (_, raw) => {
    const { bytes, report } = await packed(raw);
    const back = await unpacked(bytes);
    expect(Buffer.compare(back.bytes, raw)).toBe(0);
    expect(back.report).toMatchObject({
      bytes: raw.length,
      sha256: report.sha256,
      chunks: report.chunks.length,
    });
    expect(report.packedBytes).toBe(bytes.length);
    expect(bytes.length).toBeLessThanOrEqual(raw.length + 160 + 32 * report.chunks.length);
  });

  it("any bytes, in pieces of any size, in chunks of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 3000 }),
            fc.string({ unit: "grapheme", maxLength: 800 }).map((text) => Buffer.from(text)),
          ),
          { maxLength: 8 },
        ),
        fc.integer({ min: 4096, max: 5000 }),
        async (pieces, chunkBytes) => {
          const { bytes, report } = await drain(pack(pieces, { chunkBytes }));
          const raw = Buffer.concat(pieces);
          expect(Buffer.compare((await unpacked(bytes)).bytes, raw)).toBe(0);
          expect(report.chunks.every(({ length }) => length > 0 && length <= chunkBytes + 4)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("goes on behind chunks that are packed, and refuses another source", async () => {
    const raw = Buffer.from(prose.repeat(300));
    const { bytes, report } = await packed(raw, { chunkBytes: 4096 });
    const chunks = await chunksOf(bytes);
    const again = await drain(pack([raw], { chunkBytes: 4096, resume: chunks.slice(0, 3) }));
    expect(again.report).toEqual(report);
    const skipped = endOf(chunks[2]!) - (await readHeader(memorySource(bytes))).size;
    expect(again.bytes.length).toBe(bytes.length - skipped);
    await expect(
      drain(pack([Buffer.from("x".repeat(5000))], { chunkBytes: 4096, resume: chunks })),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

async function chunksOf(bytes: Uint8Array): Promise<LocatedChunk[]> {
  const source = memorySource(bytes);
  const chunks: LocatedChunk[] = [];
  for await (const chunk of readChunks(source, (await readHeader(source)).size)) chunks.push(chunk);
  return chunks;
}
const endOf = ({ at, packedLength }: LocatedChunk): number => at + packedLength;

describe("damaged files", () => {
  it("any damage is an error, or nothing", async () => {
    const raw = Buffer.from(prose.repeat(120));
    const { bytes } = await packed(raw, { chunkBytes: 4096 });
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const broken = Buffer.from(bytes);
        broken[at]! ^= flip;
        const result = await unpacked(broken).catch((error: unknown) => error);
        if (result instanceof Error)
          expect(result).toMatchObject({ code: expect.stringMatching(/^PACKED_|UNSUPPORTED_CAPABILITY/) });
        else expect(Buffer.compare((result as { bytes: Buffer }).bytes, raw)).toBe(0);
      }),
      { numRuns: 150 },
    );
    for (const end of [0, 1, 7, 8, 11, 40, bytes.length - 1])
      await expect(unpacked(bytes.subarray(0, end))).rejects.toMatchObject({
        code: expect.stringMatching(/^PACKED_/),
      });
  });

  it("every chunk but the damaged one is salvaged, also without the file's end or a chunk's header", async () => {
    const raw = Buffer.from(Array.from({ length: 400 }, (_, i) => `${i} ${prose}`).join("\n"));
    const { bytes, report } = await packed(raw, { chunkBytes: 8192 });
    const count = report.chunks.length;
    const lengths = report.chunks.map(({ length }) => length);
    const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0));
    const chunks = await chunksOf(bytes);
    const headerEnd = (await readHeader(memorySource(bytes))).size;
    const heads = chunks.map(({ at }, i) => ({
      head: i === 0 ? headerEnd : endOf(chunks[i - 1]!),
      body: at,
    }));
    const changed = (at: number) => (broken: Buffer) => {
      broken[at]! ^= 1;
      return broken;
    };
    const damages: [string, (broken: Buffer) => Buffer, number[]][] = [
      ["a body", changed(heads[2]!.body + 9), [2]],
      ["a header", changed(heads[2]!.head + 3), [2]],
      ["header and end", (b) => changed(heads[2]!.head + 3)(b).subarray(0, b.length - 5), [2]],
      ["the end", (b) => b.subarray(0, b.length - 1), []],
      ["the file's header", changed(20), []],
      [
        "bytes lost in a chunk",
        (b) => Buffer.concat([b.subarray(0, heads[3]!.body + 5), b.subarray(heads[3]!.body + 25)]),
        [3],
      ],
      [
        "bytes lost between",
        (b) => Buffer.concat([b.subarray(0, heads[1]!.body + 5), b.subarray(heads[3]!.body + 25)]),
        [1, 2, 3],
      ],
    ];
    for (const [what, damage, lost] of damages) {
      const found = [];
      for await (const each of salvage(memorySource(damage(Buffer.from(bytes)))))
        if (each.bytes) found.push(Buffer.from(each.bytes).toString("latin1"));
      const expected = starts
        .map((start, i) => raw.subarray(start, start + lengths[i]!).toString("latin1"))
        .filter((_, i) => !lost.includes(i));
      expect(found, what).toEqual(expected);
      expect(found.length, what).toBe(count - lost.length);
    }
  });

  it("names other tools' files, and newer forms", async () => {
    await expect(unpacked(Uint8Array.of(0x1f, 0x8b, 8, 0))).rejects.toMatchObject({
      code: "PACKED_UNSUPPORTED",
      message: expect.stringContaining("gunzip"),
    });
    const newer = headerBytes({ version: 2, features: FEATURES.bytes1, writer: "surprisal 9", model: null });
    await expect(unpacked(newer)).rejects.toMatchObject({
      code: "PACKED_UNSUPPORTED",
      message: expect.stringContaining("Update"),
    });
    const unknown = headerBytes({ version: 1, features: 2 ** 20, writer: "surprisal 9", model: null });
    await expect(unpacked(unknown)).rejects.toMatchObject({ code: "PACKED_UNSUPPORTED" });
    expect(METHODS).toEqual(["raw", "brotli", "bytes", "model"]); // numbers in files: only appended to
  });
});
