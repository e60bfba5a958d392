/** Conditions on a part, over a length, over windows that are not full. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decisions, holdsAt, parts, readings, records } from "../../../test/policy-cases.ts";
import type { TokenRecord } from "../token.ts";
import { describePolicy, type Policy, parsePolicy, policy, withLengths } from "./index.ts";

describe("a scope", () => {
  /** The obvious way: from all records so far. */
  function slow(
    { measure, length = 0, partial, part }: Extract<Policy, { kind: "compare" }>,
    so: TokenRecord[],
  ) {
    const own = so.filter((record) => part === undefined || (record.part ?? "answer") === part);
    if (measure === "average") {
      const list = own.flatMap(({ logprob }) => (logprob === null ? [] : [-logprob])).reverse();
      const weights = list.map((_, i) => 2 ** (-i / length));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return list.length === 0
        ? null
        : Math.exp(list.reduce((sum, x, i) => sum + x * weights[i]!, 0) / total);
    }
    const values = own.flatMap((record) => {
      if (measure === "window") return record.logprob === null ? [] : [-record.logprob];
      const tops = record.alternatives ?? [];
      if (tops.length === 0) return [];
      return [-tops.reduce((sum, { logprob }) => sum + logprob!, 0) / tops.length];
    });
    const last = values.slice(-length);
    if (last.length === 0 || (last.length < length && !partial)) return null;
    const mean = last.reduce((sum, value) => sum + value, 0) / last.length;
    return measure === "window" ? Math.exp(mean) : mean;
  }

  it("has the value that the last tokens of its part have, whatever the meter's lengths are", () => {
    const finite = fc.array(
      records.filter(({ logprob }) => logprob !== Number.NEGATIVE_INFINITY),
      { maxLength: 25 },
    );
    const asked = fc
      .record({
        measure: fc.constantFrom("window", "confidence", "average" as const),
        length: fc.integer({ min: 1, max: 6 }),
        partial: fc.constantFrom(undefined, true as const),
        part: parts,
      })
      .map((scope) => ({ ...scope, partial: scope.measure === "average" ? undefined : scope.partial }));
    fc.assert(
      fc.property(finite, asked, (stream, { measure, ...scope }) => {
        const list = readings(stream);
        const compare = (relation: ">" | "<", bound: number) =>
          policy.compare(measure, relation, bound, scope) as Extract<Policy, { kind: "compare" }>;
        const expected = stream.map((_, i) => slow(compare(">", 0), stream.slice(0, i + 1)));
        const least = 1e-9;
        for (const [i, value] of expected.entries()) {
          if (value === null) {
            expect(holdsAt(compare(">", 0), list)[i]).toBeNull();
            continue;
          }
          expect(holdsAt(compare(">", Math.max(0, value * (1 - least) - least)), list)[i]).toBe(true);
          expect(holdsAt(compare("<", value * (1 + least) + least), list)[i]).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("is in the text form", () => {
    const { compare, repetition, after } = policy;
    for (const [text, expected] of [
      ["window(16)>80 after 20", after(20, compare("window", ">", 80, { length: 16 }))],
      ["window(16, partial)>80", compare("window", ">", 80, { length: 16, partial: true })],
      ["window(partial)>80", compare("window", ">", 80, { partial: true })],
      ["average(0.5)>9", compare("average", ">", 9, { length: 0.5 })],
      ["confidence(64, answer)<8", compare("confidence", "<", 8, { length: 64, part: "answer" })],
      ["tokens(reasoning)>=500", compare("tokens", ">=", 500, { part: "reasoning" })],
      ["repetition(30, tool-call)", repetition(30, { part: "tool-call" })],
    ] as const) {
      expect(parsePolicy(text)).toEqual(expected);
      expect(describePolicy(expected)).toBe(text);
    }
    expect(parsePolicy("Window( partial , 16 )>80")).toEqual(parsePolicy("window(16, partial)>80"));
    expect(parsePolicy("repetition(reasoning)")).toEqual(repetition(24, { part: "reasoning" }));
  });

  it.each([
    ["perplexity(16)>80", 12, /perplexity has no length/],
    ["spike(partial)>6", 7, /spike cannot be partial/],
    ["average(16, partial)>6", 9, /average cannot be partial/],
    ["window(0)>80", 8, /0/],
    ["window(16>80", 10, /Expected "\)", found ">"/],
    ["window(answer, reasoning)>80", 16, /Expected a number of tokens/],
    ["window(partial, partial)>80", 17, /as partial and a part stand once each, found "partial"/],
    ["window(16, answer, reasoning)>80", 20, /as partial and a part stand once each, found "reasoning"/],
    ["window(16, 8)>80", 12, /Expected another name/],
    ["window(thinking)>80", 8, /found "thinking"/],
    ["repetition(24, partial)", 11, /repetition cannot be partial/],
  ])("names the place of the fault in %s", (text, place, what) => {
    expect(() => parsePolicy(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        where: `character ${place} of the policy`,
        what: expect.stringMatching(what),
      }),
    );
  });

  it("is named in the explanation", () => {
    const list = readings([
      { text: "x", logprob: -1, part: "reasoning" },
      { text: "y", logprob: -2 },
    ]);
    const because = (text: string) => decisions(parsePolicy(text), list).map((at) => at.because);
    expect(because("window(1)>2")).toEqual([
      "window(1) perplexity 2.72 > 2",
      "window(1) perplexity 7.39 > 2",
    ]);
    expect(because("perplexity(reasoning)>2")).toEqual([
      "reasoning perplexity 2.72 > 2",
      "reasoning perplexity 2.72 > 2",
    ]);
    expect(because("tokens(answer)>=1")).toEqual(["", "answer tokens 1 >= 1"]);
  });

  it("fills in the lengths of the meter", () => {
    const text = "window>80 and entropy>1 until not (average>9 or confidence<5 or window(8)>2) for 3 after 2";
    const long =
      "window(32)>80 and entropy(32)>1 until not (average(16)>9 or confidence(128)<5 or window(8)>2) for 3 after 2";
    expect(describePolicy(withLengths(parsePolicy(text.replace("until not", "and not"))))).toBe(
      long.replace("until not", "and not"),
    );
    expect(describePolicy(withLengths(parsePolicy("window>80"), { windowLength: 4 }))).toBe("window(4)>80");
  });
});
