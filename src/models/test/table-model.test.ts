import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planWindows, type Sight, visibility, type WindowOptions } from "../../core/index.ts";
import { collect, scoreOne } from "./_check.ts";
import { MarkovChain, TableModel, testConformance } from "./index.ts";

const BYTES = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));

/** A chain without ties. */
function chainOver(size: number): number[][] {
  return Array.from({ length: size }, (_, previous) => {
    const weights = Array.from({ length: size }, (_, next) => 1 / (1 + ((7 * next + 31 * previous) % 263)));
    const total = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / total);
  });
}

describe.each<[string, () => TableModel]>([
  ["over bytes", TableModel.bytes],
  ["without special tokens", () => new TableModel({ symbols: BYTES, transitions: chainOver(256) })],
  [
    "with EOS only, longer symbols and a short context",
    () =>
      new TableModel({
        symbols: [...BYTES, "</s>", "the", " the", "ing", "你", "🙂"],
        transitions: chainOver(262),
        eos: 256,
        trainedContext: 200,
      }),
  ],
])("a table %s", (_name, create) => {
  testConformance({ describe, it, create: async () => create(), tolerance: 1e-6 });
});

describe("a chain of two states", () => {
  const [ab, ba] = [0.1, 0.3];
  const model = TableModel.twoState(ab, ba);
  const h = (p: number) => -p * Math.log(p) - (1 - p) * Math.log(1 - p); // entropy of a coin, nats
  const rate = (ba * h(ab) + ab * h(ba)) / (ab + ba);

  it("has the stationary distribution and the entropy rate of the textbook", () => {
    const [a, b, bos] = model.chain.stationaryDistribution();
    expect(a).toBeCloseTo(0.75, 12);
    expect(b).toBeCloseTo(0.25, 12);
    expect(bos).toBe(0);
    expect(model.chain.entropyRate()).toBeCloseTo(rate, 12);
  });

  it("scores a text as the product of its steps", async () => {
    const { logprob, tokens } = await scoreOne(model, "", "aabba");
    // π(a) · aa · ab · bb · ba
    expect(logprob).toBeCloseTo(Math.log(0.75 * 0.9 * 0.1 * 0.7 * 0.3), 12);
    expect(tokens.entropies[1]).toBeCloseTo(h(ab), 12);
    expect([...tokens.ranks]).toEqual([1, 1, 2, 1, 2]);
    const given = await scoreOne(model, "b", "b");
    expect(given.logprob).toBeCloseTo(Math.log(0.7), 12);
  });

  it("writes texts whose perplexity tends to exp(entropy rate)", async () => {
    const records = await collect(model.generate("", { maxTokens: 40_000, temperature: 1, seed: 11 }));
    const nll = -records.reduce((sum, { logprob }) => sum + logprob!, 0) / records.length;
    expect(Math.exp(nll) / Math.exp(rate)).toBeCloseTo(1, 2);
    const entropy = records.reduce((sum, record) => sum + (record.entropy as number), 0) / records.length;
    expect(entropy / rate).toBeCloseTo(1, 1);
  });

  it("lists only what is possible among the alternatives", async () => {
    const { tokens } = await scoreOne(model, "a", "b", { alternatives: 3 });
    expect([...tokens.alternatives!.ids]).toEqual([0, 1, -1]);
    expect(tokens.alternatives!.logprobs[2]).toBeNaN();
  });

  it("gives an impossible token probability 0 and the last rank", async () => {
    const { logprob, tokens } = await scoreOne(model, [0], [2]);
    expect([logprob, tokens.ranks[0]]).toEqual([Number.NEGATIVE_INFINITY, 3]);
  });

  it("refuses a text it has no symbols for", async () => {
    await expect(model.tokenize("abc")).rejects.toMatchObject({ code: "INVALID_ARGUMENT", where: "byte 2" });
  });
});

