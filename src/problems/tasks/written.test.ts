import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addSigned, divide, multiply } from "./written.ts";

const integer = fc.integer({ min: -99_999, max: 99_999 });
const natural = fc.nat({ max: 99_999 });
const small = fc.integer({ min: 2, max: 12 });

/** What the columns give, line by line. */
const given = (lines: string[]): string[] =>
  lines.flatMap((line) => / gives (\d+)$/.exec(line)?.slice(1) ?? []);

/** Each result but the last, which drops leading zeros, is the end of the next; the last is the value. */
function growsTo(value: number, lines: string[]) {
  const results = given(lines);
  results.slice(1, -1).forEach((result, i) => {
    expect(result.slice(1)).toBe(results[i]);
  });
  if (results.length > 0) expect(results.at(-1)).toBe(String(Math.abs(value)));
  else expect(lines.at(-1)).toMatch(new RegExp(`=${value}$`));
}

describe("written arithmetic", () => {
  it("adds and subtracts column by column", () => {
    fc.assert(
      fc.property(integer, integer, (a, b) => {
        const { lines, value } = addSigned(a, b);
        expect(value).toBe(a + b);
        growsTo(value, lines);
      }),
    );
  });

  it("multiplies column by column", () => {
    fc.assert(
      fc.property(natural, small, fc.nat({ max: 11 }), (a, by, plus) => {
        const { lines, value } = multiply(a, by, plus);
        expect(value).toBe(a * by + plus);
        growsTo(value, lines);
      }),
    );
  });

  it("divides from the left, the quotient growing to the right", () => {
    fc.assert(
      fc.property(natural, small, (a, by) => {
        const { lines, value, remainder } = divide(a, by);
        expect(value * by + remainder).toBe(a);
        expect(remainder).toBeLessThan(by);
        expect(lines.at(-1)).toContain(`r${remainder}`);
        const results = given(lines);
        results.forEach((result, i) => {
          expect(result).toBe(String(value).slice(0, i + 1));
        });
        if (value >= 10) expect(results).toHaveLength(String(value).length);
      }),
    );
  });
});
