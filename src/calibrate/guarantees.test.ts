/** Conformal sets, risk-controlled thresholds and the drift watch keep what they promise: over simulated sets of known truth. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../core/index.ts";
import { orderOf } from "./conformal/quantile.ts";
import { SimpleJumper } from "./drift/jumper.ts";
import {
  answersNeeded,
  conformalQuantile,
  DriftWatch,
  fewestAnswers,
  fitPredictionSets,
  fitRiskThreshold,
  predictionSet,
  riskPValue,
  type SetMethod,
  temperedProbabilities,
  twoSampleTest,
} from "./index.ts";

const SETS = 1000;
const threeErrors = (p: number, n: number) => 3 * Math.sqrt((p * (1 - p)) / n);

/** Questions of four options; `truth` draws the label by the temperature that is true. */
function questions(n: number, random: () => number, truth = 1.5) {
  const probabilities: Float64Array[] = [];
  const labels: number[] = [];
  for (let i = 0; i < n; i++) {
    const row = Array.from({ length: 4 }, () => 4 * random());
    const p = temperedProbabilities(row, truth);
    let draw = random();
    let label = 0;
    while (label < 3 && draw >= p[label]!) draw -= p[label++]!;
    probabilities.push(temperedProbabilities(row, 1));
    labels.push(label);
  }
  return { probabilities, labels };
}

describe("split conformal", () => {
  it("takes the exact order statistic: of 9 scores at alpha 0.2 the 8th", () => {
    const scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.88];
    expect(conformalQuantile(scores, 0.2)).toEqual({ threshold: 0.7, k: 8, n: 9 });
    // Whole numbers stay whole, whatever 1 - alpha rounds to.
    for (let n = 1; n < 2000; n++) {
      expect(orderOf(10 * n - 1, 0.1)).toBe(9 * n);
      expect(orderOf(20 * n - 1, 0.05)).toBe(19 * n);
    }
  });

  it("refuses too few scores, and says how many are missing", () => {
    expect(() => conformalQuantile([1, 2, 3], 0.1)).toThrow(
      expect.objectContaining({
        code: "CALIBRATION_TOO_SMALL",
        what: expect.stringMatching(/6 more are needed/),
      }),
    );
    expect(conformalQuantile([1, 2, 3, 4, 5, 6, 7, 8, 9], 0.1).threshold).toBe(9);
    expect(() => conformalQuantile([1, Number.NaN, 3], 0.5)).toThrow(/NaN/);
  });

  it.each<SetMethod>(["lac", "aps", "aps-randomised"])(
    "%s holds the right option as often as promised, over 1,000 sets",
    (method) => {
      const random = seededRandom(7);
      const alpha = 0.2;
      let held = 0;
      for (let set = 0; set < SETS; set++) {
        const fitted = fitPredictionSets(questions(39, random), { alpha, method, seed: set });
        const fresh = questions(1, random);
        if (predictionSet(fitted, fresh.probabilities[0]!, { random }).includes(fresh.labels[0]!)) held++;
      }
      expect(held / SETS).toBeGreaterThan(1 - alpha - threeErrors(alpha, SETS));
      // (n + 1)(1 - alpha) is whole: exactly 1 - alpha; plain APS never has ties at its threshold here either
      expect(held / SETS).toBeLessThan(1 - alpha + threeErrors(alpha, SETS));
    },
  );

  it("holds within each class, where one threshold for all does not", () => {
    const random = seededRandom(11);
    const alpha = 0.1;
    const held = { all: 0, own: 0 };
    for (let set = 0; set < SETS; set++) {
      const [easy, hard] = [questions(99, random, 0.4), questions(19, random, 8)];
      const both = {
        probabilities: [...easy.probabilities, ...hard.probabilities],
        labels: [...easy.labels, ...hard.labels],
      };
      const classes = both.labels.map((_, i) => (i < 99 ? "easy" : "hard"));
      const fresh = questions(1, random, 8);
      const row = fresh.probabilities[0]!;
      const one = fitPredictionSets(both, { alpha });
      const each = fitPredictionSets(both, { alpha, classes });
      if (predictionSet(one, row).includes(fresh.labels[0]!)) held.all++;
      if (predictionSet(each, row, { className: "hard" }).includes(fresh.labels[0]!)) held.own++;
      if (set === 0) expect(() => predictionSet(each, row, { className: "odd" })).toThrow(/for "odd"/);
    }
    expect(Math.abs(held.own / SETS - (1 - alpha))).toBeLessThan(threeErrors(alpha, SETS));
    expect(held.all / SETS).toBeLessThan(1 - alpha - threeErrors(alpha, SETS));
  });

  it("names the class that is too small; a set may be empty, unless it must not be", () => {
    const { probabilities, labels } = questions(20, seededRandom(1));
    const classes = labels.map((_, i) => (i < 3 ? "rare" : "common"));
    expect(() => fitPredictionSets({ probabilities, labels }, { alpha: 0.1, classes })).toThrow(
      expect.objectContaining({ where: "class rare", what: expect.stringMatching(/6 more are needed/) }),
    );
    const sure = fitPredictionSets(
      {
        probabilities: [
          [1, 0],
          [1, 0],
          [1, 0],
          [1, 0],
        ],
        labels: [0, 0, 0, 0],
      },
      { alpha: 0.2 },
    );
    expect(predictionSet(sure, [0.5, 0.5])).toEqual([]);
    expect(predictionSet(sure, [0.5, 0.5], { neverEmpty: true })).toEqual([0]);
  });
});

