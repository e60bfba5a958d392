/** Measures by hand and by slow obvious computations, their properties, and bad input. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import {
  auroc,
  averagePrecision,
  baseRateLogLoss,
  brierDecomposition,
  calibrationMeasures,
  classWisePairs,
  confidenceOf,
  corpDecomposition,
  debiasedCalibrationError,
  expectedCalibrationError,
  isotonicSteps,
  logLoss,
  measureCalibration,
  noiseFloor,
  optionScores,
  type Pairs,
  reliability,
  reliabilityOverPerplexity,
  riskCoverage,
  riskCoverageCurve,
  spiegelhalterTest,
  sweptCalibrationError,
  type Tally,
  tallyOf,
  topLabelPairs,
} from "../index.ts";
import { bootstrapMeasures, resampleSlots } from "./bootstrap.ts";

/** Pairs of a model that is right with probability `truth(score)`. */
function drawn(n: number, seed: number, truth: (score: number) => number = (score) => score): Pairs {
  const random = seededRandom(seed);
  const scores = Float64Array.from({ length: n }, () => Math.sqrt(random()));
  return { scores, correct: Array.from(scores, (score) => random() < truth(score)) };
}

const anyPairs = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean()), { minLength: 2, maxLength: 60 })
  .map((rows) => ({ scores: rows.map(([s]) => s / 20), correct: rows.map(([, right]) => right) }));

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

describe("ranking and risk-coverage", () => {
  it("AUROC is the share of pairs in order, ties half", () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        const of = (right: boolean) => pairs.scores.filter((_, i) => pairs.correct[i] === right);
        const [rights, wrongs] = [of(true), of(false)];
        const found = auroc(tallyOf(pairs));
        if (rights.length === 0 || wrongs.length === 0) {
          expect(found).toBeNull();
          return;
        }
        const order = rights.flatMap((r) => wrongs.map((w) => (r > w ? 1 : r === w ? 0.5 : 0)));
        expect(found).toBeCloseTo(order.reduce((sum: number, each) => sum + each, 0) / order.length, 10);
      }),
    );
  });

  it("average precision by hand: right, wrong, right from the top is (1 + 2/3)/2", () => {
    const tally = tallyOf({ scores: [3, 2, 1], correct: [1, 0, 1] }, "any");
    expect(averagePrecision(tally, "right")).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(averagePrecision(tally, "wrong")).toBeCloseTo(1 / 2, 12);
    expect(averagePrecision(tallyOf({ scores: [1], correct: [1] }), "wrong")).toBeNull();
  });

  it("areas are the mean over all orders of ties", () => {
    const scores = [0.9, 0.5, 0.5, 0.5, 0.2];
    const correct = [1, 0, 1, 0, 1];
    const orders = [
      [1, 2, 3],
      [1, 3, 2],
      [2, 1, 3],
      [2, 3, 1],
      [3, 1, 2],
      [3, 2, 1],
    ];
    const area = (order: number[], from: number) => {
      let [hits, sum] = [0, 0];
      [0, ...order, 4].forEach((i, k) => {
        hits += correct[i]!;
        if (k >= from) sum += hits / (k + 1);
      });
      return sum / (5 - from);
    };
    const mean = (from: number) => orders.reduce((sum, order) => sum + area(order, from), 0) / orders.length;
    const tally = tallyOf({ scores, correct });
    const { aurc, auarc, random, oracle, prr } = riskCoverage(tally);
    expect(auarc).toBeCloseTo(mean(0), 12);
    expect(aurc).toBeCloseTo(1 - mean(0), 12);
    expect(random).toBeCloseTo(0.4, 12);
    expect(oracle).toBeCloseTo(1 - (1 + 1 + 1 + 3 / 4 + 3 / 5) / 5, 12);
    expect(prr).toBeCloseTo((random - aurc) / (random - oracle), 12);
    expect(riskCoverage(tally, { mostRejected: 0.6 }).auarc).toBeCloseTo(mean(2), 12);
  });

  it("PRR is 1 for the best order and 0 on average for a constant; the oracle's sum is exact for many pairs", () => {
    const pairs = drawn(1000, 3);
    const best = { ...pairs, scores: Array.from(pairs.correct, Number) };
    expect(riskCoverage(tallyOf(best)).prr).toBeCloseTo(1, 10);
    const constant = { ...pairs, scores: Array.from(pairs.correct, () => 0.5) };
    expect(riskCoverage(tallyOf(constant)).prr).toBeCloseTo(0, 10);
    expect(riskCoverage(tallyOf({ scores: [0.1, 0.2], correct: [1, 1] })).prr).toBeNull();
  });

  it("the curve ends with all answered, and is thinned", () => {
    const tally = tallyOf(drawn(2000, 5));
    const curve = riskCoverageCurve(tally, 100);
    expect(curve.length).toBeLessThanOrEqual(101);
    expect(curve.at(-1)).toMatchObject({ coverage: 1, answered: 2000, wrong: 2000 - tally.totalRight });
    for (const [i, { coverage }] of curve.entries())
      if (i > 0) expect(coverage).toBeGreaterThan(curve[i - 1]!.coverage);
  });
});

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

