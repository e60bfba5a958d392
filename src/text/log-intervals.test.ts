import { describe, expect, it } from "vitest";
import { logInterval } from "../core/index.ts";
import { errorStyle, formatPerplexity, formatPerplexityDifference, formatRatio } from "./index.ts";

describe("the error of a perplexity", () => {
  it.each([
    [23.5912, 0.7243, "plus-minus", "23.59 ± 0.72"],
    [100, 25, "plus-minus", "100 ± 25"],
    // 4910 · exp(± 6885 / 4910) = 1208.2 and 19953
    [4910, 6885, "interval", "4,910 (1,210 to 20,000)"],
    // 12.5 · exp(± 0.72) = 6.0844 and 25.680
    [12.5, 9, "interval", "12.5 (6.08 to 25.7)"],
    [1.2, 0.6, "interval", "1.20 (1.00 to 1.98)"], // no perplexity is below 1
    [200_000, 200_000, "interval", "2.00e5 (73,600 to 5.44e5)"],
    [1.8e227, 1.3e229, "useless", "1.80e227 (error over 100×)"],
    [12.5, null, "none", "12.50"],
    [Number.POSITIVE_INFINITY, 3, "none", "∞"],
    [null, 3, "none", "–"],
  ] as const)("of %s ± %s is shown as %s: %s", (value, error, style, text) => {
    expect(errorStyle(value, error)).toBe(style);
    expect(formatPerplexity(value, error)).toBe(text);
  });

  it("of a ratio may go below 1; a difference of such perplexities has no ±", () => {
    expect(formatRatio(1, 0.5)).toBe("1.00 (0.607 to 1.65)"); // exp(± 0.5)
    const wide = { value: 4910, standardError: 6885 };
    const narrow = { value: 20, standardError: 1 };
    expect(formatPerplexityDifference({ value: 4890, standardError: 6880 }, [wide, narrow])).toBe(
      "4890 (see the ratio)",
    );
    expect(formatPerplexityDifference({ value: 0.5, standardError: 0.1 }, [narrow, narrow])).toBe(
      "0.50 ± 0.10",
    );
  });

  it("is exp(mean ± z · se), and nothing for what is no error", () => {
    const { low, high } = logInterval(Math.E, 0.5 * Math.E, 2)!; // exp(1 ± 1)
    expect(low).toBeCloseTo(1, 12);
    expect(high).toBeCloseTo(Math.exp(2), 12);
    for (const [value, error] of [
      [0, 1],
      [2, null],
      [2, -1],
      [2, Number.NaN],
      [Number.POSITIVE_INFINITY, 1],
    ] as const)
      expect(logInterval(value, error)).toBeNull();
  });
});
