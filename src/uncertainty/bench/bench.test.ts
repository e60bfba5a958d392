import { describe, expect, it } from "vitest";
import {
  applyCalibrator,
  fitPlatt,
  groupFolds,
  measureCalibration,
  measureCalibrationError,
} from "../../calibrate/index.ts";
import { seededRandom } from "../../core/index.ts";
import { benchMethods, contextOverlap, finiteOrder, lengthMatched, wordCount } from "./index.ts";

/** Pairs of answers, a right and a wrong one to each question; "good" tells them apart often, "noise" never. */
function drawn(questions: number, seed: number) {
  const random = seededRandom(seed);
  const rows = Array.from({ length: questions }, (_, group) =>
    [true, false].map((correct) => ({
      group,
      correct,
      good: random() + (correct ? 0 : 0.5),
      noise: random(),
    })),
  ).flat();
  return {
    methods: {
      good: rows.map(({ good }) => good),
      // Another scale, the same order.
      exponential: rows.map(({ good }) => Math.exp(20 * good)),
      noise: rows.map(({ noise }) => noise),
    },
    correct: rows.map(({ correct }) => correct),
    groups: rows.map(({ group }) => group),
  };
}

/** AUROC by counting pairs. */
function counted(values: readonly number[], correct: readonly boolean[]): number {
  let [sum, pairs] = [0, 0];
  for (const [i, wrong] of values.entries())
    for (const [j, right] of values.entries())
      if (!correct[i] && correct[j]) {
        pairs++;
        sum += wrong > right ? 1 : wrong === right ? 0.5 : 0;
      }
  return sum / pairs;
}

describe("benchMethods", () => {
  const answers = drawn(60, 1);
  const found = benchMethods(answers, { resamples: 200, seed: 3 });
  const of = (name: string) => found.methods.find((method) => method.name === name)!;

  it("has the AUROC that counting pairs has", () => {
    for (const [name, values] of Object.entries(answers.methods))
      expect(of(name).auroc.value).toBeCloseTo(counted(values, answers.correct), 12);
    expect(found).toMatchObject({ n: 120, right: 60, groups: 60, missingLabels: 0, silent: [], folds: 5 });
  });

  it("gives methods one rank that are not told apart, and a worse one the next", () => {
    expect(of("good").rank).toBe(1);
    expect(of("exponential").rank).toBe(1);
    expect(of("good").tied).toEqual(["exponential"]);
    expect(of("noise")).toMatchObject({ rank: 3, tied: [] });
    expect(found.methods.map(({ name }) => name)).toEqual(["good", "exponential", "noise"]);
    for (const { first, second, measures } of found.differences) {
      const [low, high] = [measures.auroc.low!, measures.auroc.high!];
      expect(of(first).tied.includes(second)).toBe(low <= 0 && high >= 0);
    }
  });

  it("has the calibration error of probabilities fitted to the other folds, whatever the scale", () => {
    const { good } = answers.methods;
    const { correct, groups } = answers;
    const fold = groupFolds(groups, { folds: 5, seed: 3 });
    const probabilities = good.map((value, i) => {
      const others = [...good.keys()].filter((j) => fold[j] !== fold[i]);
      // Share of the others that are more uncertain, half of the equal ones with it.
      const share = (each: number) =>
        (others.reduce((sum, j) => sum + (good[j]! > each ? 1 : good[j] === each ? 0.5 : 0), 0) + 0.5) /
        (others.length + 1);
      const platt = fitPlatt({
        scores: others.map((j) => share(good[j]!)),
        correct: others.map((j) => correct[j]!),
      });
      return applyCalibrator(platt, share(value));
    });
    let error = 0; // by the definition: 15 bins of equal width, closed on the right
    for (let b = 0; b < 15; b++) {
      const inside = probabilities
        .map((p, i) => ({ p, right: correct[i] ? 1 : 0 }))
        .filter(({ p }) => p > b / 15 && p <= (b + 1) / 15);
      error += Math.abs(inside.reduce((sum, { p, right }) => sum + right - p, 0)) / good.length;
    }
    expect(of("good").ece!.value).toBeCloseTo(error, 10);
    expect(of("exponential").ece!.value).toBeCloseTo(error, 10);
    expect(of("good").eceFloor).toBeGreaterThan(0);
  });

  it("is the same again, and of other resamples has the same values", () => {
    expect(benchMethods(answers, { resamples: 200, seed: 3 })).toEqual(found);
    const other = benchMethods(answers, { resamples: 50, seed: 4 });
    expect(other.methods.find(({ name }) => name === "good")!.auroc.value).toBe(of("good").auroc.value);
  });

  it("takes infinities for the last, and what is missing for missing", () => {
    const { methods, ...rest } = answers;
    const withGaps = methods.good.map((value, i) => (i === 0 ? null : i === 1 ? Infinity : value));
    const benched = benchMethods(
      { methods: { good: withGaps, noise: methods.noise, none: withGaps.map(() => null) }, ...rest },
      { resamples: 20 },
    );
    expect(benched).toMatchObject({ n: 119, silent: ["none"] });
    expect(benched.methods.find(({ name }) => name === "good")!.missing).toBe(1);
    expect(finiteOrder([1, Infinity, -Infinity, null, Number.NaN, 1e300])).toEqual([
      1,
      2e300,
      -1e300,
      null,
      null,
      1e300,
    ]);
  });

  it("says why there is no calibration error", () => {
    const two = { methods: { a: [1, 2, 3, 4] }, correct: [true, false, true, false], groups: [1, 1, 2, 2] };
    expect(benchMethods(two, { resamples: 20 }).methods[0]).toMatchObject({
      ece: null,
      eceReason: expect.stringContaining("2 groups do not make 5 folds"),
    });
    const alone = { methods: { a: [1, 2, 3, 4, 5, 6] }, correct: [true, true, true, true, true, false] };
    expect(benchMethods(alone, { folds: 2, resamples: 20 }).methods[0]!.ece).toBe(null);
  });

  it("refuses what cannot be measured", () => {
    expect(() => benchMethods({ methods: {}, correct: [true] })).toThrow(/No method has a number/);
    expect(() => benchMethods({ methods: { a: [null] }, correct: [true] })).toThrow(/No method has a number/);
    expect(() => benchMethods({ methods: { a: [1, 2] }, correct: [true] })).toThrow(/a/);
    const apart = { methods: { a: [1, null], b: [null, 1] }, correct: [true, false] };
    expect(() => benchMethods(apart)).toThrow(/No answer with a label has a number of every method: a, b/);
    expect(() => benchMethods(answers, { calibrator: "magic" as "platt" })).toThrow(/no calibrator "magic"/);
    expect(() => benchMethods(answers, { calibrator: "toString" as "platt" })).toThrow(/no calibrator/);
  });
});

