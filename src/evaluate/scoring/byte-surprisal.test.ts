import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../core/index.ts";
import { ByteSurprisal, compareSpans } from "./byte-surprisal.ts";

/** Sizes of tokens in bytes and their surprisals; a few are missing, impossible or without bytes. */
const tokens = fc.array(
  fc.tuple(
    fc.nat(4),
    fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 80 }).map((eighths) => eighths / 8) },
      { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY) },
    ),
  ),
  { maxLength: 12 },
);

function boundariesOf(sizes: readonly number[]): number[] {
  const boundaries = [0];
  for (const size of sizes) boundaries.push(boundaries.at(-1)! + size);
  return boundaries;
}

const surprisalOf = (list: readonly (readonly [number, number])[]) =>
  new ByteSurprisal(
    boundariesOf(list.map(([size]) => size)),
    list.map(([, surprisal]) => surprisal),
  );

/** Byte by byte: each byte of a token has its share, and a token of no bytes is put on the byte after it. */
function bytewise(list: readonly (readonly [number, number])[]): number[][] {
  const bytes: number[][] = [[]];
  for (const [size, surprisal] of list) {
    if (size === 0 && !Number.isNaN(surprisal)) bytes.at(-1)!.push(surprisal);
    for (let i = 0; i < size; i++) {
      bytes.at(-1)!.push(surprisal / size);
      bytes.push([]);
    }
  }
  return bytes;
}

describe("ByteSurprisal", () => {
  it("is the sum over bytes, for every stretch", () => {
    fc.assert(
      fc.property(tokens, fc.nat(48), fc.nat(48), (list, a, b) => {
        const surprisal = surprisalOf(list);
        const [start, end] = [a % (surprisal.bytes + 1), b % (surprisal.bytes + 1)].sort((x, y) => x - y);
        const parts = bytewise(list)
          .slice(start, end === surprisal.bytes && start !== end ? undefined : end)
          .flat();
        const expected = parts.reduce((sum, part) => sum + part, 0);
        const actual = surprisal.between(start!, end!);
        if (Number.isNaN(expected)) expect(actual).toBeNull();
        else if (expected === Infinity) expect(actual).toBe(Infinity);
        else expect(actual).toBeCloseTo(expected, 10);
        const { missing } = surprisal.known(start, end);
        expect(missing).toBeCloseTo(parts.filter(Number.isNaN).length, 10);
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps every stretch when it is cut", () => {
    fc.assert(
      fc.property(tokens, fc.nat(48), fc.nat(48), (list, a, b) => {
        const whole = surprisalOf(list);
        const cut = a % (whole.bytes + 1);
        const rest = whole.slice(cut);
        expect(rest.bytes).toBe(whole.bytes - cut);
        const end = b % (rest.bytes + 1);
        const [expected, actual] = [whole.between(cut, cut + end), rest.between(0, end)];
        if (expected === null || expected === Infinity) expect(actual).toBe(expected);
        else expect(actual).toBeCloseTo(expected, 10);
      }),
      { numRuns: 1000 },
    );
  });

  it("reads records, pieces of characters among them", () => {
    const [first, second] = [Uint8Array.of(0xc3), Uint8Array.of(0xa9)];
    const records: TokenRecord[] = [
      { text: "中", logprob: -3 },
      { text: "\ufffd", bytes: first, logprob: -1 },
      { text: "\ufffd", bytes: second, logprob: -0.5 },
      { text: "a", logprob: null },
      { text: "b", logprob: Number.NEGATIVE_INFINITY },
      { text: "cd", logprob: -1, tokenCount: 2 },
    ];
    const surprisal = ByteSurprisal.fromRecords(records);
    expect(surprisal.boundaries).toEqual([0, 3, 4, 5, 6, 7, 9]);
    expect(surprisal.between(1, 5)).toBeCloseTo(2 + 1.5, 12);
    expect(surprisal.between(5, 6)).toBeNull();
    expect(surprisal.between(6, 7)).toBe(Number.POSITIVE_INFINITY);
    expect(surprisal.between(7, 8)).toBeNull();
    for (const text of ["\ufffd", "\ud83d"])
      expect(() =>
        ByteSurprisal.fromRecords([
          { text: "a", logprob: -1 },
          { text, logprob: -1 },
        ]),
      ).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", where: "record 1" }));
  });

  it.each([
    [-1, 2],
    [2, 1],
    [0, 4],
    [0.5, 2],
  ])("refuses the stretch [%d, %d) of 3 bytes", (start, end) => {
    expect(() => surprisalOf([[3, 1]]).between(start, end)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

describe("compareSpans", () => {
  it("cuts where both tokenizers do, and loses nothing", () => {
    const sized = (sizes: readonly number[], bytes: number) => {
      const list: [number, number][] = [];
      let left = bytes;
      for (const size of sizes) {
        if (left === 0) break;
        list.push([Math.min(size, left), size / 8]);
        left -= list.at(-1)![0];
      }
      if (left > 0) list.push([left, 1]);
      return surprisalOf(list);
    };
    const sizes = fc.array(fc.nat(4), { maxLength: 15 });
    fc.assert(
      fc.property(sizes, sizes, fc.integer({ min: 1, max: 20 }), (a, b, bytes) => {
        const [first, second] = [sized(a, bytes), sized(b, bytes)];
        const spans = compareSpans(first, second);
        const inside = (surprisal: ByteSurprisal, byte: number) =>
          Array.from(surprisal.boundaries).includes(byte);
        const common = Array.from({ length: bytes + 1 }, (_, i) => i).filter(
          (i) => inside(first, i) && inside(second, i),
        );
        expect(spans.map(({ start, end }) => [start, end])).toEqual(
          common.slice(1).map((end, i) => [common[i], end]),
        );
        expect(spans.reduce((sum, span) => sum + span.first!, 0)).toBeCloseTo(first.known().nats, 10);
        expect(spans.reduce((sum, span) => sum + span.second!, 0)).toBeCloseTo(second.known().nats, 10);
      }),
    );
  });

  it("refuses two texts", () => {
    expect(() => compareSpans(surprisalOf([[3, 1]]), surprisalOf([[4, 1]]))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});