describe("risk-controlled threshold", () => {
  /** A model whose true chance of being right is its score squared: the true risk above a threshold t is known. */
  const pairs = (n: number, random: () => number) => {
    const scores = Float64Array.from({ length: n }, random);
    return { scores, correct: Array.from(scores, (score) => random() < score ** 2) };
  };
  const trueRisk = (t: number) => 1 - (1 - t ** 3) / (3 * (1 - t)); // 1 - E[s² | s >= t]

  it.each(["binomial", "hoeffding-bentkus"] as const)(
    "%s: the true risk is above 0.2 in at most 10 % of 1,000 sets",
    (test) => {
      const random = seededRandom(test.length);
      let [broken, found] = [0, 0];
      for (let set = 0; set < SETS; set++) {
        const { threshold } = fitRiskThreshold(pairs(500, random), { risk: 0.2, delta: 0.1, test });
        if (threshold === null) continue;
        found++;
        if (trueRisk(threshold) > 0.2) broken++;
      }
      expect(broken / SETS).toBeLessThan(0.1 + threeErrors(0.1, SETS));
      if (test === "binomial") expect(broken / SETS).toBeGreaterThan(0.02); // and is not idle
      expect(found).toBeGreaterThan((test === "binomial" ? 0.7 : 0.5) * SETS); // Hoeffding-Bentkus is the weaker one
    },
  );

  it("by hand: 29 right answers show a risk of 0.1 at delta 0.05, 28 do not", () => {
    expect(fewestAnswers(0.1, 0.05)).toBe(29);
    expect(fewestAnswers(0.1, 0.05, { wrong: 2 })).toBe(61); // P(Bin(61, 0.1) <= 2) = 0.0494, of 60 0.0530
    const right = (n: number) => ({
      scores: new Float64Array(n).fill(0.9),
      correct: new Uint8Array(n).fill(1),
    });
    const fitted = fitRiskThreshold(right(29), { risk: 0.1 });
    expect(fitted).toMatchObject({ threshold: 0, answered: 29, wrong: 0, coverage: 1, tested: 91 });
    expect(fitted.upperBound).toBeCloseTo(1 - 0.05 ** (1 / 29), 10);
    expect(() => fitRiskThreshold(right(20), { risk: 0.1 })).toThrow(
      expect.objectContaining({
        code: "CALIBRATION_TOO_SMALL",
        what: expect.stringMatching(/9 more are needed/),
      }),
    );
  });

  // scipy 1.17.1: the p-values by binom.cdf and the definition; n by a search over n and errors.
  it("the bound is min(Hoeffding, e times the binomial tail), also of losses that are no whole number", () => {
    expect(riskPValue(2.5, 50, 0.1, "hoeffding-bentkus")).toBeCloseTo(0.4337334695745524, 12); // e tail: 0.680
    expect(riskPValue(0.3, 40, 0.1, "hoeffding-bentkus")).toBeCloseTo(0.04474121595324697, 12);
    expect(riskPValue(10, 100, 0.2, "hoeffding-bentkus")).toBeCloseTo(0.015484368840113737, 12); // the tail is the smaller
  });

  it.each([
    [0.05, 0.1, 179, 249],
    [0.1, 0.2, 82, 116],
    [0.025, 0.05, 361, 504],
    [0.08, 0.1, 1290, 1786],
    [0, 0.1, 29, 29],
  ])(
    "of a true risk of %f, one of %f is shown in 4 of 5 cases by %i answers, or %i",
    (trueRisk, risk, binomial, hoeffding) => {
      expect(answersNeeded({ risk, trueRisk })).toBe(binomial);
      expect(answersNeeded({ risk, trueRisk, test: "hoeffding-bentkus" })).toBe(hoeffding);
    },
  );

  it("so many are needed: of 1,000 sets of that size, 4 of 5 show it", () => {
    const random = seededRandom(12);
    let shown = 0;
    for (let set = 0; set < SETS; set++) {
      const correct = Array.from({ length: 179 }, () => random() >= 0.05);
      const options = { risk: 0.1, candidates: [0.5] };
      if (fitRiskThreshold({ scores: correct.map(() => 0.5), correct }, options).threshold !== null) shown++;
    }
    expect(Math.abs(shown / SETS - 0.8)).toBeLessThan(threeErrors(0.8, SETS) + 0.01);
    expect(() => answersNeeded({ risk: 0.1, trueRisk: 0.1 })).toThrow(/never shows/);
  });

  it("says that none keeps to it, and stops at the first that fails", () => {
    const wrong = {
      scores: Float64Array.from({ length: 100 }, (_, i) => i / 100),
      correct: new Uint8Array(100),
    };
    expect(fitRiskThreshold(wrong, { risk: 0.1 })).toMatchObject({
      threshold: null,
      coverage: null,
      tested: 1,
    });
    // Right above 0.5 and wrong below, but a bad stretch at the top stops it there.
    const scores = Array.from({ length: 400 }, (_, i) => i / 400);
    const correct = scores.map((score) => score > 0.5 && score < 0.85);
    expect(fitRiskThreshold({ scores, correct }, { risk: 0.1 }).threshold).toBeNull();
  });

  it("takes scores of another scale with thresholds of their own", () => {
    const random = seededRandom(4);
    const scores = Array.from({ length: 600 }, () => -1 - 30 * random()); // minus perplexity
    const correct = scores.map((score) => random() < (score > -10 ? 0.99 : 0.4));
    const candidates = Array.from({ length: 30 }, (_, i) => -2 - i);
    const { threshold } = fitRiskThreshold({ scores, correct }, { risk: 0.1, candidates });
    expect(threshold).toBeLessThanOrEqual(-9);
    expect(threshold).toBeGreaterThanOrEqual(-12);
  });

  it("refuses answers of one group, as prediction sets do: they are not independent", () => {
    const grouped = { scores: new Float64Array(60).fill(0.9), correct: new Uint8Array(60).fill(1) };
    const groups = Array.from({ length: 60 }, (_, i) => Math.min(i, 58));
    expect(() => fitRiskThreshold({ ...grouped, groups }, { risk: 0.1 })).toThrow(
      /Two answers are of the group 58/,
    );
    const { probabilities, labels } = questions(60, seededRandom(1));
    expect(() => fitPredictionSets({ probabilities, labels, groups }, { alpha: 0.1 })).toThrow(
      /of the group 58/,
    );
  });

  it.each([
    [{ risk: 0 }, "risk"],
    [{ risk: 0.1, delta: 1 }, "delta"],
    [{ risk: 0.1, candidates: [] }, "candidates"],
    [{ risk: 0.1, leastAnswered: 0 }, "leastAnswered"],
  ])("checks its options: %j", (options, where) => {
    expect(() => fitRiskThreshold({ scores: [0.5], correct: [1] }, options)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where }),
    );
  });
});

