import * as fc from "fast-check";
import { expect, it } from "vitest";
import { longestEarlierMatches, suffixArray, suffixesOf } from "./suffix-array.ts";

const sequences = fc.oneof(
  fc.array(fc.nat(1), { maxLength: 60 }),
  fc.array(fc.nat(3), { maxLength: 200 }),
  fc.array(fc.nat(40), { maxLength: 80 }),
  fc
    .tuple(fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }), fc.nat(30))
    .map(([unit, times]) => Array.from({ length: times }, () => unit).flat()),
);

const compare = (symbols: readonly number[], a: number, b: number): number => {
  while (a < symbols.length && b < symbols.length && symbols[a] === symbols[b]) {
    a++;
    b++;
  }
  if (a === symbols.length || b === symbols.length) return b - a; // the shorter one first
  return symbols[a]! - symbols[b]!;
};
const inCommon = (symbols: readonly number[], a: number, b: number): number => {
  let length = 0;
  while (Math.max(a, b) + length < symbols.length && symbols[a + length] === symbols[b + length]) length++;
  return length;
};

it("has the suffixes in order, as sorting them has, and what neighbours have in common", () => {
  fc.assert(
    fc.property(sequences, (symbols) => {
      const alphabet = Math.max(0, ...symbols) + 1;
      const { sorted, common } = suffixesOf(Int32Array.from(symbols), alphabet);
      const expected = symbols.map((_, i) => i).sort((a, b) => compare(symbols, a, b));
      expect([...sorted]).toEqual(expected);
      expect([...common]).toEqual(
        expected.map((at, k) => (k === 0 ? 0 : inCommon(symbols, at, expected[k - 1]!))),
      );
    }),
    { numRuns: 400 },
  );
});

it("finds the longest earlier match of every place, overlapping ones too", () => {
  fc.assert(
    fc.property(sequences, (symbols) => {
      const matches = longestEarlierMatches(suffixesOf(Int32Array.from(symbols), 64));
      expect([...matches]).toEqual(
        symbols.map((_, i) =>
          Math.max(0, ...Array.from({ length: i }, (_, earlier) => inCommon(symbols, earlier, i))),
        ),
      );
    }),
    { numRuns: 300 },
  );
});

it("takes large alphabets: more than 32,768 symbols", () => {
  const symbols = Int32Array.from({ length: 40_000 }, (_, i) => (i * 7919) % 40_000);
  const expected = [...symbols.keys()].sort((a, b) => symbols[a]! - symbols[b]!);
  expect([...suffixArray(symbols, 40_000)]).toEqual(expected);
});
