import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MeterOptions, type MeterReading, PerplexityMeter } from "../meter/index.ts";
import { TOKEN_PARTS, type TokenPart, type TokenRecord } from "../token.ts";
import {
  decidePolicy,
  describePolicy,
  type Policy,
  type PolicyMeasure,
  type PolicyMemory,
  parsePolicy,
  policy,
  policyProblems,
  watchPolicy,
  withLengths,
} from "./index.ts";

const MEASURES = [
  "perplexity",
  "window",
  "average",
  "confidence",
  "entropy",
  "spike",
  "tokens",
  "bits",
] as const;

const parts = fc.option(fc.constantFrom(...TOKEN_PARTS), { nil: undefined });

/** Comparisons over lengths and parts of their own. */
const scoped = fc
  .record({
    measure: fc.constantFrom("window", "entropy", "confidence", "average" as const),
    relation: fc.constantFrom(">", ">=", "<", "<=" as const),
    bound: fc.nat(50),
    length: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    partial: fc.constantFrom(undefined, true as const),
    part: parts,
  })
  .map(({ measure, relation, bound, length, partial, part }) =>
    policy.compare(measure, relation as ">", bound, {
      length,
      partial: measure === "average" ? undefined : partial,
      part,
    }),
  );

const comparisons = fc
  .tuple(
    fc.constantFrom(...MEASURES),
    fc.constantFrom(">", ">=", "<", "<=" as const),
    fc.oneof(fc.nat(200), fc.double({ min: 0, max: 1e30, noNaN: true })),
    parts,
  )
  .map(([measure, relation, bound, part]) => policy.compare(measure, relation as ">", bound, { part }));

const policies: fc.Arbitrary<Policy> = fc.letrec<{ policy: Policy }>((tie) => ({
  policy: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    comparisons,
    scoped,
    fc
      .tuple(fc.integer({ min: 2, max: 40 }), parts)
      .map(([tokens, part]) => policy.repetition(tokens, { part })),
    fc.array(tie("policy"), { minLength: 1, maxLength: 3 }).map((parts) => policy.any(...parts)),
    fc.array(tie("policy"), { minLength: 1, maxLength: 3 }).map((parts) => policy.all(...parts)),
    tie("policy").map(policy.not),
    fc.tuple(fc.integer({ min: 1, max: 30 }), tie("policy")).map(([n, part]) => policy.after(n, part)),
    fc.tuple(fc.integer({ min: 1, max: 30 }), tie("policy")).map(([n, part]) => policy.lasting(n, part)),
    fc.tuple(tie("policy"), tie("policy")).map(([enter, leave]) => policy.hysteresis(enter, leave)),
  ),
})).policy;

const records: fc.Arbitrary<TokenRecord> = fc.record(
  {
    text: fc.constantFrom("a", "b", ""),
    logprob: fc.oneof(
      fc.nat(800).map((hundredths) => 0 - hundredths / 100),
      fc.constantFrom(null, Number.NEGATIVE_INFINITY, -0.01),
    ),
    entropy: fc.constantFrom(0.1, 2, { low: 0.5, high: 1.5 }, { low: 0.5, high: null }),
    alternatives: fc.constantFrom(
      [],
      [0.7, 0.2].map((p, id) => ({ text: "", id, logprob: Math.log(p) })),
    ),
    part: fc.constantFrom<TokenPart>("answer", "reasoning"),
  },
  { requiredKeys: ["text", "logprob"] },
);

const SMALL: MeterOptions = { windowLength: 3, groupLength: 2, spikeHistory: 5, spikeWarmUp: 2 };

/** A reading after each token. */
function readings(stream: readonly TokenRecord[], options: MeterOptions = SMALL): MeterReading[] {
  const meter = new PerplexityMeter(options);
  return stream.map((record) => {
    meter.push(record);
    return meter.read();
  });
}

/** Whether the policy holds, and why, after each token. */
function decisions(watched: Policy, list: readonly MeterReading[]) {
  let memory: PolicyMemory = null;
  return list.map((reading) => {
    const { holds, because, memory: next } = decidePolicy(watched, reading, memory);
    memory = next;
    return { holds, because };
  });
}

const holdsAt = (watched: Policy, list: readonly MeterReading[]) =>
  decisions(watched, list).map(({ holds }) => holds);

/** Tokens with these perplexities, one window of one token each, so that "window" is the last token's. */
const tokensOf = (...perplexities: (number | null)[]): MeterReading[] =>
  readings(
    perplexities.map((ppl) => ({ text: "x", logprob: ppl === null ? null : -Math.log(ppl) })),
    { windowLength: 1 },
  );

const high = policy.windowAbove(80);

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

