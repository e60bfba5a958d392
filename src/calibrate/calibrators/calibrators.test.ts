/** Calibrators: what they promise, by hand and by property. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import {
  applyCalibrator,
  auroc,
  type Calibrator,
  crossCalibrated,
  expectedCalibrationError,
  fitBeta,
  fitHistogram,
  fitIsotonic,
  fitPairTemperature,
  fitPlatt,
  fitTemperature,
  fitTemperatureByKind,
  groupFolds,
  logLoss,
  noiseFloor,
  type Pairs,
  tallyOf,
  temperedProbabilities,
} from "../index.ts";
import { sigmoid } from "./calibrator.ts";
import { singleFolds } from "./folds.ts";

/** Pairs whose score claims sigmoid(factor x + shift) where the truth is sigmoid(x). */
function claimed(n: number, factor: number, seed: number, shift = 0): Pairs {
  const random = seededRandom(seed);
  const x = Float64Array.from({ length: n }, () => 6 * random() - 2);
  return {
    scores: x.map((each) => sigmoid(factor * each + shift)),
    correct: Array.from(x, (each) => random() < sigmoid(each)),
  };
}
const calibrated = (calibrator: Calibrator, pairs: Pairs): Pairs => ({
  ...pairs,
  scores: Array.from(pairs.scores, (score) => applyCalibrator(calibrator, score!)),
});

const FITS: [string, (pairs: Pairs) => Calibrator][] = [
  ["temperature", fitPairTemperature],
  ["platt", (pairs) => fitPlatt(pairs)],
  ["platt, plain targets", (pairs) => fitPlatt(pairs, { targets: "plain" })],
  ["beta", fitBeta],
  ["isotonic", fitIsotonic],
  ["histogram", (pairs) => fitHistogram(pairs)],
  ["histogram of equal mass", (pairs) => fitHistogram(pairs, { binning: "equal-mass", bins: 10 })],
];

describe.each(FITS)("%s", (name, fitter) => {
  it("makes an over-confident model's claims true on new pairs, and its log loss better", () => {
    const [old, fresh] = [claimed(4000, 2.5, 1), claimed(4000, 2.5, 2)];
    const before = tallyOf(fresh);
    const after = tallyOf(calibrated(fitter(old), fresh));
    expect(noiseFloor(before, { simulations: 200 }).inside).toBe(false);
    expect(expectedCalibrationError(after)).toBeLessThan(expectedCalibrationError(before) / 2);
    if (name.startsWith("temperature") || name.startsWith("platt") || name === "beta")
      expect(noiseFloor(after, { simulations: 200 }).inside).toBe(true);
    expect(logLoss(after, 1e-9)).toBeLessThan(logLoss(before, 1e-9));
  });

  it("changes nothing in pairs that it has calibrated already", () => {
    const pairs = claimed(2000, 2, 3, 0.3);
    const once = calibrated(fitter(pairs), pairs);
    const again = fitter(once);
    // Smoothed targets pull a little each time; a beta curve of beta curves is another family; bins may come to lie in one bin.
    const allowed = { platt: 1e-3, beta: 5e-3, histogram: 0.05 }[name] ?? 1e-6;
    for (let i = 0; i < 200; i++)
      expect(Math.abs(applyCalibrator(again, once.scores[i]!) - once.scores[i]!)).toBeLessThan(allowed);
  });

  it("stays within 0 ... 1, at the ends too, and survives JSON", () => {
    const calibrator = fitter(claimed(300, 2, 4));
    const stored: Calibrator = JSON.parse(JSON.stringify(calibrator));
    for (const score of [0, 1e-300, 0.2, 0.5, 0.999999, 1]) {
      const p = applyCalibrator(stored, score);
      expect(p >= 0 && p <= 1).toBe(true);
      expect(p).toBe(applyCalibrator(calibrator, score));
    }
    expect(() => applyCalibrator(calibrator, Number.NaN)).toThrow(/NaN/);
    if (!name.startsWith("histogram")) {
      let last = 0;
      for (let score = 0; score <= 1; score += 0.01) {
        expect(applyCalibrator(calibrator, score)).toBeGreaterThanOrEqual(last);
        last = applyCalibrator(calibrator, score);
      }
    }
  });
});

