/** Orders of uncertainties: values beside the other measures, intervals beside DeLong's closed form. */
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { compareRankings, measureCalibration, measureRanking } from "../index.ts";

/** Answers with two uncertainties that know the truth a little, and one that knows nothing. */
function drawn(n: number, seed: number) {
  const random = seededRandom(seed);
  const correct = Array.from({ length: n }, () => random() < 0.6);
  const knowing = (share: number) => correct.map((right) => random() + (right ? 0 : share));
  return { correct, good: knowing(0.6), fair: knowing(0.3), idle: knowing(0) };
}

/** DeLong, DeLong & Clarke-Pearson 1988: covariance of the AUROCs of two scores, by their placements. */
function deLong(first: readonly number[], second: readonly number[], correct: readonly boolean[]): number {
  const placements = (u: readonly number[]) => {
    const of = (right: boolean) => u.filter((_, i) => correct[i] === right);
    const [rights, wrongs] = [of(true), of(false)];
    const above = (r: number, w: number) => (r < w ? 1 : r === w ? 0.5 : 0);
    const mean = (list: number[]) => list.reduce((sum, each) => sum + each, 0) / list.length;
    return {
      rights: rights.map((r) => mean(wrongs.map((w) => above(r, w)))),
      wrongs: wrongs.map((w) => mean(rights.map((r) => above(r, w)))),
    };
  };
  const covariance = (a: number[], b: number[]) => {
    const mean = (list: number[]) => list.reduce((sum, each) => sum + each, 0) / list.length;
    const [ma, mb] = [mean(a), mean(b)];
    return a.reduce((sum, each, i) => sum + (each - ma) * (b[i]! - mb), 0) / (a.length - 1);
  };
  const [a, b] = [placements(first), placements(second)];
  return covariance(a.rights, b.rights) / a.rights.length + covariance(a.wrongs, b.wrongs) / a.wrongs.length;
}

describe("measureRanking", () => {
  it("says of uncertainties what the measures of calibration say of their scores", () => {
    const { correct, good } = drawn(300, 1);
    const scores = good.map((u) => 1 - u / 2);
    const expected = measureCalibration({ scores, correct }, { resamples: 50, simulations: 20 }).measures;
    const found = measureRanking(
      { uncertainties: scores.map((s) => Math.exp(-s)), correct },
      { resamples: 50 },
    );
    for (const [name, estimate] of Object.entries(found.measures))
      expect(estimate).toEqual(expected[name as keyof typeof found.measures]);
    expect(measureRanking({ scores, correct }, { resamples: 50 })).toEqual(found);
  });

  it("counts what is missing, and has no interval of a single answer", () => {
    const found = measureRanking({ uncertainties: [7, null, 3], correct: [true, true, null] });
    expect(found).toMatchObject({ n: 1, right: 1, missingScores: 1, missingLabels: 1, groups: null });
    expect(found.measures.accuracy).toEqual({ value: 1, standardError: null, low: null, high: null });
    expect(found.measures.auroc.value).toBeNull();
    expect(() => measureRanking({ uncertainties: [Infinity], correct: [1] })).toThrow(/no score/);
  });
});

describe("compareRankings", () => {
  it("has DeLong's standard errors, of each and of the difference", () => {
    const { correct, good, fair } = drawn(400, 2);
    const { methods, differences } = compareRankings(
      { methods: { good, fair }, correct },
      { resamples: 2000 },
    );
    const variances = [deLong(good, good, correct), deLong(fair, fair, correct)] as const;
    const difference = variances[0] + variances[1] - 2 * deLong(good, fair, correct);
    expect(methods.good!.auroc.standardError! / Math.sqrt(variances[0])).toBeCloseTo(1, 0.9);
    expect(methods.fair!.auroc.standardError! / Math.sqrt(variances[1])).toBeCloseTo(1, 0.9);
    const [{ first, second, measures }] = differences as [(typeof differences)[0]];
    expect([first, second]).toEqual(["good", "fair"]);
    expect(measures.auroc.standardError! / Math.sqrt(difference)).toBeCloseTo(1, 0.9);
    expect(measures.auroc.value).toBeCloseTo(methods.good!.auroc.value! - methods.fair!.auroc.value!, 12);
    expect(measures.auroc.low).toBeGreaterThan(0);
    expect(measures.accuracy).toMatchObject({ value: 0, low: 0, high: 0 });
  });

  it("tells a method from none, and not from its own copy on another scale", () => {
    const { correct, good, idle } = drawn(200, 3);
    const copy = good.map((u) => Math.exp(3 * u));
    const { differences } = compareRankings({ methods: { good, copy, idle }, correct });
    expect(differences.map(({ first, second }) => `${first} ${second}`)).toEqual([
      "good copy",
      "good idle",
      "copy idle",
    ]);
    for (const estimate of Object.values(differences[0]!.measures))
      expect(estimate).toEqual({ value: 0, standardError: 0, low: 0, high: 0 });
    expect(differences[1]!.measures.prr.low).toBeGreaterThan(0);
  });

  it("draws groups as one: three copies of each answer are no more than one", () => {
    const { correct, good, fair } = drawn(150, 4);
    const thrice = <T>(list: readonly T[]) => [...list, ...list, ...list];
    const groups = thrice(correct.map((_, i) => `q${i}`));
    const one = compareRankings({ methods: { good, fair }, correct });
    const three = compareRankings({
      methods: { good: thrice(good), fair: thrice(fair) },
      correct: thrice(correct),
      groups,
    });
    expect(three).toMatchObject({ n: 450, groups: 150 });
    expect(three.methods.good!.auroc.low).toBeCloseTo(one.methods.good!.auroc.low!, 10);
    expect(three.differences[0]!.measures.auroc.high).toBeCloseTo(
      one.differences[0]!.measures.auroc.high!,
      10,
    );
  });

  it("measures what all methods have a number for, and counts the rest", () => {
    const found = compareRankings({
      methods: { a: [1, null, 3, 4, 2], b: [1, 2, null, 3, 5] },
      correct: [1, 0, 1, 0, null],
    });
    expect(found).toMatchObject({ n: 2, right: 1, missingLabels: 1, missing: { a: 1, b: 1 } });
  });

  it.each([
    [{ methods: {}, correct: [1] }, /no methods/],
    [{ methods: { a: [1, 2] }, correct: [1] }, /methods.a/],
    [{ methods: { a: [1] }, correct: [1], groups: [] }, /groups/],
    [{ methods: { a: [Number.NaN] }, correct: [1] }, /no score/],
    [{ methods: { a: [null] }, correct: [1] }, /no pairs/],
  ])("refuses %j", (rows, message) => {
    expect(() => compareRankings(rows)).toThrow(message);
  });
});
