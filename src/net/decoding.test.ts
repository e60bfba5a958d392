/** What is unpacked of an answer is what is read of it: a bomb stays packed. */
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { decoded } from "./decoding.ts";

const URL_ = new URL("http://models.test/");
const MIB = 2 ** 20;
/** Of every decoder, what it may have unpacked ahead of its reader. */
const AHEAD = MIB;
const zstd: ((data: Buffer) => Buffer) | undefined = Reflect.get(zlib, "zstdCompressSync");

describe("a bomb in one chunk", () => {
  const zeros = Buffer.alloc(64 * MIB);

  it.each<[string, (data: Buffer) => Buffer]>([
    ["gzip", zlib.gzipSync],
    ["deflate", zlib.deflateSync],
    ["deflate", zlib.deflateRawSync],
    ["br", (data) => zlib.brotliCompressSync(data, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } })],
    ["deflate, deflate", (data) => zlib.deflateSync(zlib.deflateRawSync(data))],
    ...(zstd ? [["zstd", zstd] as [string, (data: Buffer) => Buffer]] : []),
  ])("of %s is unpacked as it is read", async (encoding, encode) => {
    const packed = encode(zeros);
    expect(packed.length).toBeLessThan(MIB);
    const content = decoded(Readable.from([packed]), encoding, URL_);
    let pushed = 0;
    const push = content.push.bind(content);
    content.push = (piece: Buffer | null, ...rest) => {
      pushed += piece?.length ?? 0;
      return push(piece, ...rest);
    };
    let read = 0;
    for await (const piece of content) {
      read += (piece as Buffer).length;
      await sleep(20);
      expect(pushed - read).toBeLessThan(AHEAD);
      if (read > 8 * 65_536) break;
    }
    expect(read).toBeGreaterThan(0);
    expect(content.destroyed).toBe(true);
  });

  it("comes whole where it is read whole", async () => {
    for (const encode of [zlib.deflateSync, zlib.deflateRawSync]) {
      const packed = encode(zeros);
      const halves = [packed.subarray(0, 1), packed.subarray(1)];
      let size = 0;
      for await (const piece of decoded(Readable.from(halves), "deflate", URL_))
        size += (piece as Buffer).length;
      expect(size).toBe(zeros.length);
    }
  });

  it("that is cut off is an error, and nothing at all is nothing", async () => {
    const cut = zlib.deflateSync(zeros).subarray(0, 1000);
    const read = async (pieces: Buffer[]) => {
      let size = 0;
      for await (const piece of decoded(Readable.from(pieces), "deflate", URL_))
        size += (piece as Buffer).length;
      return size;
    };
    await expect(read([cut])).rejects.toThrow(/unexpected end/);
    await expect(read([Buffer.from([0x78, 0xff, 0xff, 0xff, 0xff])])).rejects.toThrow();
    expect(await read([])).toBe(0);
  });
});