describe("MarkovChain", () => {
  const chains = fc
    .integer({ min: 1, max: 8 })
    .chain((size) =>
      fc.array(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: size, maxLength: size }), {
        minLength: size,
        maxLength: size,
      }),
    )
    .map((weights) => weights.map((row) => row.map((w) => w / row.reduce((a, b) => a + b))));

  it("π = πP, and 0 <= entropy rate <= ln V", () => {
    fc.assert(
      fc.property(chains, (transitions) => {
        const chain = new MarkovChain(transitions);
        const stationary = chain.stationaryDistribution();
        expect(stationary.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
        for (const [next, share] of stationary.entries())
          expect(
            stationary.reduce((sum, p, previous) => sum + p * transitions[previous]![next]!, 0),
          ).toBeCloseTo(share, 10);
        expect(chain.entropyRate()).toBeGreaterThanOrEqual(-1e-12);
        expect(chain.entropyRate()).toBeLessThanOrEqual(Math.log(chain.size) + 1e-12);
      }),
    );
  });

  it("knows chains that alternate, and those that fall apart", () => {
    const alternating = new MarkovChain([
      [0, 1],
      [1, 0],
    ]);
    expect([...alternating.stationaryDistribution()]).toEqual([0.5, 0.5]);
    expect(alternating.entropyRate()).toBe(0);
    const apart = new MarkovChain([
      [1, 0],
      [0, 1],
    ]);
    expect(() => apart.stationaryDistribution()).toThrowError(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("refuses rows that are no distribution", () => {
    for (const row of [[0.5, 0.4], [1.5, -0.5], [1], [Number.NaN, 1]])
      expect(() => new MarkovChain([[0.5, 0.5], row])).toThrowError(
        expect.objectContaining({ where: "transitions" }),
      );
  });
});

describe("scoreTokens", () => {
  const model = TableModel.bytes();
  const prefixes = fc.constantFrom(null, 256, 257);
  const windows: fc.Arbitrary<WindowOptions> = fc
    .record({
      context: fc.integer({ min: 4, max: 20 }),
      stride: fc.integer({ min: 1, max: 19 }),
      prefix: prefixes,
      prefixIn: fc.constantFrom("first" as const, "every" as const),
      extendLast: fc.boolean(),
      sinks: fc.nat(5),
      overwriteFirst: prefixes,
    })
    .chain(({ context, stride, sinks, ...rest }) => {
      const step = Math.min(stride, context - 2);
      return fc.constantFrom<WindowOptions>(
        { method: "disjoint", context, ...rest },
        { method: "strided", context, stride: step, ...rest },
        { method: "half", context, ...rest },
        { method: "cached", context, stride: step, sinks: Math.min(sinks, context - step - 1), ...rest },
        { method: "full", context: null, ...rest },
      );
    });

  it("predicts each token from the last one that the plan lets it see", async () => {
    const documents = fc.array(fc.nat(255), { minLength: 40, maxLength: 70 });
    await fc.assert(
      fc.asyncProperty(documents, windows, async (ids, window) => {
        const plan = planWindows(ids.length, window);
        const spans = await collect(model.scoreTokens(ids, plan));
        const logprobs = spans.flatMap((span) => [...span.logprobs]);
        const lastSeen = (sight: Sight): number => {
          const { prefix, document } = sight;
          return document.length > 0 ? ids[document.at(-1)!.end - 1]! : prefix.at(-1)!;
        };
        const expected = visibility(plan).map((sight) => [
          sight.token,
          Math.log(model.chain.probability(lastSeen(sight), ids[sight.token]!)),
        ]);
        expect(spans.flatMap(({ start, logprobs }) => Array.from(logprobs, (_, i) => start + i))).toEqual(
          expected.map(([token]) => token),
        );
        for (const [i, [, logprob]] of expected.entries()) expect(logprobs[i]).toBeCloseTo(logprob!, 10);
      }),
      { numRuns: 300 },
    );
  });

  it("refuses plans that cannot be carried out", async () => {
    const step = { forget: "all", prefix: [], run: { start: 0, end: 2 }, overwriteFirst: null } as const;
    const plan = (context: number, start: number) => ({
      method: "full" as const,
      tokens: 3,
      context,
      steps: [{ ...step, score: { start, end: 3 } }],
    });
    const run = (context: number, start: number) =>
      collect(model.scoreTokens([1, 2, 3], plan(context, start)));
    await expect(run(2, 1)).resolves.toHaveLength(1);
    await expect(run(2, 0)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", where: "step 0" });
    await expect(run(1, 1)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", where: "step 0" });
  });
});
