import { expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import { scorePairs, summarisePairs } from "./index.ts";

// After BOS a is 3/4 and b 1/4; a turns into b with 0.1, b into a with 0.3.
const model = TableModel.twoState(0.1, 0.3);

it("compares pairs by their sum, per token and per word, in closed form", async () => {
  const pairs = [
    { good: "aa", bad: "ab" },
    { good: "bbb", bad: "a" },
    { good: "ab", bad: "ab" },
  ];
  const sums = await scorePairs(model, pairs);
  expect(sums[0]).toMatchObject({ goodTokens: 2, badTokens: 2, correct: true });
  expect(sums[0]!.goodLogprob).toBeCloseTo(Math.log(0.75 * 0.9), 12);
  expect(sums[0]!.difference).toBeCloseTo(Math.log(9), 12);
  expect(sums[1]!.difference).toBeCloseTo(Math.log((0.25 * 0.7 * 0.7) / 0.75), 12);
  expect(sums[2]).toMatchObject({ difference: 0, correct: false });
  const means = await scorePairs(model, pairs, { rule: "mean" });
  expect(means[1]!.difference).toBeCloseTo(Math.log(0.25 * 0.49) / 3 - Math.log(0.75), 12);
  const words = await scorePairs(model, pairs, { rule: "word" });
  expect(words[1]!.difference).toBeCloseTo(sums[1]!.difference!, 12);
  const summary = summarisePairs(sums);
  expect(summary).toMatchObject({ pairs: 3, unscored: 0, ties: 1, correct: 1, accuracy: 1 / 3 });
  expect(summary.difference).toBeCloseTo((sums[0]!.difference! + sums[1]!.difference!) / 3, 12);
  // statsmodels.stats.proportion.proportion_confint(1, 3, method="wilson")
  expect([summary.accuracyLow, summary.accuracyHigh]).toEqual([
    expect.closeTo(0.0614919, 6),
    expect.closeTo(0.7923404, 6),
  ]);
  expect(summary.differenceLow!).toBeLessThan(summary.difference!);
  expect(summary.differenceHigh!).toBeGreaterThan(summary.difference!);
});

it("reads a context in front of both, and refuses what is no pair", async () => {
  const [scored] = await scorePairs(model, [{ given: "b", good: "b", bad: "a" }], { separator: "" });
  expect(scored!.difference).toBeCloseTo(Math.log(0.7 / 0.3), 12);
  await expect(scorePairs(model, [])).rejects.toMatchObject({ code: "EMPTY_INPUT" });
  await expect(scorePairs(model, [{ good: "a", bad: " " }])).rejects.toMatchObject({
    code: "EMPTY_INPUT",
    where: "pair 0",
  });
  expect(summarisePairs([])).toMatchObject({ accuracy: null, difference: null, differenceLow: null });
});
