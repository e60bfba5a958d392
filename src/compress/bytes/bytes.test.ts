import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CASES, noise, numbers } from "../../../test/bytes-cases.ts";
import { SurprisalError } from "../../core/index.ts";
import { BYTES_WASM } from "./generated.ts";
import {
  BYTES_MEMORY,
  BYTES_MODEL_VERSION,
  MAX_BYTES_CHUNK,
  packBytes,
  packingBytes,
  unpackBytes,
  unpackingBytes,
} from "./index.ts";
import { instantiateBytes } from "./instance.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Packs, unpacks, and gives the packed bytes. */
function roundTrip(data: Uint8Array): Uint8Array {
  const packed = packBytes(data);
  expect(packed.length).toBeLessThanOrEqual(data.length + 1);
  const unpacked = unpackBytes(packed, data.length);
  // Buffer.equals, since toEqual takes a second for a megabyte.
  if (!Buffer.from(unpacked).equals(data)) expect(unpacked).toEqual(data);
  return packed;
}

describe("round trips", () => {
  it.each(CASES.map(({ name, data }) => [name, data] as const))("%s", (_, data) => {
    roundTrip(data());
  });

  it("any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (data) => void roundTrip(data)));
  });

  it("any text", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 200 }).map((s) => new TextEncoder().encode(s));
    fc.assert(fc.property(text, (data) => void roundTrip(data)));
  });

  it("a thousand short inputs made of few bytes, runs, repeats and bytes that change places", () => {
    const next = numbers(7);
    for (let round = 0; round < 1000; round++) {
      const values = 1 + next(round % 3 === 0 ? 256 : 4);
      const base = next(256);
      const data = Uint8Array.from({ length: next(300) }, () => base + next(values));
      for (let edit = next(4); edit > 0 && data.length > 0; edit--) {
        const at = next(data.length);
        if (edit === 1) data.copyWithin(at, next(data.length));
        else data.fill(next(256), at, at + next(60));
      }
      roundTrip(data);
    }
  });

  it("repeats at the edges of pieces, blocks and shortest copies", () => {
    const next = numbers(11);
    for (let round = 0; round < 40; round++) {
      const unit = noise(1 + next(3000), round);
      const parts = [unit, noise(next(300), round + 99), unit, unit.subarray(next(unit.length)), unit];
      const edges = [0, 255, 256, 257, 1023, 1024, 1025, 32_767, 32_768, 32_769];
      const ahead = new Uint8Array(edges[next(edges.length)]!).fill(32);
      roundTrip(Buffer.concat([ahead, ...parts]));
    }
  });
});

describe("sizes", () => {
  it("come near the entropy of a source whose entropy is known", () => {
    // p = 1/2, 1/4, 1/8, 1/8: 1.75 bits for each.
    const next = numbers(3);
    const data = Uint8Array.from({ length: 60_000 }, () =>
      "abcd".charCodeAt([0, 0, 0, 0, 1, 1, 2, 3][next(8)]!),
    );
    const bits = (8 * packBytes(data).length) / data.length;
    expect(bits).toBeGreaterThan(1.74);
    expect(bits).toBeLessThan(1.75 * 1.03);
  });

  it("noise costs one byte more than it has", () => {
    for (const n of [1, 10, 5000, 32_768, 100_000]) expect(roundTrip(noise(n, n)).length).toBe(n + 1);
  });

  it("noise within text is passed over", () => {
    const data = Buffer.concat([Buffer.from("A few words. ".repeat(100)), noise(60_000, 1)]);
    expect(roundTrip(data).length).toBeLessThan(60_000 * 1.001 + 200);
  });

  it("a long run, and a long repeat far away, cost next to nothing", () => {
    expect(roundTrip(new Uint8Array(1 << 20)).length).toBeLessThan(30);
    const part = noise(50_000, 5);
    expect(roundTrip(Buffer.concat([part, noise(300_000, 6), part])).length).toBeLessThan(
      350_000 * 1.001 + 200,
    );
  });

  it("is smaller than gzip and brotli make English", async () => {
    const { brotliCompressSync, gzipSync } = await import("node:zlib");
    const text = readFileSync(new URL("../../../docs/corpora.md", import.meta.url));
    const packed = packBytes(text).length;
    expect(packed).toBeLessThan(0.85 * gzipSync(text, { level: 9 }).length);
    expect(packed).toBeLessThan(0.9 * brotliCompressSync(text).length);
  });
});

