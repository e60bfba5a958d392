/** How texts are cut into batches: all of them, in order, within the limits, and evenly. */
import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../../../test/gguf-fixture.ts";
import { type BatchLimits, batchesOf } from "./run-batch.ts";

function cut(lengths: readonly number[], limits: Partial<BatchLimits> = {}): number[][] {
  const batches = [...batchesOf(lengths, { most: 256, texts: 256, places: 2, ...limits })];
  return batches.map(({ first, end }) => lengths.slice(first, end));
}

describe("Batches", () => {
  it("hold every text once, in order, within the limits", () => {
    const random = randomNumbers(3);
    for (let round = 0; round < 200; round++) {
      const lengths = Array.from(
        { length: Math.floor(random() * 60) },
        () => 2 + Math.floor(random() ** 3 * 400),
      );
      const limits = {
        most: 256,
        texts: 1 + Math.floor(random() * 20),
        places: 1 + Math.floor(random() * 8),
      };
      const batches = cut(lengths, limits);
      expect(batches.flat()).toEqual(lengths);
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(limits.texts);
        if (batch.length > 1) expect(batch.reduce((a, b) => a + b)).toBeLessThanOrEqual(limits.most);
      }
    }
  });

  it("are even where fewer than all places have work", () => {
    expect(cut(new Array(10).fill(35)).map(({ length }) => length)).toEqual([5, 5]);
    expect(cut(new Array(10).fill(60), { places: 4 }).map(({ length }) => length)).toEqual([3, 2, 3, 2]);
    expect(cut(new Array(10).fill(222)).map(({ length }) => length)).toEqual(new Array(10).fill(1));
    expect(cut(new Array(6).fill(20), { places: 4 }).map(({ length }) => length)).toEqual([6]);
  });

  it("are none of nothing, and one of one text that is too long", () => {
    expect(cut([])).toEqual([]);
    expect(cut([4000])).toEqual([[4000]]);
  });
});
