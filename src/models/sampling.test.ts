import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../core/index.ts";
import { createSampler, type SamplingOptions, samplingDistribution } from "./sampling.ts";

/** The whole procedure, sorting everything: id -> probability. */
function reference(logits: Float32Array, { temperature = 0, topK = 0, topP = 1 }: SamplingOptions) {
  const highest = Math.max(...logits);
  let kept = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
  if (temperature === 0) return new Map([[kept[0]!, 1]]);
  if (topK > 0) kept = kept.slice(0, topK);
  const total = sum(kept.map((id) => Math.exp(logits[id]! - highest)));
  const cut = kept.findIndex(
    (_, i) => sum(kept.slice(0, i + 1).map((id) => Math.exp(logits[id]! - highest))) >= topP * total,
  );
  if (topP < 1 && cut >= 0) kept = kept.slice(0, cut + 1);
  const weights = kept.map((id) => Math.exp((logits[id]! - highest) / temperature));
  return new Map(kept.map((id, i) => [id, weights[i]! / sum(weights)]));
}

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
const logprobs = (...probabilities: number[]) => Float32Array.from(probabilities, Math.log);

const rows = fc
  .array(
    fc.oneof(fc.double({ min: -20, max: 20, noNaN: true }), fc.constantFrom(0, 1, Number.NEGATIVE_INFINITY)),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  .filter((row) => row.some((x) => x > Number.NEGATIVE_INFINITY))
  .map((row) => Float32Array.from(row));
const options = fc.record({
  temperature: fc.double({ min: 0, max: 3, noNaN: true }),
  topK: fc.nat(45),
  // Not where a sum of floats meets the border exactly.
  topP: fc.double({ min: 0.001, max: 1, noNaN: true }),
});

describe("samplingDistribution", () => {
  it("is what sorting everything gives", () => {
    fc.assert(
      fc.property(rows, options, (row, choice) => {
        const { ids, probabilities } = samplingDistribution(row, choice);
        const expected = reference(row, choice);
        expect([...ids].sort((a, b) => a - b)).toEqual([...expected.keys()].sort((a, b) => a - b));
        for (const [i, id] of ids.entries()) expect(probabilities[i]).toBeCloseTo(expected.get(id)!, 12);
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps the smallest nucleus: the token that reaches the mass is in it", () => {
    const row = logprobs(0.1, 0.4, 0.2, 0.3);
    expect([...samplingDistribution(row, { temperature: 1, topP: 0.39 }).ids]).toEqual([1]);
    expect([...samplingDistribution(row, { temperature: 1, topP: 0.41 }).ids]).toEqual([1, 3]);
    expect([...samplingDistribution(row, { temperature: 1, topP: 0.69 }).ids]).toEqual([1, 3]);
    expect([...samplingDistribution(row, { temperature: 1, topP: 0.71 }).ids]).toEqual([1, 3, 2]);
  });

  it("takes top-p of what top-k left, and the temperature after both", () => {
    const row = logprobs(0.1, 0.4, 0.2, 0.3);
    // Of {0.4, 0.3} the first has 4/7 = 0.571 of the mass.
    expect([...samplingDistribution(row, { temperature: 1, topK: 2, topP: 0.57 }).ids]).toEqual([1]);
    const { ids, probabilities } = samplingDistribution(row, { temperature: 0.5, topK: 2, topP: 0.58 });
    expect([...ids]).toEqual([1, 3]);
    expect(probabilities[0]).toBeCloseTo(0.16 / (0.16 + 0.09), 6); // p^(1/T), normalised
    expect([...samplingDistribution(row, { temperature: 100, topP: 0.41 }).ids]).toEqual([1, 3]);
  });

  it("cuts ties at the higher id", () => {
    const row = new Float32Array(9);
    expect([...samplingDistribution(row, { temperature: 1, topK: 3 }).ids]).toEqual([0, 1, 2]);
  });
});

describe("createSampler", () => {
  it("is greedy by default, lowest id first", () => {
    expect(createSampler()(Float32Array.of(1, 5, 5, 2))).toBe(1);
    expect(createSampler({ topK: 3, topP: 0.1, seed: 7 })(Float32Array.of(1, 5, 5, 2))).toBe(1);
  });

  // Critical values of chi-square at p = 0.001, so a wrong distribution fails and these fixed seeds pass.
  it.each<[SamplingOptions, number, number]>([
    [{ temperature: 1 }, 5, 18.47],
    [{ temperature: 0.7 }, 5, 18.47],
    [{ temperature: 2 }, 5, 18.47],
    [{ temperature: 1, topK: 4 }, 4, 16.27],
    [{ temperature: 1, topP: 0.8 }, 3, 13.82],
    [{ temperature: 1.5, topK: 4, topP: 0.85 }, 3, 13.82],
  ])("draws from that distribution: %o", (choice, support, critical) => {
    const row = logprobs(0.05, 0.4, 0.1, 0.3, 0.15);
    const expected = reference(row, choice);
    expect(expected.size).toBe(support);
    const draws = 20_000;
    const counts = new Map<number, number>();
    const sample = createSampler({ ...choice, seed: 20_240_601 });
    for (let i = 0; i < draws; i++) {
      const id = sample(row);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([...expected.keys()].sort());
    const chiSquare = sum([...expected].map(([id, p]) => (counts.get(id)! - draws * p) ** 2 / (draws * p)));
    expect(chiSquare).toBeLessThan(critical);
  });

  it("the same seed gives the same tokens, another seed others, and logits serve as well as ln p", () => {
    const row = Float32Array.from({ length: 50 }, (_, i) => Math.sin(i));
    const draws = (seed: number, shift = 0) => {
      const sample = createSampler({ temperature: 1, seed });
      return Array.from({ length: 40 }, () => sample(row.map((x) => x + shift)));
    };
    expect(draws(3)).toEqual(draws(3));
    expect(draws(3)).not.toEqual(draws(4));
    expect(draws(3, 8)).toEqual(draws(3));
    expect(draws(0).slice(0, 8)).toMatchInlineSnapshot(`
      [
        13,
        0,
        9,
        7,
        21,
        26,
        29,
        32,
      ]
    `);
  });

  it("never draws an impossible token", () => {
    const row = Float32Array.of(
      Number.NEGATIVE_INFINITY,
      0,
      Number.NEGATIVE_INFINITY,
      0,
      Number.NEGATIVE_INFINITY,
    );
    const sample = createSampler({ temperature: 1 });
    const drawn = new Set(Array.from({ length: 1000 }, () => sample(row)));
    expect([...drawn].sort()).toEqual([1, 3]);
  });

  it("cuts a vocabulary of 262,144 tokens as sorting does", () => {
    const row = Float32Array.from({ length: 262_144 }, (_, i) => Math.sin(i * i) * 10);
    const sorted = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b);
    const { ids } = samplingDistribution(row, { temperature: 0.8, topK: 1000 });
    expect([...ids]).toEqual(sorted.slice(0, 1000));
    const half = samplingDistribution(row, { temperature: 0.8, topP: 0.5 }).ids;
    expect([...half]).toEqual(sorted.slice(0, half.length));
    expect(half.length).toBeLessThan(row.length / 2);
  });

  it("draws from the distribution, uncut too, with one number of the generator for each", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 1 }), (values) => {
        const row = Float32Array.from(values);
        for (const options of [{ temperature: 0.7 }, { temperature: 2, seed: 3 }]) {
          const { ids, probabilities } = samplingDistribution(row, options);
          const random = seededRandom(options.seed ?? 0);
          const sample = createSampler(options);
          for (let draw = 0; draw < 5; draw++) {
            let [left, drawn] = [random(), -1];
            for (const [place, probability] of probabilities.entries()) {
              if (left < 0 || probability === 0) continue;
              drawn = ids[place]!;
              left -= probability;
            }
            expect(sample(row)).toBe(drawn);
          }
        }
      }),
    );
  });

  it("refuses options out of range and rows that are no distribution", () => {
    const invalid = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    for (const bad of [
      { temperature: -1 },
      { temperature: Number.NaN },
      { temperature: Number.POSITIVE_INFINITY },
      { topK: 1.5 },
      { topK: -1 },
      { topP: 0 },
      { topP: 1.01 },
      { seed: -1 },
      { seed: 2 ** 32 },
    ])
      expect(() => createSampler(bad)).toThrowError(invalid);
    for (const temperature of [0, 1])
      for (const bad of [
        [1, Number.NaN],
        [Number.NaN, 1],
        [1, Number.POSITIVE_INFINITY],
        [Number.NEGATIVE_INFINITY],
        [],
      ])
        expect(() => createSampler({ temperature })(Float32Array.from(bad))).toThrowError(invalid);
  });
});