describe("measureCalibration", () => {
  it("counts what is missing, and resamples groups as one", () => {
    const report = measureCalibration(
      { scores: [0.9, null, 0.4, 0.6, 0.7], correct: [1, 1, 0, null, 0], groups: ["a", "a", "b", "b", "a"] },
      { resamples: 20, simulations: 50 },
    );
    expect(report).toMatchObject({ n: 3, right: 1, missingScores: 1, missingLabels: 1, groups: 2 });
    expect(report.intervals.over).toBe("groups");
  });

  it("gives the same on any order of the pairs, and with the same seed", () => {
    const pairs = drawn(200, 4);
    const order = Array.from({ length: 200 }, (_, i) => (i * 73) % 200);
    const shuffled = {
      scores: order.map((i) => pairs.scores[i]!),
      correct: order.map((i) => pairs.correct[i]!),
    };
    const options = { resamples: 30, simulations: 50, seed: 2 };
    expect(measureCalibration(shuffled, options)).toEqual(measureCalibration(pairs, options));
  });

  it("has intervals that hold the truth: accuracy of 95 of 100 sets, and a group is not many pairs", () => {
    let covered = 0;
    for (let seed = 0; seed < 300; seed++) {
      const pairs = drawn(100, seed);
      const tally = tallyOf(pairs);
      const measure = ({ totalRight, n }: Tally) => ({ accuracy: totalRight / n });
      const { accuracy } = bootstrapMeasures(tally, resampleSlots(pairs, tally), measure, new Set());
      if (accuracy.low! <= 2 / 3 && 2 / 3 <= accuracy.high!) covered++; // E sqrt(U) = 2/3
    }
    expect(covered / 300).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / 300) - 0.01);
    const single = drawn(50, 1);
    const tenfold = {
      scores: Array.from({ length: 500 }, (_, i) => single.scores[i % 50]!),
      correct: Array.from({ length: 500 }, (_, i) => single.correct[i % 50]!),
    };
    const error = (pairs: Pairs) =>
      measureCalibration(pairs, { simulations: 20 }).measures.brier.standardError!;
    const grouped = error({ ...tenfold, groups: Array.from({ length: 500 }, (_, i) => i % 50) });
    expect(grouped / error(single)).toBeCloseTo(1, 0);
    expect(grouped / error(tenfold)).toBeGreaterThan(2.5); // sqrt(10) = 3.2
  });

  it("leaves out what cannot be said of one class, and says the rest", () => {
    const { measures } = measureCalibration(
      { scores: [0.7, 0.9], correct: [1, 1] },
      { resamples: 20, simulations: 50 },
    );
    expect(measures.auroc).toEqual({ value: null, standardError: null, low: null, high: null });
    expect(measures.auprcWrong.value).toBeNull();
    expect(measures.brier.value).toBeCloseTo(0.05, 12);
  });

  it("is the same of a set twice over, but for what depends on its size", () => {
    const pairs = drawn(60, 9);
    const twice = {
      scores: [...Array.from(pairs.scores), ...Array.from(pairs.scores)],
      correct: [...Array.from(pairs.correct), ...Array.from(pairs.correct)],
    };
    const [once, both] = [calibrationMeasures(tallyOf(pairs)), calibrationMeasures(tallyOf(twice))];
    for (const name of [
      "eceEqualWidth",
      "smoothEce",
      "brier",
      "logLoss",
      "auroc",
      "auprcRight",
      "mce",
    ] as const)
      expect(both[name]).toBeCloseTo(once[name]!, 10);
  });
});

