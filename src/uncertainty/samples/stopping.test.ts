/** When sampling may stop. */
import { describe, expect, it } from "vitest";
import { majoritySettled, shareInterval } from "./stopping.ts";

describe("majoritySettled", () => {
  it.each<[number[], number]>([
    // P(Beta(v1+1, v2+1) > 1/2) by hand: 1 - 2^-(n+1) for v2 = 0
    [[0, 0], 0.5],
    [[1], 1 - 1 / 4],
    [[2], 1 - 1 / 8],
    [[4], 1 - 1 / 32],
    [[1, 1], 0.5],
    // at most 3 of 5 fair coins, 26 / 32
    [[3, 1], 26 / 32],
    [[1, 3], 26 / 32],
    // scipy 1.17.1: 1 - scipy.stats.beta.cdf(0.5, 8, 3) and beta(41, 21)
    [[7, 2, 1], 0.9453125],
    [[40, 20], 0.9950732759023704],
  ])("of %j has the probability %d", (votes, probability) => {
    expect(majoritySettled(votes).probability).toBeCloseTo(probability, 12);
  });

  it("settles above its level, and at the paper's 0.95 after four samples that agree", () => {
    const settled = [1, 2, 3, 4, 5].map((n) => majoritySettled([n]).settled);
    expect(settled).toEqual([false, false, false, true, true]);
    expect(majoritySettled([7, 2, 1]).settled).toBe(false);
    expect(majoritySettled([7, 2, 1], { level: 0.9 }).settled).toBe(true);
  });

  it("settles where the runner-up cannot catch up, and where no samples are left", () => {
    expect(majoritySettled([3, 0], { most: 5 })).toEqual({ settled: true, probability: 1 });
    expect(majoritySettled([3, 1], { most: 6, level: 0.99 }).settled).toBe(false); // it may come to 3 : 3
    expect(majoritySettled([2, 2], { most: 4 })).toMatchObject({ settled: true });
    expect(majoritySettled([], { most: 4 }).settled).toBe(false);
  });

  it("refuses what are no votes", () => {
    for (const make of [
      () => majoritySettled([-1]),
      () => majoritySettled([0.5]),
      () => majoritySettled([Number.NaN]),
      () => majoritySettled([3], { most: 2 }),
      () => majoritySettled([3], { level: 1 }),
      () => majoritySettled([3], { level: 0.2 }),
    ])
      expect(make).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("shareInterval", () => {
  it("has the edges where the posterior density is 1 - level", () => {
    expect(shareInterval(0, 0)).toEqual({ low: 0, high: 1 });
    // 11·p^10 = 0.05
    const { low, high } = shareInterval(10, 10);
    expect(high).toBe(1);
    expect(low).toBeCloseTo((0.05 / 11) ** (1 / 10), 12);
    const few = shareInterval(3, 10);
    const density = (p: number) => 11 * 120 * p ** 3 * (1 - p) ** 7;
    expect(density(few.low)).toBeCloseTo(0.05, 9);
    expect(density(few.high)).toBeCloseTo(0.05, 9);
    expect(few.low).toBeLessThan(0.3);
    expect(few.high).toBeGreaterThan(0.3);
  });

  it("holds after every sample at once: the true share is outside at some time in at most 5 % of 1,000 walks", () => {
    let state = 7;
    const random = () => {
      state = (state * 16807) % 2147483647;
      return state / 2147483647;
    };
    let outside = 0;
    for (let walk = 0; walk < 1000; walk++) {
      let yes = 0;
      for (let seen = 1; seen <= 60; seen++) {
        if (random() < 0.3) yes++;
        const { low, high } = shareInterval(yes, seen);
        if (low > 0.3 || high < 0.3) {
          outside++;
          break;
        }
      }
    }
    expect(outside).toBeLessThanOrEqual(50);
    expect(outside).toBeGreaterThan(0);
  });

  it("refuses what is no share", () => {
    for (const make of [
      () => shareInterval(2, 1),
      () => shareInterval(-1, 1),
      () => shareInterval(0, 0.5),
      () => shareInterval(1, 2, 1),
      () => shareInterval(1, 2, Number.NaN),
    ])
      expect(make).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
