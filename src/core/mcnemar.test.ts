import { describe, expect, it } from "vitest";
import { mcNemarExact, pairedDifference } from "./mcnemar.ts";

const SCIPY: [number, number, number][] = [
  [0, 0, 1.0],
  [0, 1, 1.0],
  [0, 6, 0.03125],
  [1, 9, 0.021484375],
  [8, 25, 0.004551384132355452],
  [10, 10, 1.0],
  [120, 163, 0.012401213306105706],
  [4000, 4211, 0.020470473574968694],
  [30000, 31000, 5.234151802505289e-5],
];

describe("mcNemarExact", () => {
  // scipy 1.17.1: scipy.stats.binomtest(min(b, c), b + c, 0.5).pvalue
  it.each(SCIPY)("of %i and %i is SciPy's", (one, other, p) => {
    expect(mcNemarExact(one, other) / p).toBeCloseTo(1, 10);
    expect(mcNemarExact(other, one)).toBe(mcNemarExact(one, other));
  });

  it("is the sum of binomial coefficients", () => {
    for (let one = 0; one < 12; one++)
      for (let other = 0; other < 12; other++) {
        const n = one + other;
        let tail = 0;
        for (let k = 0; k <= Math.min(one, other); k++) tail += choose(n, k) / 2 ** n;
        expect(mcNemarExact(one, other)).toBeCloseTo(Math.min(1, 2 * tail), 12);
      }
  });
});

function choose(n: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i;
  return Math.round(value);
}

describe("pairedDifference", () => {
  it("has the standard error of a mean", () => {
    expect(pairedDifference([])).toBeNull();
    expect(pairedDifference([1])).toEqual({ mean: 1, standardError: null });
    const { mean, standardError } = pairedDifference([1, 0, 0, -1, 1, 0])!;
    expect(mean).toBeCloseTo(1 / 6, 15);
    // numpy: np.std([1, 0, 0, -1, 1, 0], ddof=1) / np.sqrt(6)
    expect(standardError).toBeCloseTo(0.30731814857642964, 14);
  });
});
