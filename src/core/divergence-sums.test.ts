import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addPairedToken, emptyPairedSums, type PairedToken, pairedMeasures, percentilesOf } from "./index.ts";

function measure(tokens: readonly PairedToken[]) {
  const sums = emptyPairedSums();
  for (const token of tokens) addPairedToken(sums, token);
  return pairedMeasures(sums)!;
}

const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
/** Covariance of two means, one obvious step after another. */
function covariance(a: number[], b: number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  return mean(a.map((x, i) => (x - meanA) * (b[i]! - meanB))) / (a.length - 1);
}

const token = fc.record({
  baseLogprob: fc.double({ min: -15, max: -1e-3, noNaN: true }),
  logprob: fc.double({ min: -15, max: -1e-3, noNaN: true }),
  divergence: fc.double({ min: 0, max: 5, noNaN: true }),
  sameTop: fc.boolean(),
});

describe("pairedMeasures", () => {
  it("is llama.cpp's formulas, written out", () => {
    fc.assert(
      fc.property(fc.array(token, { minLength: 3, maxLength: 60 }), (tokens) => {
        const base = tokens.map(({ baseLogprob }) => -baseLogprob);
        const model = tokens.map(({ logprob }) => -logprob);
        const measures = measure(tokens);
        const [u2, v2, uv] = [covariance(base, base), covariance(model, model), covariance(base, model)];
        const [pplBase, ppl] = [Math.exp(mean(base)), Math.exp(mean(model))];
        const near = (actual: number | null, expected: number) =>
          expect(Math.abs(actual! - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected)));
        near(measures.basePerplexity.value, pplBase);
        near(measures.basePerplexity.standardError, pplBase * Math.sqrt(u2));
        near(measures.perplexity.standardError, ppl * Math.sqrt(v2));
        near(measures.logRatio.value, Math.log(ppl / pplBase));
        near(measures.logRatio.standardError! ** 2, u2 + v2 - 2 * uv);
        near(measures.ratio.standardError, measures.logRatio.standardError! * (ppl / pplBase));
        near(measures.difference.value, ppl - pplBase);
        const variance = ppl ** 2 * v2 + pplBase ** 2 * u2 - 2 * ppl * pplBase * uv;
        expect(Math.abs(measures.difference.standardError! ** 2 - variance)).toBeLessThanOrEqual(
          1e-6 * (ppl ** 2 + pplBase ** 2),
        );
        if (u2 * v2 > 1e-9) near(measures.correlation, uv / Math.sqrt(u2 * v2));
        const changes = tokens.map(({ baseLogprob, logprob }) => Math.exp(logprob) - Math.exp(baseLogprob));
        near(measures.deltaP.value, mean(changes));
        near(measures.rmsDeltaP.value, Math.sqrt(mean(changes.map((x) => x * x))));
        near(measures.divergence.value, mean(tokens.map(({ divergence }) => divergence)));
        near(measures.sameTop.value, mean(tokens.map(({ sameTop }) => (sameTop ? 1 : 0))));
      }),
    );
  });

  it("equal models: ratio 1 with no error, correlation 1", () => {
    const same = [-1, -2, -0.5, -7].map((logprob) => ({
      baseLogprob: logprob,
      logprob,
      divergence: 0,
      sameTop: true,
    }));
    const { logRatio, ratio, difference, correlation, divergence, rmsDeltaP } = measure(same);
    expect([logRatio, divergence, rmsDeltaP]).toEqual([
      { value: 0, standardError: 0 },
      { value: 0, standardError: 0 },
      { value: 0, standardError: 0 },
    ]);
    expect(ratio).toEqual({ value: 1, standardError: 0 });
    expect(difference.value).toBe(0);
    expect(difference.standardError).toBeLessThan(1e-6);
    expect(correlation).toBeCloseTo(1, 12);
  });

  it("leaves out what has no number in one of the models", () => {
    const good = { baseLogprob: -1, logprob: -2, divergence: 0.1, sameTop: false };
    const measures = measure([
      good,
      { ...good, logprob: Number.NaN },
      { ...good, baseLogprob: Number.NaN },
      good,
    ]);
    expect(measures.scored).toBe(2);
    expect(measures.perplexity.value).toBeCloseTo(Math.exp(2), 12);
  });

  it("a token that the model rules out: infinite, without an error; over no tokens nothing", () => {
    const ruled = { baseLogprob: -1, logprob: -Infinity, divergence: Infinity, sameTop: false };
    const measures = measure([{ ...ruled, logprob: -1, divergence: 0 }, ruled, ruled]);
    expect(measures.perplexity).toEqual({ value: Infinity, standardError: null });
    expect(measures.divergence).toEqual({ value: Infinity, standardError: null });
    expect(measures.basePerplexity.value).toBeCloseTo(Math.E, 12);
    expect(measures.difference.standardError).toBeNull();
    expect(measures.correlation).toBeNull();
    expect(measures.rmsDeltaP.value).toBeCloseTo(Math.sqrt(2 / 3) / Math.E, 12);
    expect(pairedMeasures(emptyPairedSums())).toBeNull();
  });
});

describe("percentilesOf", () => {
  it("interpolates between order statistics", () => {
    const thousand = Float32Array.from({ length: 1001 }, (_, i) => i);
    expect(percentilesOf(thousand)).toEqual({
      min: 0,
      "p0.1": 1,
      p1: 10,
      p5: 50,
      p10: 100,
      p25: 250,
      median: 500,
      p75: 750,
      p90: 900,
      p95: 950,
      p99: 990,
      "p99.9": 999,
      max: 1000,
    });
    expect(percentilesOf([1, 2])).toMatchObject({ min: 1, p25: 1.25, median: 1.5, max: 2 });
    expect(percentilesOf([7])).toMatchObject({ min: 7, median: 7, max: 7 });
    expect(percentilesOf([0, Infinity, Infinity]).median).toBe(Infinity);
  });
});
