/** Measures of several options: pairs of the top one, scores over all, and bad input. */
import { describe, expect, it } from "vitest";
import { classWisePairs, optionScores, topLabelPairs } from "../index.ts";

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
