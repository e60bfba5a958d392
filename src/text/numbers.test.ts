import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatBits,
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatParameters,
  formatPlural,
  formatProbability,
  formatRate,
  formatWithError,
} from "./numbers.ts";

const cases = <T extends unknown[]>(format: (...given: T) => string, table: [...T, string][]) => {
  it.each(table)(`${format.name} %#: %s`, (...row) => {
    expect(format(...(row.slice(0, -1) as T))).toBe(row.at(-1));
  });
};

describe("numbers", () => {
  cases(formatNumber as (value: number | null, digits: number) => string, [
    [23.59234, 4, "23.59"],
    [107_260.4268, 3, "1.07e5"],
    [99_999.6, 4, "100000"],
    [0.001234, 3, "0.00123"],
    [0.0001234, 3, "0.000123"],
    [0.0005, 4, "0.0005000"],
    [1e-7, 4, "1.000e-7"],
    [-1.5e-7, 2, "-1.5e-7"],
    [0, 4, "0"],
    [-2.5, 3, "-2.50"],
    [null, 4, "–"],
    [Number.NaN, 4, "–"],
    [Number.POSITIVE_INFINITY, 4, "∞"],
    [Number.NEGATIVE_INFINITY, 4, "-∞"],
  ]);
  cases(formatWithError, [
    [23.5912, 0.7243, "23.59 ± 0.72"],
    [23.5912, 0.00972, "23.5912 ± 0.0097"],
    [345.6, 12.3, "346 ± 12"],
    [107_260, 2983, "1.073e5 ± 3.0e3"],
    [23.5912, null, "23.59"],
    [23.5912, 0, "23.59"],
    [Number.POSITIVE_INFINITY, 1, "∞"],
    [null, 1, "–"],
    [1.5, 1234, "2 ± 1234"],
    [-106_000, 4300, "-1.060e5 ± 4.3e3"],
    [-0.25, 0.012, "-0.250 ± 0.012"],
    [2.3e-7, 4e-8, "2.30e-7 ± 4.0e-8"],
    [0, 4e-8, "0 ± 4.0e-8"],
  ]);
  cases(formatCount, [
    [4211, "4,211"],
    [0, "0"],
    [null, "–"],
  ]);
  cases(formatPlural, [
    [1, "word", "1 word"],
    [1200, "byte", "1,200 bytes"],
  ]);
  cases(formatBits, [
    [17.34, "17.3"],
    [0, "0.0"],
    [null, "–"],
    [Number.POSITIVE_INFINITY, "∞"],
  ]);
  cases(formatProbability, [
    [0.314, "31%"],
    [0.0995, "10%"],
    [0.0421, "4.2%"],
    [0.00512, "0.51%"],
    [0.0001, "0.01%"],
    [0.00001, "<0.01%"],
    [0, "0%"],
    [1, "100%"],
    [0.9951, "99.5%"],
    [0.99999, ">99.9%"],
    [null, "–"],
  ]);
  cases(formatBytes, [
    [812, "812 B"],
    [134_515_008, "135 MB"],
    [1_020_000_000, "1.02 GB"],
    [999_600, "1 MB"],
    [null, "–"],
  ]);
  cases(formatParameters, [
    [134_515_008, "135M"],
    [6_200_000, "6.2M"],
    [12, "12"],
  ]);
  cases(formatDuration, [
    [0, "0 ms"],
    [840.4, "840 ms"],
    [999.7, "1.00 s"],
    [1234, "1.23 s"],
    [12_340, "12.3 s"],
    [59_960, "1 min 00 s"],
    [125_000, "2 min 05 s"],
    [3_780_000, "1 h 03 min"],
    [null, "–"],
  ]);
  cases(formatRate, [
    [305.2, "tokens", "305 tokens/s"],
    [3.14, "tokens", "3.1 tokens/s"],
    [1_234_567, "bytes", "1.23 MB/s"],
    [Number.POSITIVE_INFINITY, "tokens", "– tokens/s"],
  ]);

  it("never moves a number by more than half of its last digit", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-9, max: 1e12, noNaN: true }),
        fc.integer({ min: 2, max: 6 }),
        (value, digits) => {
          const shown = Number(formatNumber(value, digits));
          expect(Math.abs(shown - value) / value).toBeLessThanOrEqual(0.5 * 10 ** (1 - digits) * (1 + 1e-9));
        },
      ),
    );
  });
});
