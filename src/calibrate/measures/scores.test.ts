/** Brier score, log loss and their parts, isotonic regression and Spiegelhalter's z: by hand, and as properties. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyPairs, drawn } from "../../../test/drawn-pairs.ts";
import {
  baseRateLogLoss,
  brierDecomposition,
  corpDecomposition,
  isotonicSteps,
  logLoss,
  spiegelhalterTest,
  tallyOf,
} from "../index.ts";

describe("proper scores", () => {
  it("by hand: two right at 0.8, one wrong at 0.4", () => {
    const tally = tallyOf({ scores: [0.8, 0.8, 0.4], correct: [1, 1, 0] });
    expect(logLoss(tally)).toBeCloseTo(-(2 * Math.log(0.8) + Math.log(0.6)) / 3, 12);
    expect(baseRateLogLoss(tally)).toBeCloseTo(-(2 / 3) * Math.log(2 / 3) - (1 / 3) * Math.log(1 / 3), 12);
    const corp = corpDecomposition(tally);
    expect(corp.score).toBeCloseTo((0.04 + 0.04 + 0.16) / 3, 12);
    expect(corp.miscalibration).toBeCloseTo(0.08, 12); // recalibrated it is perfect
    expect(corp.discrimination).toBeCloseTo(2 / 9, 12);
  });

  it("is infinite where something of probability 0 happened, and 0 where all was known", () => {
    expect(logLoss(tallyOf({ scores: [0, 1], correct: [1, 1] }))).toBe(Infinity);
    expect(logLoss(tallyOf({ scores: [0, 1], correct: [0, 1] }))).toBe(0);
    expect(baseRateLogLoss(tallyOf({ scores: [0.5], correct: [1] }))).toBe(0);
  });

  it("parts add up: Murphy's over distinct scores and over bins, CORP's; none of CORP's is below 0", () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        const tally = tallyOf(pairs);
        for (const binning of [undefined, { bins: 3 }, { binning: "equal-mass", bins: 4 }] as const) {
          const d = brierDecomposition(tally, binning);
          expect(
            d.reliability - d.resolution + d.uncertainty + d.withinVariance - d.withinCovariance,
          ).toBeCloseTo(d.brier, 10);
        }
        for (const score of ["brier", "log"] as const) {
          const { score: s, miscalibration, discrimination, uncertainty } = corpDecomposition(tally, score);
          if (s !== Infinity) expect(miscalibration - discrimination + uncertainty).toBeCloseTo(s, 10);
          expect(Math.min(miscalibration, discrimination, uncertainty)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it("isotonic regression rises, and no rising function of few values is nearer", () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        const { low, value, high } = isotonicSteps(tallyOf(pairs));
        for (let b = 1; b < value.length; b++) expect(value[b]).toBeGreaterThan(value[b - 1]!);
        const squares = (f: (score: number) => number) =>
          pairs.scores.reduce((sum, score, i) => sum + (f(score) - Number(pairs.correct[i])) ** 2, 0);
        const fitted = (score: number) =>
          value[low.findIndex((from, b) => from <= score && score <= high[b]!)]!;
        for (const cut of [0.2, 0.5, 0.8])
          for (const [below, above] of [
            [0.2, 0.7],
            [0, 1],
            [0.4, 0.5],
          ] as const)
            expect(squares(fitted)).toBeLessThanOrEqual(squares((s) => (s < cut ? below : above)) + 1e-9);
      }),
    );
  });

  it("Spiegelhalter's z is about standard normal of calibrated scores", () => {
    let squares = 0;
    for (let seed = 0; seed < 300; seed++)
      squares += spiegelhalterTest(tallyOf(drawn(100, seed)))!.z ** 2 / 300;
    expect(Math.abs(squares - 1)).toBeLessThan(3 * Math.sqrt(2 / 300));
    expect(spiegelhalterTest(tallyOf({ scores: [0.5, 1], correct: [0, 1] }))).toBeNull();
  });
});
