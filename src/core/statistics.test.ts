import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addToken, emptySums, perplexity } from "./perplexity.ts";
import {
  blockBootstrap,
  defaultBlockLength,
  documentBootstrap,
  perplexityStandardError,
  seededRandom,
} from "./statistics.ts";

function sumsOf(logprobs: Iterable<number>) {
  const sums = emptySums();
  for (const logprob of logprobs) addToken(sums, logprob);
  return sums;
}

/** n values -x_t with x an AR(1) series of mean 3: x_t - 3 = phi (x_{t-1} - 3) + noise of variance 1. */
function autoregressive(n: number, phi: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const series = new Float64Array(n);
  let deviation = 0;
  for (let t = 0; t < n; t++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    deviation = phi * deviation + normal;
    series[t] = -(10 + deviation); // far enough from 0 that no ln p is above it
  }
  return series;
}

describe("perplexityStandardError", () => {
  it("is the standard error of the mean NLL times the perplexity", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -20, max: 0, noNaN: true }), { minLength: 2, maxLength: 50 }),
        (values) => {
          const n = values.length;
          const mean = -values.reduce((sum, x) => sum + x, 0) / n;
          const variance = values.reduce((sum, x) => sum + (-x - mean) ** 2, 0) / n;
          const expected = Math.sqrt(variance / (n - 1)) * Math.exp(mean);
          expect(Math.abs(perplexityStandardError(sumsOf(values))! - expected)).toBeLessThan(
            1e-6 * Math.exp(mean),
          );
        },
      ),
    );
  });

  it("is 0 for equal tokens, null where it has no meaning", () => {
    expect(perplexityStandardError(sumsOf([-2, -2, -2]))).toBe(0);
    expect(perplexityStandardError(sumsOf([-2]))).toBeNull();
    expect(perplexityStandardError(emptySums())).toBeNull();
    expect(perplexityStandardError(sumsOf([-2, -Infinity]))).toBeNull();
    expect(perplexityStandardError(sumsOf([-800, -800]))).toBeNull(); // exp(800) is beyond the greatest number
  });
});

