/** AUROC, average precision and the areas of risk and coverage, by all pairs and by all orders of ties. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyPairs, drawn } from "../../../test/drawn-pairs.ts";
import { auroc, averagePrecision, riskCoverage, riskCoverageCurve, tallyOf } from "../index.ts";

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