describe("temperature", () => {
  it("never moves the arg max, keeps ties and order, and sums to 1", () => {
    const logprob = fc.double({ min: -50, max: 0, noNaN: true });
    const temperature = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.array(logprob, { minLength: 1, maxLength: 20 }), temperature, (row, t) => {
        const p = temperedProbabilities(row, t);
        expect(p.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12);
        const most = Math.max(...row);
        expect(p[row.indexOf(most)]).toBe(Math.max(...p));
        for (let i = 1; i < row.length; i++) {
          if (row[i]! > row[i - 1]!) expect(p[i]).toBeGreaterThanOrEqual(p[i - 1]!);
          if (row[i] === row[i - 1]) expect(p[i]).toBe(p[i - 1]);
        }
      }),
    );
  });

  it("by hand: options of odds 4 that are right 2 of 3 times need odds 2, T = 2", () => {
    const logprobs = [
      [0, -Math.log(4)],
      [0, -Math.log(4)],
      [0, -Math.log(4)],
    ];
    const { temperature, atBound } = fitTemperature({ logprobs, labels: [0, 0, 1] });
    expect(temperature).toBeCloseTo(2, 10);
    expect(atBound).toBe(false);
    const { temperature: binary } = fitPairTemperature({ scores: [0.8, 0.8, 0.8], correct: [1, 1, 0] });
    expect(binary).toBeCloseTo(2, 10);
  });

  it("finds each kind's own, and refuses a kind it has not seen", () => {
    const random = seededRandom(5);
    const kinds: string[] = [];
    const logprobs: number[][] = [];
    const labels: number[] = [];
    for (let i = 0; i < 6000; i++) {
      const kind = i % 2 === 0 ? "predicate" : "choice";
      const row = Array.from({ length: kind === "choice" ? 5 : 2 }, () => 4 * random());
      const truth = temperedProbabilities(row, kind === "choice" ? 3 : 0.8);
      let draw = random();
      let label = 0;
      while (label < row.length - 1 && draw >= truth[label]!) draw -= truth[label++]!;
      kinds.push(kind);
      logprobs.push(row);
      labels.push(label);
    }
    const fitted = fitTemperatureByKind({ logprobs, labels }, kinds);
    expect(fitted.temperatures.choice!.temperature).toBeCloseTo(3, 0);
    expect(fitted.temperatures.predicate!.temperature).toBeCloseTo(0.8, 0);
    expect(applyCalibrator(fitted, 0.5, "choice")).toBe(0.5);
    expect(() => applyCalibrator(fitted, 0.5, "score")).toThrow(/No temperature was fitted for "score"/);
    expect(() => applyCalibrator(fitted, 0.5)).toThrow(/kind of the question is missing/);
    expect(() =>
      fitTemperatureByKind({ logprobs: [[0, 1], [Number.NaN]], labels: [0, 0] }, ["a", "b"]),
    ).toThrow(expect.objectContaining({ where: expect.stringMatching(/kind b, logprobs\[0\]\[0\]/) }));
  });

  it("says where the best one lies beyond its range: all right, and no better than chance", () => {
    const rows = {
      logprobs: [
        [0, -1],
        [0, -2],
      ],
    };
    expect(fitTemperature({ ...rows, labels: [0, 0] })).toMatchObject({ temperature: 0.01, atBound: true });
    expect(fitTemperature({ ...rows, labels: [1, 1] })).toMatchObject({ temperature: 10_000, atBound: true });
  });

  it.each([
    [{ logprobs: [[0, -1]], labels: [2] }, /2 is none of the 2 options/],
    [{ logprobs: [[0, Number.NaN]], labels: [0] }, /NaN is no log-probability/],
    [{ logprobs: [[0, Infinity]], labels: [0] }, /Infinity is no log-probability/],
    [{ logprobs: [[]], labels: [null] }, /no options/],
    [{ logprobs: [[0, -Infinity]], labels: [1] }, /probability 0/],
    [{ logprobs: [null, [0, -1]], labels: [0, null] }, /No question has both/],
    [{ logprobs: [[0]], labels: [] }, /1 questions and 0 labels/],
  ])("refuses %j", (questions, what) => {
    expect(() => fitTemperature(questions)).toThrow(what);
  });

  it("does not count questions without numbers", () => {
    const { temperature } = fitTemperature({
      logprobs: [null, [0, -Math.log(4)], [0, -Math.log(4)], [0, -Math.log(4)], [1, 2]],
      labels: [0, 0, 0, 1, null],
    });
    expect(temperature).toBeCloseTo(2, 10);
  });
});