describe("blockBootstrap", () => {
  it("equals a slow implementation that copies the blocks", () => {
    const logprobs = autoregressive(57, 0.5, 1);
    const [blockLength, resamples, seed] = [5, 40, 9];
    const random = seededRandom(seed);
    const means = Array.from({ length: resamples }, () => {
      const sample: number[] = [];
      while (sample.length < 57) {
        const start = Math.floor(random() * 57);
        for (let i = 0; i < blockLength; i++) sample.push(logprobs[(start + i) % 57]!);
      }
      return Math.log(perplexity(sample.slice(0, 57))!);
    });
    const mean = means.reduce((sum, x) => sum + x, 0) / resamples;
    const variance = means.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (resamples - 1);
    const result = blockBootstrap(logprobs, { blockLength, resamples, seed, level: 0.9 })!;
    expect(result.standardError).toBeCloseTo(Math.sqrt(variance) * perplexity(logprobs)!, 9);
    means.sort((a, b) => a - b); // places 0.05·39 = 1.95 and 0.95·39 = 37.05
    expect(Math.log(result.low)).toBeCloseTo(means[1]! + 0.95 * (means[2]! - means[1]!), 9);
    expect(Math.log(result.high)).toBeCloseTo(means[37]! + 0.05 * (means[38]! - means[37]!), 9);
  });

  it("agrees with llama.cpp's formula where tokens are independent", () => {
    const logprobs = autoregressive(20_000, 0, 2);
    const formula = perplexityStandardError(sumsOf(logprobs))!;
    for (const blockLength of [1, 28]) {
      const { standardError } = blockBootstrap(logprobs, { blockLength })!;
      expect(Math.abs(standardError / formula - 1)).toBeLessThan(0.1);
    }
  });

  it("of few tokens, one of them a shock, stays near the formula", () => {
    const logprobs = [-2, -1, -0.5, -9, -1, -0.2, -2, -0.1, -1, -0.3];
    const formula = perplexityStandardError(sumsOf(logprobs))!;
    expect(blockBootstrap(logprobs)!.standardError / formula).toBeCloseTo(1, 0);
  });

  it("sees the dependence of neighbours that the formula misses", () => {
    // AR(1): the standard error of the mean is sqrt((1+phi)/(1-phi)) = 3 times that of independent values.
    const logprobs = autoregressive(100_000, 0.8, 3);
    const ratio =
      blockBootstrap(logprobs, { blockLength: 200 })!.standardError /
      perplexityStandardError(sumsOf(logprobs))!;
    expect(ratio).toBeGreaterThan(2.5);
    expect(ratio).toBeLessThan(3.5);
  });

  it("has intervals that cover the truth about as often as they say", () => {
    const runs = 200;
    let covered = 0;
    for (let seed = 0; seed < runs; seed++) {
      const { low, high } = blockBootstrap(autoregressive(1000, 0.3, 100 + seed), { seed, resamples: 200 })!;
      if (low <= Math.exp(10) && Math.exp(10) <= high) covered++;
    }
    expect(covered / runs).toBeGreaterThan(0.87);
    expect(covered / runs).toBeLessThan(0.99);
  });

  it("is the same for the same seed, drops what is missing, and surrounds the perplexity", () => {
    const logprobs = autoregressive(500, 0.5, 4);
    const holes = Float64Array.from({ length: 1000 }, (_, i) => (i % 2 ? logprobs[i >> 1]! : Number.NaN));
    const result = blockBootstrap(logprobs, { seed: 7 })!;
    expect(blockBootstrap(holes, { seed: 7 })).toEqual(result);
    expect(blockBootstrap(logprobs, { seed: 8 })).not.toEqual(result);
    expect(result.low).toBeLessThan(perplexity(logprobs)!);
    expect(result.high).toBeGreaterThan(perplexity(logprobs)!);
    expect(result.blockLength).toBe(16);
  });

  it("has nothing to say about fewer than two tokens, or an infinite perplexity", () => {
    expect(blockBootstrap([])).toBeNull();
    expect(blockBootstrap([-1, Number.NaN])).toBeNull();
    expect(blockBootstrap([-1, -2, -Infinity])).toBeNull();
    expect(blockBootstrap([-800, -800, -800])).toBeNull();
    expect(blockBootstrap([-2, -2])!.standardError).toBeCloseTo(0, 10);
    expect(blockBootstrap([-1, -3])!.standardError).toBeGreaterThan(1);
  });

  it("refuses parameters without a meaning", () => {
    for (const options of [
      { resamples: 1 },
      { blockLength: 0 },
      { blockLength: 4 },
      { level: 1 },
      { level: Number.NaN },
    ])
      expect(() => blockBootstrap([-1, -2, -3], options)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });

  it("grows its blocks with the cube root of the text", () => {
    expect([2, 20, 256, 4096, 1e6].map(defaultBlockLength)).toEqual([1, 4, 16, 16, 100]);
  });
});

/** D documents of 1 ... 40 tokens, with x = 3 n + noise that grows with sqrt(n). */
function documents(count: number, seed: number): { x: number[]; n: number[] } {
  const random = seededRandom(seed);
  const n = Array.from({ length: count }, () => 1 + Math.floor(40 * random()));
  return { n, x: n.map((each) => 3 * each + Math.sqrt(12 * each) * (random() - 0.5)) };
}

/** Standard error of Σ x / Σ n by linearisation: Cochran 1977, "Sampling Techniques", section 6.4. */
function ratioError(x: readonly number[], n: readonly number[]): { ratio: number; standardError: number } {
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const ratio = total(x) / total(n);
  const squares = total(x.map((each, i) => (each - ratio * n[i]!) ** 2));
  return { ratio, standardError: Math.sqrt((squares * x.length) / (x.length - 1)) / total(n) };
}

describe("documentBootstrap", () => {
  it("equals a slow implementation that draws documents", () => {
    const { x, n } = documents(23, 5);
    const [resamples, seed] = [40, 11];
    const random = seededRandom(seed);
    const means = Array.from({ length: resamples }, () => {
      const drawn = Array.from({ length: 23 }, () => Math.floor(random() * 23));
      return drawn.reduce((sum, i) => sum + x[i]!, 0) / drawn.reduce((sum, i) => sum + n[i]!, 0);
    }).sort((a, b) => a - b);
    const mean = means.reduce((sum, each) => sum + each, 0) / resamples;
    const variance = means.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (resamples - 1);
    const result = documentBootstrap(x, n, { seed, resamples, level: 0.9 })!;
    expect(result.standardError).toBeCloseTo(Math.sqrt(variance), 12);
    expect(result.low).toBeCloseTo(means[1]! + 0.95 * (means[2]! - means[1]!), 12);
    expect(result.high).toBeCloseTo(means[37]! + 0.05 * (means[38]! - means[37]!), 12);
  });

  it.each([100, 3000, 10_000, 10_001, 50_000, 300_000])(
    "of %i documents is the standard error of a ratio, with the ratio inside",
    (count) => {
      const { x, n } = documents(count, count);
      const { ratio, standardError } = ratioError(x, n);
      const result = documentBootstrap(x, n)!;
      expect(Math.abs(result.standardError / standardError - 1)).toBeLessThan(0.12); // 1000 resamples: ± 2 %
      expect(result.low).toBeLessThan(ratio);
      expect(result.high).toBeGreaterThan(ratio);
      expect((result.high - result.low) / (2 * 1.96 * standardError)).toBeCloseTo(1, 0);
    },
  );

  it("does not take order for dependence: sorted documents have the same error", () => {
    const { x, n } = documents(60_000, 1);
    const order = [...n.keys()].sort((a, b) => x[a]! / n[a]! - x[b]! / n[b]!);
    const sorted = documentBootstrap(
      order.map((i) => x[i]!),
      order.map((i) => n[i]!),
    )!;
    expect(sorted.standardError / ratioError(x, n).standardError).toBeCloseTo(1, 0.5);
  });

  it("has nothing to say about one document, or an infinite sum, and refuses what has no meaning", () => {
    expect(documentBootstrap([], [])).toBeNull();
    expect(documentBootstrap([3], [1])).toBeNull();
    expect(documentBootstrap([1, 2, Infinity], [1, 1, 1])).toBeNull();
    expect(documentBootstrap([1, 2, Infinity], [1, 1, 1], { resamples: 2, seed: 3 })).toBeNull();
    expect(documentBootstrap([1, 2], [0, 0])).toBeNull();
    expect(documentBootstrap([2, 4], [1, 2])!.standardError).toBe(0);
    for (const options of [{ resamples: 1 }, { level: 1 }])
      expect(() => documentBootstrap([1, 2], [1, 1], options)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });
});

describe("seededRandom", () => {
  it("gives the published numbers of mulberry32", () => {
    // reference: the C source by Tommy Ettinger, seed 0, as 32-bit integers
    const random = seededRandom(0);
    expect(Array.from({ length: 3 }, () => random() * 2 ** 32)).toEqual(REFERENCE);
  });
});

const REFERENCE = [1144304738, 1416247, 958946056];
