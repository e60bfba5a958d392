/** The front, against its definition: every pair is looked at. */
import { describe, expect, it } from "vitest";
import { paretoFront } from "./choice.ts";

const front = (...points: [bytes: number, divergence: number | null][]) =>
  paretoFront(points.map(([bytes, divergence]) => ({ bytes, divergence })));

describe("the Pareto front", () => {
  it("leaves out what a file that is not larger beats", () => {
    expect(front([10, 0], [8, 0.1], [6, 0.3], [7, 0.4], [2, 5])).toEqual([true, true, true, false, true]);
  });
  it("keeps what is equal in both, and leaves out what is not measured", () => {
    expect(front([8, 0.1], [8, 0.1], [8, 0.2], [9, 0.1], [1, null])).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
  it("puts an infinite divergence on it where nothing smaller is finite", () => {
    expect(front([1, Number.POSITIVE_INFINITY], [2, 0.5], [3, Number.POSITIVE_INFINITY])).toEqual([
      true,
      true,
      false,
    ]);
  });
});