describe("curves", () => {
  it("refuse one class, and plain targets of pairs without a fault", () => {
    expect(() => fitPlatt({ scores: [0.1, 0.9], correct: [1, 1] })).toThrow(/All 2 pairs are right/);
    expect(() => fitBeta({ scores: [0.1, 0.9], correct: [0, 0] })).toThrow(/All 2 pairs are wrong/);
    const apart = { scores: [0.1, 0.2, 0.8, 0.9], correct: [0, 0, 1, 1] };
    expect(() => fitBeta(apart)).toThrow(/without a fault/);
    expect(() => fitPlatt(apart, { targets: "plain" })).toThrow(/without a fault/);
    expect(applyCalibrator(fitPlatt(apart), 0.9)).toBeGreaterThan(0.7);
  });

  it("take scores of any scale, such as minus a perplexity, in Platt's own form", () => {
    const random = seededRandom(3);
    const x = Array.from({ length: 3000 }, () => -1 - 20 * random());
    const fitted = fitPlatt(
      { scores: x, correct: x.map((each) => random() < sigmoid(0.3 * each + 2)) },
      { input: "score" },
    );
    expect(fitted.slope).toBeCloseTo(0.3, 1);
    expect(applyCalibrator(fitted, -11)).toBeCloseTo(sigmoid(-1.3), 1);
  });

  it.each([1e-9, 1e9])("take scores %f times as large: the same curve", (scale) => {
    const x = Array.from({ length: 40 }, (_, i) => i - 20);
    const correct = x.map((each, i) => (i % 3 === 0 ? each < 0 : each > 0));
    const plain = fitPlatt({ scores: x, correct }, { input: "score" });
    const other = fitPlatt({ scores: x.map((each) => each * scale), correct }, { input: "score" });
    for (const each of x)
      expect(applyCalibrator(other, each * scale)).toBeCloseTo(applyCalibrator(plain, each), 9);
  });

  it("beta keeps both shapes rising: a downhill set becomes its base rate", () => {
    const random = seededRandom(8);
    const scores = Array.from({ length: 2000 }, () => 0.02 + 0.96 * random());
    const fitted = fitBeta({ scores, correct: scores.map((s) => random() < 1 - s) });
    expect(Math.min(fitted.a, fitted.b)).toBeGreaterThanOrEqual(0);
    expect(applyCalibrator(fitted, 0.9)).toBeGreaterThanOrEqual(applyCalibrator(fitted, 0.1));
  });
});

describe("histogram", () => {
  it("leaves a score as it is where nothing was seen", () => {
    const fitted = fitHistogram({ scores: [0.05, 0.15, 0.95], correct: [0, 1, 1] }, { bins: 10 });
    expect([0.1, 0.15, 0.3, 1].map((score) => applyCalibrator(fitted, score))).toEqual([0, 1, 0.3, 1]);
  });
});

describe("folds", () => {
  it("tear no group apart, are even, and the same for a seed", () => {
    const groups = Array.from({ length: 103 }, (_, i) => `q${i % 20}`);
    const folds = groupFolds(groups, { folds: 4, seed: 3 });
    for (const group of new Set(groups))
      expect(new Set(groups.flatMap((each, i) => (each === group ? [folds[i]] : []))).size).toBe(1);
    const sizes = [0, 1, 2, 3].map((fold) => folds.filter((each) => each === fold).length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(6);
    expect(groupFolds(groups, { folds: 4, seed: 3 })).toEqual(folds);
    expect(groupFolds(groups, { folds: 4, seed: 4 })).not.toEqual(folds);
    expect(() => groupFolds(["a", "a"], { folds: 2 })).toThrow(/1 groups do not make 2 folds/);
  });

  it("are the same for items alone as for groups of one", () => {
    for (const n of [5, 6, 101]) {
      const groups = Array.from({ length: n }, (_, i) => i);
      expect(singleFolds(n, { seed: 9 })).toEqual(groupFolds(groups, { seed: 9 }));
    }
    expect(() => singleFolds(4)).toThrow(/4 groups do not make 5 folds/);
  });

  it("show what a calibrator does on new pairs, where its own pairs flatter it", () => {
    // Noise: 200 pairs of 20 groups whose members are copies. Isotonic fits each copy from its twin.
    const random = seededRandom(1);
    const members = Array.from({ length: 60 }, () => ({ score: random(), right: random() < 0.5 }));
    const pairs: Pairs = {
      scores: members.flatMap(({ score }) => [score, score, score]),
      correct: members.flatMap(({ right }) => [right, right, right]),
      groups: members.flatMap((_, i) => [i, i, i]),
    };
    const own = tallyOf(calibrated(fitIsotonic(pairs), pairs));
    const outOfFold = tallyOf(crossCalibrated(pairs, fitIsotonic));
    expect(expectedCalibrationError(own)).toBeLessThan(1e-9);
    expect(expectedCalibrationError(outOfFold)).toBeGreaterThan(0.05);
    expect(outOfFold.n).toBe(180);
    const { groups: _, ...alone } = pairs;
    expect(auroc(tallyOf(crossCalibrated(alone, fitIsotonic)))).toBeGreaterThan(auroc(outOfFold)!);
  });

  it("leave missing scores missing", () => {
    const pairs = { scores: [0.2, null, 0.8, 0.6, 0.4, 0.5], correct: [0, 1, 1, 1, 0, 1] };
    expect(crossCalibrated(pairs, fitIsotonic, { folds: 2 }).scores[1]).toBeNull();
  });
});
