import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { compressionBaselines } from "./compression.ts";

const TEXT = new TextEncoder().encode("the cat sat on the mat and the dog sat on the cat. ".repeat(40));

describe("compressionBaselines", () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env.PATH = PATH;
  });

  it("is in bits per byte of the text", async () => {
    const { gzip, brotli, xz } = await compressionBaselines(TEXT);
    const compressed = gzipSync(TEXT, { level: 9 });
    expect(gunzipSync(compressed).length).toBe(TEXT.length);
    expect(gzip).toBeCloseTo((8 * compressed.length) / TEXT.length, 12);
    expect(brotli).toBeGreaterThan(0);
    expect(brotli).toBeLessThan(gzip);
    if (xz !== null) expect(xz).toBeLessThan(1);
  });

  it("of noise is 8 bits per byte and the container's own", async () => {
    let state = 1;
    const noise = Uint8Array.from({ length: 10_000 }, () => {
      state = (state * 48_271) % 0x7fff_ffff;
      return state & 0xff;
    });
    const { gzip, brotli } = await compressionBaselines(noise);
    for (const bitsPerByte of [gzip, brotli]) {
      expect(bitsPerByte).toBeGreaterThan(8);
      expect(bitsPerByte).toBeLessThan(8.1);
    }
  });

  it("has no figure for xz where there is no xz", async () => {
    process.env.PATH = "";
    expect((await compressionBaselines(TEXT)).xz).toBeNull();
  });
});
