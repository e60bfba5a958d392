import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RangeDecoder, RangeEncoder } from "./range-coder.ts";

interface Symbol {
  from: number;
  size: number;
  total: number;
}
const bitsOf = (symbols: readonly Symbol[]) =>
  symbols.reduce((sum, { size, total }) => sum + Math.log2(total / size), 0);

function encode(symbols: readonly Symbol[]): Uint8Array {
  const encoder = new RangeEncoder();
  for (const { from, size, total } of symbols) encoder.encode(from, size, total);
  return encoder.finish();
}

function decode(bytes: Uint8Array, symbols: readonly Symbol[]): void {
  const decoder = new RangeDecoder(bytes);
  for (const { from, size, total } of symbols) {
    const place = decoder.place(total);
    expect(place >= from && place < from + size).toBe(true);
    decoder.take(from, size);
  }
}

const symbol = fc
  .tuple(
    fc.integer({ min: 0, max: 31 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([bits, a, b]): Symbol => {
    const total = Math.max(1, Math.floor(2 ** (bits + b)));
    const from = Math.min(Math.floor(a * total), total - 1);
    return { from, size: Math.max(1, Math.floor(b * (total - from))), total };
  });

describe("range coder", () => {
  it("gives back what it was given, in as many bytes as the symbols are worth", () => {
    fc.assert(
      fc.property(fc.array(symbol, { maxLength: 300 }), (symbols) => {
        const bytes = encode(symbols);
        decode(bytes, symbols);
        expect(8 * bytes.length).toBeLessThanOrEqual(bitsOf(symbols) + 0.002 * symbols.length + 8);
      }),
    );
  });

  it("costs 1 in 10,000 more than the ideal over many symbols of totals of 2^31", () => {
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const symbols = Array.from({ length: 20_000 }, (): Symbol => {
      const size = Math.max(1, Math.floor(2 ** (30 * random())));
      return { from: Math.floor(random() * (2 ** 31 - size)), size, total: 2 ** 31 };
    });
    const bytes = encode(symbols);
    decode(bytes, symbols);
    expect(bytes.length).toBeLessThanOrEqual((bitsOf(symbols) / 8) * 1.0001 + 1);
  });

  it("carries through any run of 255s", () => {
    // Of 256 the last but one again and again, so that what is decided stays one below a carry; then one that carries.
    for (const length of [1, 5, 6, 7, 100, 5000])
      for (const last of [
        { from: 0, size: 1 },
        { from: 1, size: 1 },
        { from: 255, size: 1 },
      ]) {
        const symbols: Symbol[] = [{ from: 127, size: 1, total: 256 }];
        for (let i = 0; i < length; i++) symbols.push({ from: 2 ** 24 - 2, size: 2, total: 2 ** 24 + 1 });
        symbols.push({ ...last, total: 256 }, { from: 2 ** 31 - 1, size: 1, total: 2 ** 31 });
        decode(encode(symbols), symbols);
      }
  });

  it("writes nothing for what is certain, and reads any bytes without an end", () => {
    expect(encode(Array.from({ length: 1000 }, () => ({ from: 0, size: 7, total: 7 })))).toHaveLength(0);
    expect(encode([])).toHaveLength(0);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.array(symbol, { maxLength: 100 }),
        (bytes, symbols) => {
          const decoder = new RangeDecoder(bytes);
          for (const { from, size, total } of symbols) {
            const place = decoder.place(total);
            expect(Number.isInteger(place) && place >= 0 && place < total).toBe(true);
            if (place >= from && place < from + size) decoder.take(from, size);
            else decoder.take(place, 1);
          }
        },
      ),
    );
  });
});
