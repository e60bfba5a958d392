/** Differences block by block, against sums of all tokens and cases whose answer is known. */
import { describe, expect, it } from "vitest";
import { differenceBlocks, pairedRatio } from "./blocks.ts";
import { resolutionOf } from "./resolution.ts";

/** Seeded noise, mean 0. */
function noise(n: number, seed: number): number[] {
  let state = seed;
  const next = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648 - 0.5;
  };
  const values = Array.from({ length: n }, next);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  return values.map((value) => value - mean);
}
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe("difference blocks", () => {
  it("hold every token once, and the sum of all differences with its sign turned", () => {
    for (const [n, ends] of [
      [1000, [1000]],
      [37, [37]],
      [5, [5]],
      [640, Array.from({ length: 200 }, (_, i) => Math.round(((i + 1) * 640) / 200))],
    ] as const) {
      const differences = noise(n, n).map((value) => value + 0.25);
      const blocks = differenceBlocks(differences, ends);
      expect(sum(blocks.tokens)).toBe(n);
      expect(sum(blocks.nats)).toBeCloseTo(-sum(differences), 9);
      expect(blocks.tokens.length).toBeLessThanOrEqual(128);
      expect(blocks.of).toBe(ends.length >= 10 ? "documents" : "tokens");
    }
  });

  it("give the ratio of two models' perplexities, and what is hard for both cancels", () => {
    const shared = noise(2048, 1).map((value) => 3 * value);
    const [a, b] = [0.1, 0.11].map((worse, i) =>
      differenceBlocks(
        shared.map((value, j) => value - worse + 0.01 * noise(2048, 7 + i)[j]!),
        [2048],
      ),
    );
    const ratio = pairedRatio(a!, b!)!;
    expect(ratio.ratio).toBeCloseTo(Math.exp(0.01), 9);
    expect(ratio.low).toBeGreaterThan(1);
    expect(ratio.high - ratio.low).toBeLessThan(0.002); // alone: exp(±0.04)
    expect(pairedRatio(null, a!)!.ratio).toBeCloseTo(Math.exp(0.1), 9);
    expect(pairedRatio(b!, b!)).toEqual({ ratio: 1, low: 1, high: 1 });
  });

  it("say nothing of few tokens, other texts, and a probability of 0", () => {
    const few = differenceBlocks(noise(40, 2), [40]);
    const [long, other] = [1000, 900].map((n) => differenceBlocks(noise(n, 3), [n]));
    expect(pairedRatio(null, few)).toBeNull();
    expect(pairedRatio(long!, other!)).toBeNull();
    const zero = differenceBlocks([...noise(999, 3), Number.NEGATIVE_INFINITY], [1000]);
    expect(pairedRatio(null, zero)).toBeNull();
  });
});

describe("what a text can tell", () => {
  const n = 4096;
  const blocks = (worse: number, spread: number, seed: number) =>
    differenceBlocks(
      noise(n, seed).map((value) => spread * value - worse),
      [n],
    );
  const base = (relative: number) => ({ value: 20, standardError: 20 * relative });

  it("names pairs that are alike, and pairs that it is too short for", () => {
    const found = resolutionOf(base(0.01), [
      { name: "F16", blocks: null },
      { name: "Q8_0", blocks: blocks(0.0005, 0.05, 1) }, // ± 0.00023
      { name: "Q4_0", blocks: blocks(0.04, 0.2, 2) },
      { name: "Q4_1", blocks: blocks(0.045, 5, 3) }, // ± 0.023
    ]);
    expect(found.isShort).toBe(false);
    expect(found.alike).toEqual([]); // 0.0005 is small, and shown: its interval leaves out 1
    expect(found.tooWide.map(({ better, worse }) => [better, worse])).toEqual([["Q4_0", "Q4_1"]]);
    // Standard error of the mean: 5 / √12 / √4096 = 0.0226; 1.96 of it over ln 1.01, squared: 19.8.
    expect(found.timesAsMuch).toBeGreaterThan(14);
    expect(found.timesAsMuch).toBeLessThan(27);
    const alike = resolutionOf(base(0.01), [
      { name: "F16", blocks: null },
      { name: "Q8_0", blocks: blocks(0.0001, 0.05, 1) },
    ]);
    expect(alike.alike.map(({ worse }) => worse)).toEqual(["Q8_0"]);
    expect(alike.tooWide).toEqual([]);
    expect(alike.timesAsMuch).toBeNull();
  });

  it("calls a text short by the perplexity's own interval: exp(1.96 · 0.05) = 1.103", () => {
    expect(resolutionOf(base(0.05), []).isShort).toBe(true);
    expect(resolutionOf(base(0.048), []).isShort).toBe(false);
    expect(resolutionOf({ value: 20, standardError: null }, []).isShort).toBe(true);
  });
});
