/** Lists of alternatives as servers send them: rounded, and wrong. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Alternative, TokenRecord } from "../token.ts";
import { type MeterOptions, PerplexityMeter } from "./index.ts";

function metered(stream: readonly TokenRecord[], options: MeterOptions): PerplexityMeter {
  const meter = new PerplexityMeter(options);
  for (const record of stream) meter.push(record);
  return meter;
}

/** The nearest number with 8 significant bits. */
function bfloat16(x: number): number {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 7);
  return Math.round(x / unit) * unit;
}

describe("alternatives", () => {
  it("takes a sum of probabilities above 1 that rounding to bfloat16 explains, as TGI's numbers have it", () => {
    const half = -0.69140625; // ln 0.5 as bfloat16: twice it sums to 1.0017
    const list = ["b", "c"].map((text) => ({ text, logprob: half }));
    const reading = metered([{ text: "b", logprob: half, alternatives: list }], {}).read();
    expect(reading.entropy.last).toBeCloseTo(Math.LN2, 12);
    expect(reading.margin.last).toBe(0);
    expect(reading.confidence.last).toBeCloseTo(-half, 12);
  });

  it("bounds the entropy of numbers rounded to bfloat16 like that of the exact ones", () => {
    const distribution = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), {
      minLength: 2,
      maxLength: 20,
    });
    fc.assert(
      fc.property(distribution, (weights) => {
        const sum = weights.reduce((a, b) => a + b);
        const lnP = weights.map((weight) => Math.log(weight / sum)).sort((a, b) => b - a);
        const exact = -lnP.reduce((total, x) => total + Math.exp(x) * x, 0);
        const alternatives = lnP.map((x, id) => ({ text: "x", id, logprob: bfloat16(x) }));
        const meter = metered([{ text: "x", logprob: -1, alternatives }], { vocabularySize: lnP.length });
        expect(Math.abs((meter.read().entropy.last as number) - exact)).toBeLessThan(0.03);
      }),
    );
  });

  it.each<[string, Alternative[]]>([
    ["probabilities that sum to more than 1", ["b", "c"].map((text) => ({ text, logprob: Math.log(0.6) }))],
    ["a probability above 1", [{ text: "b", logprob: 0.5 }]],
    ["an infinite probability", [{ text: "b", logprob: Number.POSITIVE_INFINITY }]],
    ["a token twice, by its id", [1, 1].map((id) => ({ text: "b", id, logprob: -2 }))],
    ["a token twice, by its text", [0, 0].map(() => ({ text: "b", logprob: -2 }))],
  ])("takes alternatives with %s as if they were not there, and goes on", (_, alternatives) => {
    const record = { text: "a", logprob: -1 };
    const [with_, without] = [{ ...record, alternatives }, record].map((one) =>
      metered([one, { ...record, alternatives: [record] }], {}).read(),
    );
    expect(with_).toEqual(without);
    expect(with_!.scored).toBe(2);
    const { entropy, margin, confidence } = metered([{ ...record, alternatives }], {}).read();
    expect([entropy.last, margin.last, confidence.last]).toEqual([null, null, null]);
  });

  it("takes tokens of the same text or number as the different ones they are", () => {
    for (const alternatives of [
      [1, 2].map((id) => ({ text: "b", id, logprob: -2 })),
      [-2, -3].map((logprob) => ({ text: "b", logprob })),
      ["b", "c"].map((text) => ({ text, logprob: -2 })),
      [0, 0].map(() => ({ text: "\uFFFD", logprob: -2 })),
    ])
      expect(metered([{ text: "a", logprob: -1, alternatives }], {}).read().entropy.tokens).toBe(1);
  });
});
