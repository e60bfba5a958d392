/** The reliability diagram, over confidence and over perplexity, and what it says in words. */
import { describe, expect, it } from "vitest";
import { drawn } from "../../../test/drawn-pairs.ts";
import { confidenceOf, reliability, reliabilityOverPerplexity, tallyOf } from "../index.ts";

describe("reliability", () => {
  it("says over- and under-confident in words, and neither where chance would do", () => {
    expect(confidenceOf(tallyOf(drawn(2000, 1, (s) => s ** 2))).words).toMatch(
      /^Over-confident by 1\d\.\d points/,
    );
    expect(confidenceOf(tallyOf(drawn(2000, 1, (s) => Math.sqrt(s)))).verdict).toBe("under-confident");
    expect(confidenceOf(tallyOf(drawn(2000, 2))).verdict).toBe("not told apart");
  });

  it("has Wilson's interval: 8 of 10 is 0.490 to 0.943", () => {
    const scores = Array.from({ length: 10 }, () => 0.9);
    const [bin] = reliability(tallyOf({ scores, correct: [1, 1, 1, 1, 1, 1, 1, 1, 0, 0] })).bins;
    expect([bin!.accuracyLow, bin!.accuracyHigh].map((x) => x.toFixed(3))).toEqual(["0.490", "0.943"]);
  });

  it("is drawn over perplexity too: by edges and by equal mass", () => {
    const rows = {
      perplexities: [1, 1.5, 2, 3, 8, null, 40],
      correct: [1, 1, 1, 0, 0, 1, null],
      confidences: [0.9, 0.8, null, 0.6, 0.5, 0.4, 0.3],
    };
    const byEdges = reliabilityOverPerplexity(rows, { edges: [1, 2, 10] });
    expect(byEdges.missing).toBe(2);
    expect(byEdges.bins.map(({ low, high, count, accuracy }) => [low, high, count, accuracy])).toEqual([
      [1, 2, 2, 1],
      [2, 10, 3, 1 / 3],
    ]);
    expect(byEdges.bins[1]!.confidence).toBeCloseTo(0.55, 12);
    expect(reliabilityOverPerplexity(rows, { bins: 2 }).bins.map(({ count }) => count)).toEqual([2, 3]);
    expect(() => reliabilityOverPerplexity({ perplexities: [0.5], correct: [1] })).toThrow(/no perplexity/);
    expect(() => reliabilityOverPerplexity(rows, { edges: [2, 2] })).toThrow(/do not rise/);
  });
});