describe("the text form", () => {
  it("comes back as the policy it was written from", () => {
    fc.assert(
      fc.property(policies, (written) => {
        expect(parsePolicy(describePolicy(written))).toEqual(written);
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[string, Policy]>([
    ["window>80 after 20", policy.after(20, high)],
    ["Window > 80 AFTER 20 tokens", policy.after(20, high)],
    ["perplexity>100 or repetition", policy.any(policy.perplexityAbove(100), policy.repetition())],
    ["spike>8", policy.spikeAbove(8)],
    ["confidence<5.5", policy.confidenceBelow(5.5)],
    ["entropy<.5 for 3", policy.lasting(3, policy.entropyBelow(0.5))],
    ["tokens>=1e3 or bits>=2.5e2", policy.budget({ tokens: 1000, bits: 250 })],
    [
      "average>9 and window>80 or spike>4",
      policy.any(policy.all(policy.averageAbove(9), high), policy.spikeAbove(4)),
    ],
    [
      "average>9 and (window>80 or spike>4)",
      policy.all(policy.averageAbove(9), policy.any(high, policy.spikeAbove(4))),
    ],
    [
      "window>80 until window<40 for 5",
      policy.hysteresis(high, policy.lasting(5, policy.compare("window", "<", 40))),
    ],
    ["not window>80 after 20", policy.not(policy.after(20, high))],
    ["repetition(40) after 2 for 3", policy.lasting(3, policy.after(2, policy.repetition(40)))],
  ])("reads %s", (text, expected) => {
    expect(parsePolicy(text)).toEqual(expected);
  });

  it.each([
    ["", 1, "the end"],
    ["   ", 4, "the end"],
    ["ppl>3", 1, '"ppl"'],
    ["perplexity", 11, "the end"],
    ["perplexity=3", 11, '"="'],
    ["window>", 8, "the end"],
    ["window>x", 8, '"x"'],
    ["window>-5", 8, '"-"'],
    ["window>80 80", 11, '"80"'],
    ["window>80 after", 16, "the end"],
    ["window>80 after soon", 17, '"soon"'],
    ["window>80 or or spike>3", 14, '"or"'],
    ["(window>80", 11, "the end"],
    ["window>80)", 10, '")"'],
    ["repetition(", 12, "the end"],
    ["repetition(3", 13, "the end"],
    ["window>80 until window<40 until spike>3", 27, '"until"'],
    ["window>80 😀", 11, '"😀"'],
  ])("names the place of the fault in %j", (text, place, found) => {
    expect(() => parsePolicy(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        where: `character ${place} of the policy`,
        what: expect.stringMatching(
          new RegExp(`^Expected .*, found ${found.replace(/[()]/g, "\\$&")}$`, "u"),
        ),
      }),
    );
  });

  it.each([
    ["window>80 after 0", 17],
    ["window>80 for 1.5", 15],
    ["spike>1e999", 7],
    ["(repetition(1))", 13],
  ])("names the place of the number that is not allowed in %s", (text, place) => {
    expect(() => parsePolicy(text)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: `character ${place} of the policy` }),
    );
  });

  it("ends on any input with a policy or an INVALID_ARGUMENT", () => {
    const words = fc.constantFrom(
      ..."window > >= 80 after for until and or not ( ) repetition spike .5 1e3 é".split(" "),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(words).map((list) => list.join(" ")),
          fc.string(),
        ),
        (text) => {
          try {
            parsePolicy(text);
          } catch (error) {
            expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
          }
        },
      ),
    );
    expect(() => parsePolicy("(".repeat(100_000))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

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

describe("policyProblems", () => {
  const problems = (text: string, circumstances = {}) =>
    policyProblems(parsePolicy(text), circumstances).map(({ kind, what }) => `${kind}: ${what}`);

  it.each([
    "window(16)>80 after 20",
    "window(32, partial)>80 after 8",
    "window>80 after 40",
    "perplexity>100 or repetition",
    "perplexity>1 after 4",
    "window>80 until window<40",
    "confidence<8",
    "entropy>3 for 5",
    "spike>6",
    "tokens>=500 or bits>=1000",
    "tokens<5 and perplexity>9",
    "not perplexity>5",
    "window>10 and window<20",
    "tokens(reasoning)>=1 and perplexity(answer)>3",
  ])("finds none in %s", (text) => {
    expect(problems(text)).toEqual([]);
    expect(() => watchPolicy(text)).not.toThrow();
  });

  it.each([
    ["perplexity<1", "perplexity<1 can never hold: a perplexity is at least 1"],
    ["window(8)<=0.5", "window(8)<=0.5 can never hold: a perplexity is at least 1"],
    ["average<1 or repetition", "average<1 can never hold: a perplexity is at least 1"],
    ["confidence<0", "confidence<0 can never hold: group confidence is at least 0"],
    ["entropy<0", "entropy<0 can never hold: window entropy is at least 0"],
    ["bits<0", "bits<0 can never hold: bits is at least 0"],
    ["tokens<1", "tokens<1 can never hold: there is at least 1 token"],
    [
      "window>80 and window<40",
      "window>80 and window<40 can never hold: no value is on the right side of both bounds",
    ],
    ["tokens<5 after 20", "tokens<5 after 20 can never hold: it holds until token 4 only"],
    ["tokens<5 for 9", "tokens<5 for 9 can never hold: it holds for no more than 4 tokens"],
    [
      "tokens<9 and window>80",
      "tokens<9 and window>80 can never hold: its conditions do not hold at the same tokens",
    ],
  ])("says that %s never holds, and nobody waits for it", (text, what) => {
    expect(problems(text)).toEqual([`never: ${what}`]);
    expect(() => watchPolicy(text)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", what }));
  });

  it.each([
    ["perplexity>=1", "always: perplexity>=1 always holds: a perplexity is at least 1"],
    ["tokens>0", "always: tokens>0 always holds: there is at least 1 token"],
    ["bits>=0", "always: bits>=0 always holds: bits is at least 0"],
    ["window>80 after 20", 'idle: "after 20" changes nothing: window(32) has no value before token 32'],
    [
      "confidence(50)<9 after 10",
      'idle: "after 10" changes nothing: confidence(50) has no value before token 50',
    ],
    ["spike>6 after 9", 'idle: "after 9" changes nothing: spike has no value before token 17'],
  ])("says of %s what it does, and lets it", (text, what) => {
    expect(problems(text)).toEqual([what]);
    expect(() => watchPolicy(text)).not.toThrow();
  });

  it.each(["not perplexity>=1", "not tokens>=1"])("says of %s that it denies what always holds", (text) => {
    expect(problems(text).at(-1)).toBe(`never: ${text} can never hold: what it denies always holds`);
    expect(() => watchPolicy(text)).toThrow("never hold");
  });

  it("proposes what was meant", () => {
    const [problem] = policyProblems(parsePolicy("window>80 after 20"));
    expect(problem?.wayOut).toBe(
      'Write window(20)>80 after 20 for a shorter window, window(32, partial)>80 after 20 to begin before it is full, or leave "after 20" out.',
    );
  });

  it.each([
    ["window>80", { maxTokens: 20 }, /holds from token 32 at the earliest, and an answer has at most 20/],
    ["repetition", { maxTokens: 20 }, /from token 25/],
    ["perplexity>9 after 600", { maxTokens: 512 }, /from token 600/],
    ["confidence<5", { alternatives: 0 }, /the source gives none/],
    ["entropy>1", { alternatives: 0, distribution: false }, /the source gives none/],
    ["entropy<1", { alternatives: 5, distribution: false, vocabularySize: null }, /no upper bound is known/],
    ["entropy>8", { vocabularySize: 256 }, /between 0 and ln 256 = 5.55 nats/],
    ["confidence<1", { alternatives: 20 }, /over 20 alternatives it is at least ln 20 = 3 nats/],
    ["window>9 after 2", { meter: { windowLength: 4 } }, /window\(4\) has no value before token 4/],
  ])("knows of %s with %j", (text, circumstances, what) => {
    expect(problems(text)).not.toEqual([expect.stringMatching(what)]);
    expect(problems(text, circumstances).join()).toMatch(what);
  });

  it("is right: what never holds does not, over any stream", () => {
    fc.assert(
      fc.property(policies, fc.array(records, { maxLength: 25 }), (watched, stream) => {
        const whole = describePolicy(watched);
        const hopeless = policyProblems(watched, { meter: SMALL }).some(
          ({ kind, policy: text }) => kind === "never" && text === whole,
        );
        if (hopeless) expect(holdsAt(watched, readings(stream))).not.toContain(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("what is no policy", () => {
  const itself: Record<string, unknown> = { kind: "not" };
  itself.policy = itself;
  const [reading] = tokensOf(90);

  it.each<[unknown, string]>([
    [{}, "policy"],
    [null, "policy"],
    [5, "policy"],
    [[], "policy"],
    [{ kind: "toString" }, "policy"],
    [{ kind: "compare" }, "measure of policy"],
    [{ kind: "compare", measure: "window", relation: "=", bound: 5 }, "relation of policy"],
    [{ kind: "compare", measure: "window", relation: ">", bound: "5" }, "bound of policy"],
    [{ kind: "repetition" }, "tokens of policy"],
    [{ kind: "any", policies: [] }, "any of policy"],
    [{ kind: "all", policies: "x" }, "policy.policies"],
    [{ kind: "all", policies: [high, {}] }, "policy.policies[1]"],
    [{ kind: "not" }, "policy.policy"],
    [{ kind: "after", policy: high }, "tokens of policy"],
    [{ kind: "lasting", tokens: 0.5, policy: high }, "tokens of policy"],
    [{ kind: "hysteresis", enter: high }, "policy.leave"],
    [itself, "policy.policy"],
  ])("is refused: %o, at %s", (wrong, where) => {
    for (const use of [describePolicy, watchPolicy, (policy: Policy) => decidePolicy(policy, reading!)])
      expect(() => use(wrong as Policy)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", where: expect.stringContaining(where) }),
      );
  });

  it("is refused as a text", () => {
    for (const wrong of [undefined, null, 5, {}, ""])
      expect(() => parsePolicy(wrong as string)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });
});
