import { expect, it } from "vitest";
import { rankClass, rankClassOf, rankSwitch } from "./ranks.ts";

it("has the classes of GLTR: 10, 100, 1,000, beyond", () => {
  expect([1, 10, 11, 100, 101, 1000, 1001, 50_000, 0].map(rankClass)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, null]);
});

it("takes the worst rank of a piece, and none where one is missing", () => {
  const piece = { text: "é", first: 0, end: 2, bits: 3 };
  expect(rankClassOf(piece, [3, 400])).toBe(2);
  expect(rankClassOf(piece, [3, 0])).toBeNull();
});

it("counts the tokens of each class in its legend", () => {
  const markup = rankSwitch([1, 2, 50, 5000, 0]);
  for (const words of ["top 10: 2", "top 100: 1", "top 1,000: 0", "beyond: 1", "no rank: 1"])
    expect(markup).toContain(words);
});