describe("the form", () => {
  const fixtures = JSON.parse(
    readFileSync(new URL("fixtures/packed-v1.json", import.meta.url), "utf8"),
  ) as Record<string, { length: number; sha256: string; packedSha256: string; packed: string }>;

  it("has a fixture for every case", () => {
    expect(Object.keys(fixtures)).toEqual(CASES.map(({ name }) => name));
  });

  it.each(CASES.map(({ name, data }) => [name, data] as const))("is that of version 1: %s", (name, data) => {
    const fixture = fixtures[name]!;
    const packed = Buffer.from(fixture.packed, "base64");
    expect(sha256(packed)).toBe(fixture.packedSha256);
    expect(sha256(unpackBytes(packed, fixture.length))).toBe(fixture.sha256);
    expect(sha256(packBytes(data()))).toBe(fixture.packedSha256);
  });

  it("of another version is refused by name", () => {
    const packed = packBytes(Buffer.from("some words"));
    packed[0] = (BYTES_MODEL_VERSION + 1) * 16 + 1;
    expect(() => unpackBytes(packed, 10)).toThrowError(
      expect.objectContaining({ code: "PACKED_UNSUPPORTED", message: expect.stringContaining("version 2") }),
    );
  });

  it("has chunks of 16 MiB at most", () => {
    const invalid = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(() => packBytes(new Uint8Array(MAX_BYTES_CHUNK + 1))).toThrowError(invalid);
    for (const length of [-1, 1.5, Number.NaN, MAX_BYTES_CHUNK + 1])
      expect(() => unpackBytes(new Uint8Array([16]), length)).toThrowError(invalid);
  });

  it("holds a whole chunk of 16 MiB", () => {
    const data = new Uint8Array(MAX_BYTES_CHUNK).fill(65);
    data.set(noise(5000, 1), 9_000_000);
    expect(roundTrip(data).length).toBeLessThan(5300);
  });
});

describe("damaged bytes", () => {
  /** Ends with as many bytes as asked for, or with a SurprisalError of these codes. */
  function expectAnEnd(packed: Uint8Array, length: number): void {
    try {
      expect(unpackBytes(packed, length).length).toBe(length);
    } catch (error) {
      if (!(error instanceof SurprisalError)) throw error;
      expect(["PACKED_DAMAGED", "PACKED_UNSUPPORTED"]).toContain(error.code);
    }
  }

  it("end, whatever was changed", () => {
    const next = numbers(5);
    const data = CASES.map((one) => one.data().subarray(0, 900)).filter(({ length }) => length > 0);
    for (let round = 0; round < 400; round++) {
      const original = data[round % data.length]!;
      const packed = packBytes(original);
      let length = original.length;
      const at = next(packed.length);
      if (round % 5 === 0) expectAnEnd(packed.subarray(0, at), length);
      else if (round % 5 === 1) expectAnEnd(Buffer.concat([packed, noise(1 + next(9), round)]), length);
      else if (round % 5 === 2) length = next(40_000);
      else if (round % 5 === 3) packed[at] = packed[at]! ^ (1 << next(8));
      else packed.set(noise(Math.min(20, packed.length - at), round), at);
      expectAnEnd(packed, length);
    }
  });

  it("that are noise end", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom(16, 17, 18),
        fc.nat(3000),
        (bytes, first, n) => expectAnEnd(Uint8Array.from([first, ...bytes]), n),
      ),
    );
  });

  it("of a wrong length are told", () => {
    const packed = packBytes(Buffer.from("It was the best of times, it was the worst of times. ".repeat(30)));
    const damaged = expect.objectContaining({ code: "PACKED_DAMAGED" });
    for (const bytes of [new Uint8Array(0), packed.subarray(0, 5), Buffer.concat([packed, noise(9, 1)])])
      expect(() => unpackBytes(bytes, 1590)).toThrowError(damaged);
    expect(() => unpackBytes(new Uint8Array([16, 1, 2]), 3)).toThrowError(damaged);
    expect(() => unpackBytes(new Uint8Array([19, 1, 2]), 2)).toThrowError(damaged);
    expect(() => unpackBytes(new Uint8Array([17, 1, 2]), 0)).toThrowError(damaged);
  });
});

