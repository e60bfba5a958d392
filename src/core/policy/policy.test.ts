/** What policies decide. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decisions,
  high,
  holdsAt,
  MEASURES,
  policies,
  readings,
  records,
  tokensOf,
} from "../../../test/policy-cases.ts";
import type { MeterReading } from "../meter/index.ts";
import { decidePolicy, type Policy, type PolicyMeasure, type PolicyMemory, policy } from "./index.ts";

describe("decidePolicy", () => {
  it("is a pure function whose memory survives JSON", () => {
    fc.assert(
      fc.property(policies, fc.array(records, { maxLength: 25 }), (watched, stream) => {
        let memory: PolicyMemory = null;
        for (const reading of readings(stream)) {
          const [readingBefore, memoryBefore] = [structuredClone(reading), structuredClone(memory)];
          const first = decidePolicy(watched, reading, memory);
          const second = decidePolicy(watched, reading, JSON.parse(JSON.stringify(memory)));
          expect(second).toEqual(first);
          expect([reading, memory]).toEqual([readingBefore, memoryBefore]);
          expect(first.because !== "").toBe(first.holds === true);
          memory = first.memory;
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["perplexity", 90.5],
    ["window", 90.5],
    ["average", 90.5],
  ] as const)("compares %s", (measure, value) => {
    const list = tokensOf(value);
    for (const [relation, bound, holds] of [
      [">", 90, true],
      [">", 91, false],
      ["<", 91, true],
      ["<", 90, false],
      [">=", 90, true],
      ["<=", 90, false],
    ] as const)
      expect(holdsAt(policy.compare(measure, relation, bound), list)).toEqual([holds]);
  });

  it("compares what is now: windows, groups and the last token, not the whole text", () => {
    const alternatives = (p: number) => [0, 1].map((id) => ({ text: "", id, logprob: Math.log(p) }));
    const list = readings(
      [
        { text: "x", logprob: -9, entropy: 5, alternatives: alternatives(0.01) },
        { text: "x", logprob: -1, entropy: 1, alternatives: alternatives(0.4) },
      ],
      { windowLength: 1, groupLength: 1 },
    );
    expect(holdsAt(policy.windowAbove(100), list)).toEqual([true, false]);
    expect(holdsAt(policy.entropyAbove(2), list)).toEqual([true, false]);
    expect(holdsAt(policy.confidenceBelow(2), list)).toEqual([false, true]);
    const calm = Array.from({ length: 20 }, () => ({ text: "x", logprob: -1 }));
    const spiked = readings([...calm, { text: "x", logprob: -12 }, ...calm.slice(0, 2)], {});
    expect(holdsAt(policy.spikeAbove(8), spiked).slice(-4)).toEqual([false, true, false, false]);
  });

  it("includes the bound or not", () => {
    const list = readings([{ text: "x", logprob: -1 }]);
    for (const [relation, holds] of [
      [">", false],
      [">=", true],
      ["<", false],
      ["<=", true],
    ] as const)
      expect(holdsAt(policy.compare("tokens", relation, 1), list)).toEqual([holds]);
  });

  it("does not know what no number says", () => {
    const list = readings([{ text: "x", logprob: null }]);
    for (const measure of MEASURES)
      expect(holdsAt(policy.compare(measure, ">", 1e9), list)).toEqual([measure === "tokens" ? false : null]);
  });

  it("holds over an interval only where all of it does", () => {
    const of = (low: number, high: number | null) =>
      readings([{ text: "x", logprob: -1, entropy: { low, high } }], { windowLength: 1 });
    const { entropyAbove, entropyBelow } = policy;
    expect(holdsAt(entropyAbove(1), of(1.5, 3))).toEqual([true]);
    expect(holdsAt(entropyAbove(1), of(0.5, 3))).toEqual([null]);
    expect(holdsAt(entropyAbove(1), of(0.5, 0.9))).toEqual([false]);
    expect(holdsAt(entropyBelow(1), of(0.5, 0.9))).toEqual([true]);
    expect(holdsAt(entropyBelow(1), of(0.5, null))).toEqual([null]);
    expect(holdsAt(entropyBelow(1), of(1.5, null))).toEqual([false]);
  });

  it("says why, with digits enough to see it", () => {
    const because = (watched: Policy, list: readonly MeterReading[]) =>
      decisions(watched, list).at(-1)?.because;
    expect(because(high, tokensOf(212.4))).toBe("window perplexity 212 > 80");
    expect(because(high, tokensOf(80.0004))).toBe("window perplexity 80.0004 > 80");
    expect(
      because(policy.perplexityAbove(3), readings([{ text: "x", logprob: Number.NEGATIVE_INFINITY }])),
    ).toBe("perplexity Infinity > 3");
    expect(because(policy.all(high, policy.averageAbove(50)), tokensOf(100))).toBe(
      "window perplexity 100 > 80 and average perplexity 100 > 50",
    );
    expect(because(policy.any(policy.averageAbove(1e6), high), tokensOf(100))).toBe(
      "window perplexity 100 > 80",
    );
    expect(because(policy.not(policy.averageAbove(1e6)), tokensOf(100))).toBe("not average>1000000");
    expect(because(policy.lasting(2, high), tokensOf(90, 100))).toBe(
      "window perplexity 100 > 80 for 2 tokens",
    );
    expect(because(policy.hysteresis(high, policy.not(high)), tokensOf(1, 90, 100))).toBe(
      "window perplexity 90 > 80 at token 2",
    );
    const alternatives = [0.5, 0.4].map((p) => ({ text: "", logprob: Math.log(p) }));
    expect(
      because(
        policy.confidenceBelow(1),
        readings([{ text: "x", logprob: -1, alternatives }], { groupLength: 1 }),
      ),
    ).toBe("group confidence 0.805 < 1 nats");
  });

  it("spends a budget of tokens or bits", () => {
    const list = tokensOf(2, 2, 2, null, 2, 16);
    expect(holdsAt(policy.budget({ tokens: 3 }), list)).toEqual([false, false, true, true, true, true]);
    expect(holdsAt(policy.budget({ bits: 4 }), list)).toEqual([false, false, false, false, true, true]);
    expect(holdsAt(policy.budget({ bits: 5, tokens: 6 }), list)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it("waits with after, counts with lasting", () => {
    const list = tokensOf(100, 100, 1, 100, 100, 100, 1);
    expect(holdsAt(policy.after(5, high), list)).toEqual([false, false, false, false, true, true, false]);
    expect(holdsAt(policy.lasting(2, high), list)).toEqual([false, true, false, false, true, true, false]);
  });

  it("stays with hysteresis until the other bound is passed", () => {
    const watched = policy.hysteresis(high, policy.not(policy.windowAbove(40)));
    expect(holdsAt(watched, tokensOf(1, 90, 60, 41, 39, 60, 79, 81, 1))).toEqual([
      false,
      true,
      true,
      true,
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  it("follows Kleene's logic", () => {
    const truth = {
      true: policy.compare("tokens", ">", 0),
      false: policy.compare("tokens", "<", 0),
      null: high,
    };
    const [reading] = readings([{ text: "x", logprob: null }]);
    const holds = (watched: Policy) => decidePolicy(watched, reading!).holds;
    const rank = (value: boolean | null) => (value === null ? 0.5 : Number(value));
    const value = { 0: false, 0.5: null, 1: true } as Record<number, boolean | null>;
    for (const [a, p] of Object.entries(truth))
      for (const [b, q] of Object.entries(truth)) {
        const [x, y] = [JSON.parse(a), JSON.parse(b)];
        expect(holds(policy.any(p, q))).toBe(value[Math.max(rank(x), rank(y))]);
        expect(holds(policy.all(p, q))).toBe(value[Math.min(rank(x), rank(y))]);
        expect(holds(policy.not(p))).toBe(value[1 - rank(x)]);
      }
  });

  it.each([
    () => policy.perplexityAbove(-1),
    () => policy.perplexityAbove(Number.NaN),
    () => policy.spikeAbove(Number.POSITIVE_INFINITY),
    () => policy.compare("toString" as PolicyMeasure, ">", 1),
    () => policy.compare("window", "=" as ">", 1),
    () => policy.budget({}),
    () => policy.any(),
    () => policy.all(),
    () => policy.after(0, high),
    () => policy.lasting(1.5, high),
    () => policy.repetition(1),
  ])("refuses %s", (make) => {
    expect(make).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("repetition", () => {
  const text = (words: string, logprob: number | null = -0.01) =>
    readings(words.split(" ").map((word) => ({ text: ` ${word}`, logprob })));
  const first = (list: readonly MeterReading[], tokens?: number) =>
    holdsAt(policy.repetition(tokens), list).indexOf(true) + 1;
  const loop = (phrase: string, times: number) => Array(times).fill(phrase).join(" ");
  const count = (n: number) => Array.from({ length: n }, (_, i) => `w${i}`).join(" ");

  it("holds from the third time a phrase has come", () => {
    expect(first(text(`once upon a time ${loop("and so it goes", 6)}`), 8)).toBe(4 + 4 + 8);
    expect(first(text(`x ${loop(count(20), 4)}`), 8)).toBe(1 + 20 + 40);
  });

  it("needs so many tokens of a shorter phrase", () => {
    expect(first(text(`x ${loop("no", 40)}`))).toBe(1 + 1 + 24);
    expect(first(text(loop("no", 24)))).toBe(0);
  });

  it("does not hold where the text says something new, or surprises", () => {
    expect(first(text(count(600)))).toBe(0);
    expect(first(text(loop("a b c d", 23), -0.5))).toBe(0); // perplexity 1.65
    expect(first(text(`${loop(count(129), 4)}`))).toBe(0); // longer than is looked for
  });

  it("holds for a loop that surprises only when it goes on and on", () => {
    expect(first(text(`x ${loop("a b c d", 40)}`, -1.6))).toBe(1 + 4 + 4 * 24);
    expect(first(text(`x ${loop(count(40), 6)}`, -1.6))).toBe(1 + 40 + 4 * 40);
    expect(first(text(`x ${loop(count(128), 6)}`, -1.6))).toBe(1 + 128 + 4 * 128);
    const almost = loop("a b c d", 23).replace(/b(?=[^b]*$)/, "e"); // the last time with another word
    expect(first(text(`${almost} ${loop("a b c d", 23)}`, -1.6))).toBe(0);
    expect(decisions(policy.repetition(8), text(loop("a b c d", 9), -1.6)).at(-1)?.because).toBe(
      "a loop of 4 tokens for 32 tokens",
    );
  });

  it("goes by the text alone where no token carries a number", () => {
    expect(first(text(loop("a b c", 20), null))).toBe(3 + 24);
    expect(first(readings(Array(50).fill({ text: "", logprob: null })))).toBe(0);
  });

  it("goes by the ids where there are some", () => {
    const numbered = (id: (i: number) => number) =>
      readings(Array.from({ length: 60 }, (_, i) => ({ text: "\ufffd", id: id(i), logprob: 0 })));
    expect(first(numbered((i) => i % 3))).toBe(3 + 24);
    expect(first(numbered((i) => i))).toBe(0);
  });

  it("says what it saw", () => {
    expect(decisions(policy.repetition(8), text(loop("and so it goes", 4))).at(-1)?.because).toBe(
      "a loop of 4 tokens, the last 8 at perplexity 1.01",
    );
  });
});
