import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrequencyKernel } from "./index.ts";

const logit = fc.oneof(
  { weight: 8, arbitrary: fc.float({ min: -30, max: 30, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NEGATIVE_INFINITY, -1e30, 0, 1e30) },
);

describe("FrequencyKernel", () => {
  it("gives every token 1 + floor(2^30 p), within what single precision rounds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(logit, { minLength: 1, maxLength: 300 }), async (logits) => {
        fc.pre(logits.some((x) => x > Number.NEGATIVE_INFINITY));
        const kernel = await FrequencyKernel.create(logits.length);
        kernel.row.set(logits);
        kernel.count();
        const row = [...kernel.row];
        const highest = Math.max(...row);
        const sum = row.reduce((total, x) => total + Math.exp(x - highest), 0);
        for (const [i, x] of row.entries()) {
          const ideal = (2 ** 30 * Math.exp(x - highest)) / sum;
          expect(Math.abs(kernel.counts[i]! - 1 - ideal)).toBeLessThanOrEqual(1 + 1e-6 * ideal);
          const nats = highest - x + Math.log(sum);
          if (Number.isFinite(x))
            expect(Math.abs(kernel.surprisal(i) - nats)).toBeLessThanOrEqual(1e-6 * (1 + nats));
          else expect(kernel.surprisal(i)).toBe(Number.POSITIVE_INFINITY);
        }
        expect(kernel.total).toBe(kernel.counts.reduce((total, count) => total + count, 0));
        expect(kernel.total).toBeLessThan(2 ** 31);
      }),
    );
  });

  it("finds the token of every place, and what lies before every token", async () => {
    const kernel = await FrequencyKernel.create(131);
    kernel.row.set(Array.from({ length: 131 }, (_, i) => ((i * 37) % 60) - 30));
    kernel.count();
    let below = 0;
    for (const [token, count] of kernel.counts.entries()) {
      expect(kernel.below(token)).toBe(below);
      expect(kernel.at(below)).toBe(token);
      expect(kernel.at(below + count - 1)).toBe(token);
      below += count;
    }
    expect(kernel.below(131)).toBe(kernel.total);
  });

  it("codes what the model rules out, and a vocabulary of one", async () => {
    const two = await FrequencyKernel.create(2);
    two.row.set([Number.NEGATIVE_INFINITY, 5]);
    two.count();
    expect([...two.counts]).toEqual([1, 2 ** 30 + 1]);
    const one = await FrequencyKernel.create(1);
    one.row.set([-3]);
    one.count();
    expect(one.total).toBe(2 ** 30 + 1);
  });

  it.each([
    [[Number.NaN, 1]],
    [[Number.POSITIVE_INFINITY, 1]],
    [[Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ])("refuses %j, which has no softmax", async (logits) => {
    const kernel = await FrequencyKernel.create(2);
    kernel.row.set(logits);
    expect(() => kernel.count()).toThrow(expect.objectContaining({ code: "ENGINE_FAILED" }));
  });
});
