import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RunningMedian } from "./running-median.ts";

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[half - 0.5]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

describe("RunningMedian", () => {
  it("has the median and the median absolute deviation of the last numbers, in whatever order they come", () => {
    // Integers, since fast-check's doubles are mostly tiny.
    const numbers = fc.oneof(
      { weight: 5, arbitrary: fc.nat(1000) },
      { weight: 5, arbitrary: fc.nat(5) },
      { weight: 1, arbitrary: fc.constant(Infinity) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(numbers, { maxLength: 30 }), (length, values) => {
        const running = new RunningMedian(length);
        expect(running.median).toBeNaN();
        for (const [i, value] of values.entries()) {
          running.push(value);
          const held = values.slice(Math.max(0, i + 1 - length), i + 1);
          expect(running.count).toBe(held.length);
          const middle = median(held);
          expect(running.median).toBe(middle);
          if (middle === Infinity) continue;
          const deviation = median(held.map((x) => Math.abs(x - middle)));
          expect(running.medianAbsoluteDeviation(middle)).toBe(deviation);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
