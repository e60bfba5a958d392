import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVersions, isPreRelease } from "./version.ts";

/** The order that PEP 440 gives as its example, and more of its rules. */
const ORDERED = [
  "0.9",
  "1.dev0",
  "1.0.dev456",
  "1.0a1.dev2",
  "1.0a1",
  "1.0a2.dev456",
  "1.0a12.dev456",
  "1.0a12",
  "1.0b1.dev456",
  "1.0b2",
  "1.0b2.post345.dev456",
  "1.0b2.post345",
  "1.0rc1.dev456",
  "1.0rc1",
  "1.0",
  "1.0.post456.dev34",
  "1.0.post456",
  "1.0.15",
  "1.1.dev1",
  "1.2",
  "1.10",
  "2013.10",
  "1!0.1",
];

describe("package versions", () => {
  it("come in the order of PEP 440", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(ORDERED), (versions) => {
        const expected = [...versions].sort((a, b) => ORDERED.indexOf(a) - ORDERED.indexOf(b));
        expect([...versions].sort(compareVersions)).toEqual(expected);
      }),
    );
  });

  it.each([
    ["1.0", "1.0.0"],
    ["1.0-RC1", "1.0rc1"],
    ["v1.0", "1.0"],
    ["1.0.alpha.1", "1.0a1"],
    ["1.0-1", "1.0.post1"],
  ])("knows two spellings of one version: %s = %s", (a, b) => {
    expect(compareVersions(a, b)).toBe(0);
  });

  it("puts what is no version last, and tells pre-releases", () => {
    expect(["nonsense", "0.1"].sort(compareVersions)).toEqual(["nonsense", "0.1"]);
    expect(["1.0rc1", "1.0.dev1", "1.0", "1.0.post1"].map(isPreRelease)).toEqual([true, true, false, false]);
  });
});