describe("options", () => {
  const probabilities = [[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], null, [0.5, 0.5]];
  const labels = [0, 1, 2, null];

  it("are pairs of the top option, the first of equals", () => {
    expect(topLabelPairs({ probabilities, labels })).toMatchObject({
      scores: [0.7, 0.4, null, 0.5],
      correct: [true, false, null, null],
    });
  });

  it("have scores of their own, over all options; what is missing is counted", () => {
    const scores = optionScores({ probabilities, labels });
    expect(scores.logLoss).toBeCloseTo(-(Math.log(0.7) + Math.log(0.3)) / 2, 12);
    expect(scores.brier).toBeCloseTo((0.09 + 0.04 + 0.01 + (0.09 + 0.49 + 0.16)) / 2, 12);
    expect(scores).toMatchObject({ n: 2, missing: 2, accuracy: 0.5 });
    expect(optionScores({ probabilities: [[0, 1]], labels: [0] }).logLoss).toBe(Infinity);
    expect(() => optionScores({ probabilities: [[1]], labels: [null] })).toThrow(/None of 1 questions/);
  });

  it("are pairs of each option, of questions that have it", () => {
    const [first, , third] = classWisePairs({ probabilities, labels });
    expect(first).toMatchObject({ scores: [0.7, 0.3, null, 0.5], correct: [true, false, false, null] });
    expect(third!.scores).toEqual([0.1, 0.4, null]);
  });

  it.each([
    [{ probabilities: [[0.5, 0.5]], labels: [2] }, /2 is none of the 2 options/, "labels[0]"],
    [{ probabilities: [[0.5, 0.5]], labels: [-1] }, /-1 is none/, "labels[0]"],
    [{ probabilities: [[0.5, 0.5]], labels: [0.5] }, /0.5 is none/, "labels[0]"],
    [{ probabilities: [[]], labels: [null] }, /no options/, "probabilities[0]"],
    [{ probabilities: [[0, 0]], labels: [0] }, /All options/, "probabilities[0]"],
    [{ probabilities: [[Number.NaN, 1]], labels: [0] }, /NaN is no probability/, "probabilities[0][0]"],
    [{ probabilities: [[1.1]], labels: [0] }, /1.1 is no probability/, "probabilities[0][0]"],
    [{ probabilities: [[0.5]], labels: [] }, /1 questions and 0 labels/, "labels"],
    [{ probabilities: [], labels: [] }, /no questions/, "probabilities"],
  ])("refuses %j", (answers, what, where) => {
    expect(() => topLabelPairs(answers)).toThrow(
      expect.objectContaining({ what: expect.stringMatching(what), where }),
    );
  });
});

describe("bad input", () => {
  it.each([
    [{ scores: [], correct: [] }, /no pairs/, "pairs"],
    [{ scores: [null], correct: [1] }, /None of 1 pairs/, "pairs"],
    [{ scores: [Number.NaN], correct: [1] }, /NaN is no probability/, "scores[0]"],
    [{ scores: [0.5, 1.01], correct: [1, 0] }, /1.01 is no probability/, "scores[1]"],
    [{ scores: [-0.1], correct: [1] }, /-0.1 is no probability/, "scores[0]"],
    [{ scores: [Infinity], correct: [1] }, /Infinity is no probability/, "scores[0]"],
    [{ scores: [0.5], correct: [2] }, /2 says neither/, "correct[0]"],
    [{ scores: [0.5], correct: [Number.NaN] }, /NaN says neither/, "correct[0]"],
    [{ scores: [0.5, 0.5], correct: [1] }, /2 scores and 1 correct/, "correct"],
    [{ scores: [0.5], correct: [1], groups: [] }, /1 scores and 0 groups/, "groups"],
  ])("is refused: %j", (pairs: Pairs, what, where) => {
    expect(() => measureCalibration(pairs)).toThrow(
      expect.objectContaining({ what: expect.stringMatching(what), where }),
    );
  });

  it.each([
    [{ bins: 0 }, "bins"],
    [{ bins: 1.5 }, "bins"],
    [{ level: 1 }, "level"],
    [{ resamples: 1 }, "resamples"],
    [{ simulations: 3 }, "simulations"],
    [{ closed: "both" as "left" }, "closed"],
  ])("options are checked: %j", (options, where) => {
    expect(() => measureCalibration(drawn(20, 1), options)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where }),
    );
  });
});