describe("measureCalibrationError", () => {
  it("is what all measures have", () => {
    const random = seededRandom(5);
    const scores = Array.from({ length: 90 }, random);
    const pairs = {
      scores,
      correct: scores.map((score) => random() < score),
      groups: scores.map((_, i) => i % 30),
    };
    const all = measureCalibration(pairs, { resamples: 50, simulations: 50, seed: 2 });
    const { error, floor } = measureCalibrationError(pairs, { resamples: 50, simulations: 50, seed: 2 });
    expect(error).toEqual(all.measures.eceEqualWidth);
    expect(floor).toEqual(all.noiseFloor);
  });
});

describe("baselines", () => {
  it("count words in any script", () => {
    expect(wordCount("Mumbai, the financial capital of India.")).toBe(6);
    expect(wordCount("")).toBe(0);
    expect(wordCount("巴黎是法国的首都。")).toBeGreaterThan(3);
  });

  it("say which words stand nowhere in the documents", () => {
    expect(contextOverlap("Delhi", ["Its head office is in Delhi."])).toBe(0);
    expect(contextOverlap("in Mumbai", ["Its head office is", "in Delhi"])).toBe(1 / 2);
    expect(contextOverlap("DELHI, Delhi, Mumbai", ["delhi"])).toBeCloseTo(1 / 3, 12);
    expect(contextOverlap("Delhi", [])).toBe(null);
    expect(contextOverlap("...", ["Delhi"])).toBe(null);
  });
});

describe("lengthMatched", () => {
  const answer = (group: number | null, correct: boolean | null, words: number) => ({
    group,
    correct,
    words,
  });

  it("keeps those with a partner of the other label in their group", () => {
    const answers = [
      ...[answer(1, true, 2), answer(1, false, 5), answer(1, false, 6)],
      ...[answer(2, true, 2), answer(2, true, 3), answer(3, false, 3)],
      ...[answer(null, true, 1), answer(null, false, 1), answer(4, null, 1), answer(4, true, 1)],
    ];
    expect(lengthMatched(answers, 3)).toEqual([0, 1]);
    expect(lengthMatched(answers, 4)).toEqual([0, 1, 2]);
    expect(lengthMatched(answers, 0)).toEqual([]);
    expect(() => lengthMatched(answers, -1)).toThrow(/no number of words/);
    expect(() => lengthMatched(answers, Number.NaN)).toThrow(/no number of words/);
  });
});
