import { describe, expect, it } from "vitest";
import { joinedNames, labelsApart, movedIn } from "./labels.ts";

const at = (name: string, x: number, y: number) => ({ name, x, y });

describe("names of points", () => {
  it("of points that lie on each other are one, however long the chain", () => {
    const found = joinedNames([
      at("a", 0, 0),
      at("b", 100, 0),
      at("c", 8, 0),
      at("d", 4, 3),
      at("e", 104, 2),
    ]);
    expect(new Map(found.map(({ name, x }) => [name, x]))).toEqual(
      new Map([
        ["a, c, d", 0],
        ["b, e", 100],
      ]),
    );
    expect(joinedNames([at("a", 0, 0), at("b", 7, 0), at("c", 0, 7)]).map(({ name }) => name)).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  it("stand above the axis and right of it", () => {
    const [dy] = labelsApart([at("low", 50, 95), at("lower", 50, 83)], [], 100);
    expect(95 + dy!).toBeLessThanOrEqual(100);
    expect(movedIn(at("ten digits", 20, 0), 10)).toBeCloseTo(24, 10); // half of 68 pixels, 24 too far left
    expect(movedIn(at("a", 200, 0), 10)).toBe(0);
  });
});
