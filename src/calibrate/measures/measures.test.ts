/** All measures of a set at once: what is missing, groups, intervals, one class, and bad input. */
import { describe, expect, it } from "vitest";
import { drawn } from "../../../test/drawn-pairs.ts";
import { calibrationMeasures, measureCalibration, type Pairs, type Tally, tallyOf } from "../index.ts";
import { bootstrapMeasures, resampleSlots } from "./bootstrap.ts";

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
