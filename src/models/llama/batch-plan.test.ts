import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planBatch } from "./batch-plan.ts";

const counts = (waiting: { left: number; served: number }[], capacity: number) =>
  planBatch(waiting, capacity).map(({ item, count }) => [waiting.indexOf(item), count]);

describe("planBatch", () => {
  it("gives a single one the whole batch", () => {
    expect(counts([{ left: 900, served: 0 }], 512)).toEqual([[0, 512]]);
  });

  it("takes all answers, and a quarter of the batch of what is longer", () => {
    const waiting = [{ left: 900, served: 0 }, ...Array.from({ length: 8 }, () => ({ left: 1, served: 5 }))];
    const plan = counts(waiting, 512);
    expect(plan.slice(0, 8)).toEqual(Array.from({ length: 8 }, (_, i) => [i + 1, 1]));
    expect(plan[8]).toEqual([0, 128]);
  });

  it("shares between prompts, so that a short one does not wait for a long one", () => {
    const waiting = [
      { left: 4000, served: 0 },
      { left: 10, served: 1 },
      { left: 1, served: 2 },
    ];
    expect(counts(waiting, 512)).toEqual([
      [2, 1],
      [0, 118],
      [1, 10],
    ]);
  });

  it("starves nobody, runs everything once, and never more than fits", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 64 }), (lefts, capacity) => {
        const jobs = lefts.map((left) => ({ left, served: 0 }));
        // Answers that go on for ever: the others have to end beside them.
        const answers = [
          { left: 1, served: 0 },
          { left: 1, served: 0 },
        ];
        const total = lefts.reduce((a, b) => a + b, 0);
        const longestWait = new Map<object, number>();
        let decodes = 0;
        while (jobs.some(({ left }) => left > 0)) {
          decodes++;
          const waiting = [...jobs.filter(({ left }) => left > 0), ...answers];
          const plan = planBatch(waiting, capacity);
          const size = plan.reduce((sum, { count }) => sum + count, 0);
          expect(size).toBeGreaterThan(0);
          expect(size).toBeLessThanOrEqual(capacity);
          expect(new Set(plan.map(({ item }) => item)).size).toBe(plan.length);
          for (const { item, count } of plan) {
            expect(count).toBeLessThanOrEqual(item.left);
            longestWait.set(item, Math.max(longestWait.get(item) ?? 0, decodes - item.served));
            item.served = decodes;
            if (!answers.includes(item)) item.left -= count;
          }
          expect(decodes).toBeLessThanOrEqual(4 * total + 4 * jobs.length + 4);
        }
        for (const wait of longestWait.values()) expect(wait).toBeLessThanOrEqual(4 * (jobs.length + 2));
      }),
      { numRuns: 60 },
    );
  });
});
