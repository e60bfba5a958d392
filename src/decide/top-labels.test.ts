/** Labels among a server's most probable tokens: what is known, and between which bounds the rest lies. */
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../core/index.ts";
import { readingOf } from "./top-labels.ts";

const token = (text: string, p: number) => ({ text, logprob: Math.log(p) });
const record = (...tokens: [string, number][]): TokenRecord => {
  const [[text, p]] = tokens as [[string, number]];
  return { ...token(text, p), alternatives: tokens.map((each) => token(...each)) };
};

describe("readingOf", () => {
  it("adds up the spellings of a label, and bounds what is not listed", () => {
    // Options 2, 0, 1 stand under A, B, C; C is not listed.
    const { options, intervals, missingMass } = readingOf(
      record(["A", 0.5], [" B", 0.2], ["The", 0.15], [" A", 0.05]),
      [2, 0, 1],
    );
    expect(missingMass).toBeCloseTo(0.1, 12);
    expect(Math.exp(options[2]!.logprob!)).toBeCloseTo(0.55, 12);
    expect(Math.exp(options[0]!.logprob!)).toBeCloseTo(0.2, 12);
    expect(options[1]!.logprob).toBe(-Infinity);
    expect(intervals[2]!.low).toBeCloseTo(0.55 / 0.85, 12); // all of the missing 0.1 is B or C
    expect(intervals[2]!.high).toBeCloseTo(0.65 / 0.85, 12); // or all is A
    expect(intervals[0]!.low).toBeCloseTo(0.2 / 0.85, 12);
    expect(intervals[1]!.low).toBe(0);
    expect(intervals[1]!.high).toBeCloseTo(0.1 / 0.85, 12);
  });

  it("leaves no room where all is listed", () => {
    const { intervals, missingMass } = readingOf(record(["B", 0.75], ["A", 0.25]), [0, 1]);
    expect(missingMass).toBeCloseTo(0, 12);
    for (const { low, high } of intervals.filter((interval) => interval !== null))
      expect(high - low).toBeCloseTo(0, 12);
  });

  it("says null where no label is listed, and where there are no numbers", () => {
    const none = readingOf(record(["The", 0.6], ["An", 0.3], ["D", 0.05]), [0, 1]);
    expect(none.intervals).toEqual([null, null]);
    expect(none.missingMass).toBeCloseTo(0.05, 12);
    const silent = readingOf({ text: "A", logprob: null }, [0, 1]);
    expect(silent.options.map(({ logprob }) => logprob)).toEqual([null, null]);
    expect(silent.missingMass).toBeNull();
    expect(readingOf(null, [0, 1]).missingMass).toBeNull();
  });
});
