/** Calibration errors and their noise floor: by hand, by slow obvious computations, and over calibrated sets. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyPairs, drawn } from "../../../test/drawn-pairs.ts";
import {
  debiasedCalibrationError,
  expectedCalibrationError,
  noiseFloor,
  reliability,
  sweptCalibrationError,
  tallyOf,
} from "../index.ts";

describe("expected calibration error", () => {
  it("depends on the side that an edge belongs to: 0.45 against 0.05 on the same two points", () => {
    const tally = tallyOf({ scores: [0.5, 0.4], correct: [1, 0] });
    expect(expectedCalibrationError(tally, { bins: 2, closed: "left" })).toBeCloseTo(0.45, 12);
    expect(expectedCalibrationError(tally, { bins: 2, closed: "right" })).toBeCloseTo(0.05, 12);
  });

  it("has the edge that a decimal names: 0.29 is the edge 29/100, 0.7 is 7/10", () => {
    for (const [score, bins] of [
      [0.29, 100],
      [0.7, 10],
      [0.3, 10],
      [0.57, 100],
    ] as const) {
      const bin = (closed: "left" | "right") =>
        reliability(tallyOf({ scores: [score], correct: [1] }), { bins, closed }).bins[0]!;
      expect(bin("left").low).toBe(score);
      expect(bin("right").high).toBe(score);
    }
  });

  it("by hand: norms, and equal mass with ties kept together", () => {
    const tally = tallyOf({ scores: [0.1, 0.1, 0.1, 0.9], correct: [0, 0, 1, 0] });
    // gaps: |1/3 - 0.1| of 3 pairs, 0.9 of one
    const gap = 1 / 3 - 0.1;
    expect(expectedCalibrationError(tally)).toBeCloseTo((3 * gap + 0.9) / 4, 12);
    expect(expectedCalibrationError(tally, { norm: "l2" })).toBeCloseTo(
      Math.sqrt((3 * gap ** 2 + 0.81) / 4),
      12,
    );
    expect(expectedCalibrationError(tally, { norm: "max" })).toBeCloseTo(0.9, 12);
    expect(expectedCalibrationError(tally, { binning: "equal-mass", bins: 4 })).toBeCloseTo(
      (3 * gap + 0.9) / 4,
      12,
    );
  });

  it("one bin is the gap of the means, whichever the binning", () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        const tally = tallyOf(pairs);
        const mean = pairs.scores.reduce((sum, score) => sum + score, 0) / tally.n;
        for (const binning of ["equal-width", "equal-mass"] as const)
          expect(expectedCalibrationError(tally, { bins: 1, binning })).toBeCloseTo(
            Math.abs(mean - tally.totalRight / tally.n),
            10,
          );
      }),
    );
  });

  it("sweeps to as many bins as leave accuracy rising, as a slow search finds", () => {
    for (let seed = 0; seed < 20; seed++) {
      const pairs = drawn(80, seed);
      const rows = Array.from(pairs.scores as Float64Array, (score, i) => ({
        score,
        right: pairs.correct[i] ? 1 : 0,
      })).sort((a, b) => a.score - b.score);
      const parts = (bins: number) =>
        Array.from({ length: bins }, (_, b) => {
          const [least, larger] = [Math.floor(80 / bins), 80 % bins];
          const start = b * least + Math.min(b, larger);
          return rows.slice(start, start + least + (b < larger ? 1 : 0));
        }).map((part) => ({
          size: part.length,
          accuracy: part.reduce((sum, { right }) => sum + right, 0) / part.length,
          mean: part.reduce((sum, { score }) => sum + score, 0) / part.length,
        }));
      let bins = 1;
      while (
        bins < 80 &&
        parts(bins + 1).every(({ accuracy }, b, all) => b === 0 || accuracy >= all[b - 1]!.accuracy)
      )
        bins++;
      const error = parts(bins).reduce(
        (sum, part) => sum + (part.size / 80) * Math.abs(part.accuracy - part.mean),
        0,
      );
      const found = sweptCalibrationError(tallyOf(pairs));
      expect(found.bins).toBe(bins);
      expect(found.error).toBeCloseTo(error, 10);
    }
  });

  it("is without most of its bias when debiased: over 200 calibrated sets the mean of the squares is about 0", () => {
    let [plain, squares, l1, plainL1] = [0, 0, 0, 0];
    for (let seed = 0; seed < 200; seed++) {
      const tally = tallyOf(drawn(200, seed));
      plain += expectedCalibrationError(tally, { norm: "l2" }) ** 2 / 200;
      plainL1 += expectedCalibrationError(tally) / 200;
      squares += debiasedCalibrationError(tally) ** 2 / 200;
      l1 += debiasedCalibrationError(tally, { norm: "l1" }) / 200;
    }
    expect(squares).toBeLessThan(plain / 3); // not 0: the square root is cut at 0
    expect(l1).toBeLessThan((2 / 3) * plainL1); // the correction takes the gaps found for the true ones
  });
});

describe("noise floor", () => {
  it("holds the error of 95 of 100 calibrated sets, within three binomial standard errors", () => {
    const sets = 300;
    let inside = 0;
    for (let seed = 0; seed < sets; seed++) {
      const { low, observed, high } = noiseFloor(tallyOf(drawn(150, 1000 + seed)), {
        simulations: 200,
        seed,
      });
      if (low <= observed && observed <= high) inside++;
    }
    expect(Math.abs(inside / sets - 0.95)).toBeLessThan(3 * Math.sqrt((0.95 * 0.05) / sets) + 0.01);
  });

  it("is left far behind by an over-confident model", () => {
    const floor = noiseFloor(tallyOf(drawn(1000, 1, (score) => score ** 3)));
    expect(floor.inside).toBe(false);
    expect(floor.pValue).toBeCloseTo(1 / 1001, 6);
    expect(noiseFloor(tallyOf(drawn(1000, 1))).inside).toBe(true);
  });

  it("is the same whether large bins are drawn singly or as a whole", () => {
    // One bin of Bernoulli answers: E|mean - p| = sqrt(2 p(1-p) / (π n)) for large n (normal); Poisson's mean deviation for small np.
    const one = (n: number, p: number) =>
      noiseFloor(tallyOf({ scores: Float64Array.from({ length: n }, () => p), correct: new Uint8Array(n) }), {
        bins: 1,
        simulations: 4000,
      }).mean;
    const n = 5000;
    expect(one(n, 0.3) / Math.sqrt((2 * 0.3 * 0.7) / (Math.PI * n))).toBeCloseTo(1, 1);
    const mean = 2.5; // E|X - λ| = 2 λ^(⌊λ⌋+1) e^-λ / ⌊λ⌋!
    expect((one(n, mean / n) * n) / ((2 * mean ** 3 * Math.exp(-mean)) / 2)).toBeCloseTo(1, 1);
    expect((one(n, 1 - mean / n) * n) / ((2 * mean ** 3 * Math.exp(-mean)) / 2)).toBeCloseTo(1, 1);
  });
});
