import { describe, expect, it } from "vitest";
import { capabilityMap } from "./capability-map.ts";
import { beyond, colourScale, placeOn } from "./colour-scale.ts";
import { renderSvg } from "./server.ts";

describe("the scale of a map's colours", () => {
  it("runs from the least to the largest number", () => {
    expect(colourScale([3, 1, 2, Number.NaN, Number.POSITIVE_INFINITY])).toEqual({
      low: 1,
      high: 3,
      isCut: [false, false],
    });
    expect(colourScale([])).toBeNull();
    expect(placeOn(colourScale([2, 2])!, 2)).toBe(0.5);
  });

  it.each([
    [[1, 2, 3, 4, 1.8e227], 1, 4, [false, true]],
    [[1, 1, 1, 1.5, 1e6], 1, 1.5, [false, true]], // more than half are equal
    [[-1e9, 1, 2, 3], 1, 3, [true, false]],
    [[1, 2, 3, 4, 9], 1, 9, [false, false]], // far, but the others keep more than a quarter
    [[1, 1e6], 1, 1e6, [false, false]], // neither of two is the outlier
  ] as const)("of %j is %d to %d", (values, low, high, isCut) => {
    expect(colourScale([...values])).toEqual({ low, high, isCut });
  });

  it("does not let one huge number drown the map, and marks it", () => {
    const value = (model: number, domain: number) =>
      model + domain === 4 ? 1.8e227 : 1 + model + domain / 2;
    const cells = [0, 1, 2].flatMap((model) =>
      [0, 1, 2].map((domain) => ({
        model: `m${model}`,
        domain: `d${domain}`,
        bitsPerByte: value(model, domain),
      })),
    );
    const chart = capabilityMap(cells);
    expect(chart.summary).toContain("1 number far from the others is beyond the scale of colours.");
    expect(chart.numbers).toContain("1.800e227 (beyond the scale of colours)");
    const svg = renderSvg(chart);
    const fills = new Set([...svg.matchAll(/<rect[^>]* fill="(#[0-9a-f]{6})"/g)].map(([, fill]) => fill));
    expect(fills.size).toBeGreaterThanOrEqual(6); // without it two
    expect(svg).toContain("↕ 1.80e227");
    const scale = colourScale(cells.map(({ bitsPerByte }) => bitsPerByte))!;
    expect([beyond(scale, 1.8e227), beyond(scale, 2)]).toEqual([1, 0]);
  });
});