describe("drift watch", () => {
  const { jumper } = JSON.parse(readFileSync(new URL("fixtures/peers.json", import.meta.url), "utf8")) as {
    jumper: { pValues: number[]; wealth3: number[] };
  };

  it("bets as MAPIE's simple jumper", () => {
    const bets = new SimpleJumper(0.01);
    for (const [i, p] of jumper.pValues.entries())
      expect(Math.exp(bets.next(p))).toBeCloseTo(jumper.wealth3[i]!, 10);
  });

  it("raises a false alarm no more often than allowed, over 1,000 streams", () => {
    let alarms = 0;
    for (let stream = 0; stream < SETS; stream++) {
      const random = seededRandom(stream);
      const watch = new DriftWatch(Float64Array.from({ length: 50 }, random), {
        falseAlarms: 0.05,
        seed: stream,
      });
      for (let i = 0; i < 150; i++) watch.next(random());
      if (watch.reading().drifted) alarms++;
    }
    expect(alarms / SETS).toBeLessThan(0.05 + threeErrors(0.05, SETS));
  });

  it.each([
    ["higher", 1.4],
    ["lower", 0.6],
  ])("notices scores that become %s, soon after they do", (_, factor) => {
    const random = seededRandom(1);
    const watch = new DriftWatch(Float64Array.from({ length: 300 }, random));
    for (let i = 0; i < 100; i++) watch.next(random());
    expect(watch.reading().drifted).toBe(false);
    for (let i = 0; i < 200; i++) watch.next(Math.min(1, factor * random()));
    const { since, drifted } = watch.reading();
    expect(drifted).toBe(true);
    expect(since).toBeGreaterThan(100);
  });

  it("ranks ties at random: a constant stream is no drift", () => {
    const watch = new DriftWatch(new Float64Array(20).fill(1));
    for (let i = 0; i < 300; i++) watch.next(1);
    expect(watch.reading()).toMatchObject({ seen: 300, drifted: false });
    expect(() => watch.next(Number.NaN)).toThrow(/NaN/);
    expect(() => new DriftWatch([1])).toThrow(/no reference/);
  });

  it("has a two-sample check beside it, whose p-values are uniform or too large", () => {
    const random = seededRandom(2);
    let below = 0;
    for (let i = 0; i < 500; i++) {
      const draw = (n: number) => Float64Array.from({ length: n }, random);
      if (twoSampleTest(draw(40), draw(60)).pValue < 0.1) below++;
    }
    expect(below / 500).toBeLessThan(0.1 + threeErrors(0.1, 500));
    expect(twoSampleTest([1, 2, 3], [1, 2, 3])).toEqual({ statistic: 0, pValue: 1 });
    expect(twoSampleTest([0, 0, 0], [1, 1]).statistic).toBe(1);
    expect(() => twoSampleTest([], [1])).toThrow(/no scores/);
  });
});