describe("pauses", () => {
  it("let several be packed and unpacked at once, and say how far they are", () => {
    const data = [1, 2, 3].map((i) =>
      Buffer.from(`Sentence ${i} of several, and then again. `.repeat(700 * i)),
    );
    const alone = data.map(packBytes);
    const packing = data.map((one) => packingBytes(one));
    const packed: Uint8Array[] = [];
    for (let turn = 0, done = 0; done < 3; turn++) {
      const i = turn % 3;
      if (packed[i]) continue;
      const { done: last, value } = packing[i]!.next();
      if (!last) expect(value).toBeLessThanOrEqual(data[i]!.length);
      else {
        packed[i] = value;
        done++;
      }
    }
    expect(packed.map(sha256)).toEqual(alone.map(sha256));
    const unpacking = packed.map((one, i) => unpackingBytes(one, data[i]!.length));
    const parts: Uint8Array[][] = [[], [], []];
    for (let open = 3; open > 0; ) {
      open = 0;
      for (const [i, one] of unpacking.entries()) {
        const { value } = one.next();
        if (value) open = parts[i]!.push(value);
      }
    }
    expect(parts.map((list) => sha256(Buffer.concat(list)))).toEqual(data.map(sha256));
  });

  it("can be where it ends, which changes nothing for the next", () => {
    const text = Buffer.from(readFileSync(new URL("../../../docs/corpora.md", import.meta.url)));
    const expected = sha256(packBytes(text));
    const packing = packingBytes(text);
    packing.next();
    packing.return(new Uint8Array());
    for (const _ of unpackingBytes(packBytes(text), text.length)) break;
    expect(sha256(packBytes(text))).toBe(expected);
  });
});

describe("the module", () => {
  it("has a memory of fixed size, large enough for what lies in it", () => {
    const instance = instantiateBytes();
    expect(instance.memory.buffer.byteLength).toBe(BYTES_MEMORY);
    expect(instance.MEMORY.value).toBeLessThanOrEqual(BYTES_MEMORY);
    expect(BYTES_MEMORY).toBeLessThanOrEqual(64 * 2 ** 20);
    expect(() => instance.memory.grow(1)).toThrowError(RangeError);
  });

  it("imports nothing", () => {
    // Sections: id, length in LEB128; imports have the id 2.
    const bytes = Buffer.from(BYTES_WASM, "base64");
    const ids: number[] = [];
    for (let at = 8; at < bytes.length; ) {
      ids.push(bytes[at++]!);
      let length = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]!;
        length |= (byte & 127) << shift;
        if (byte < 128) break;
      }
      at += length;
    }
    expect(ids).toContain(10); // code
    expect(ids).not.toContain(2);
  });

  it("is what its sources give, and has no operation on floating-point numbers", async () => {
    const script = fileURLToPath(new URL("../../../scripts/build-bytes.mjs", import.meta.url));
    await expect(promisify(execFile)(process.execPath, [script, "--check"])).resolves.toBeDefined();
  });
});
