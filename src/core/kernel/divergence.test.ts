import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DivergenceKernel, LogitKernel } from "./index.ts";

/** ln Σ e^logit in double precision, the largest apart and the others smallest first, so that nothing is lost. */
function logSumExp(row: Float32Array): number {
  const highest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const first = row.indexOf(highest);
  const others = [...row].filter((_, i) => i !== first).sort((a, b) => a - b);
  return highest + Math.log1p(others.reduce((sum, x) => sum + Math.exp(x - highest), 0));
}

/** δ - 1 + e^-δ without cancellation: by its series where δ is small. */
function excess(delta: number): number {
  if (Math.abs(delta) > 0.1) return delta - 1 + Math.exp(-delta);
  let term = (delta * delta) / 2;
  let sum = 0;
  for (let k = 3; k < 20; k++) {
    sum += term;
    term *= -delta / k;
  }
  return sum;
}

/** Σ p ln(p/q) - p + q in double precision, one obvious step after another. */
function reference(p: Float32Array, q: Float32Array): number {
  const lseP = logSumExp(p);
  const lseQ = logSumExp(q);
  const shift = lseP - lseQ;
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const x = p[i]!;
    const y = q[i]!;
    if (x === Number.NEGATIVE_INFINITY) sum += Math.exp(y - lseQ);
    else if (y === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
    else if (x - y - shift < -50) sum += Math.exp(y - lseQ);
    else sum += Math.exp(x - lseP) * excess(x - y - shift);
  }
  return sum;
}

const kernels = new Map<number, Promise<DivergenceKernel>>();
async function measured(p: Float32Array, q: Float32Array): Promise<DivergenceKernel> {
  if (!kernels.has(p.length)) kernels.set(p.length, DivergenceKernel.create(p.length));
  const kernel = await kernels.get(p.length)!;
  kernel.p.set(p);
  kernel.q.set(q);
  kernel.measure(logSumExp(p), logSumExp(q));
  expect(kernel.p).toEqual(p);
  expect(kernel.q).toEqual(q);
  return kernel;
}

/** ε: what single precision may round of x - y, the largest over the pairs that both allow. */
function rounding(p: Float32Array, q: Float32Array): number {
  return p.reduce((most, x, i) => {
    const difference = Math.abs(x - q[i]!);
    return difference < Number.POSITIVE_INFINITY ? Math.max(most, 2 ** -24 * difference) : most;
  }, 0);
}

async function expectExact(p: Float32Array, q: Float32Array): Promise<void> {
  const { divergence, topOfP, topOfQ } = await measured(p, q);
  const expected = reference(p, q);
  expect([topOfP, topOfQ]).toEqual([p.indexOf(Math.max(...p)), q.indexOf(Math.max(...q))]);
  if (expected === Number.POSITIVE_INFINITY) expect(divergence).toBe(expected);
  else {
    const rounded = rounding(p, q) * Math.min(1, Math.sqrt(2 * expected));
    expect(Math.abs(divergence - expected)).toBeLessThanOrEqual(1e-6 * expected + 1e-9 + rounded);
  }
}

/** Two rows of one length, each with something above -Infinity. */
function pairs(logit: fc.Arbitrary<number>, other = logit, maxLength = 300) {
  const possible = (row: Float32Array) => row.some((x) => x > Number.NEGATIVE_INFINITY);
  const row = (values: fc.Arbitrary<number>, length: number) =>
    fc.array(values, { minLength: length, maxLength: length }).map((list) => Float32Array.from(list));
  return fc
    .integer({ min: 1, max: maxLength })
    .chain((length) => fc.tuple(row(logit, length).filter(possible), row(other, length).filter(possible)));
}

const normal = fc.double({ min: -30, max: 30, noNaN: true });
const impossible = fc.constant(Number.NEGATIVE_INFINITY);

describe("DivergenceKernel against double precision", () => {
  it.each<[string, fc.Arbitrary<[Float32Array, Float32Array]>]>([
    ["logits as models give them", pairs(normal)],
    ["few different values, so many ties", pairs(fc.integer({ min: -3, max: 3 }))],
    ["tokens that p rules out", pairs(fc.oneof(normal, impossible), normal)],
    ["tokens that q rules out", pairs(normal, fc.oneof(normal, impossible))],
    ["tokens that both may rule out", pairs(fc.oneof(normal, impossible))],
    ["far apart", pairs(fc.double({ min: -3000, max: 3000, noNaN: true }))],
  ])("%s", async (_name, rows) => {
    await fc.assert(
      fc.asyncProperty(rows, (pair) => expectExact(...pair)),
      { numRuns: 50 },
    );
  });

  it("nearly equal rows, as of two precisions of one model: small divergences keep their digits", async () => {
    const nearly = fc.tuple(
      fc.array(fc.tuple(normal, fc.double({ min: -1, max: 1, noNaN: true })), {
        minLength: 2,
        maxLength: 300,
      }),
      fc.constantFrom(1, 1e-1, 1e-2, 1e-3, 1e-4),
      fc.double({ min: -20, max: 20, noNaN: true }),
    );
    await fc.assert(
      fc.asyncProperty(nearly, async ([list, size, shift]) => {
        const p = Float32Array.from(list, ([x]) => x);
        const q = Float32Array.from(list, ([x, change]) => x + size * change + shift);
        const expected = reference(p, q);
        const { divergence } = await measured(p, q);
        // In Σ p δ²/2 an error ε of each δ is at most ε √(Σ p δ²) + ε²/2 (Cauchy-Schwarz).
        const ε = rounding(p, q);
        expect(Math.abs(divergence - expected)).toBeLessThanOrEqual(
          1e-5 * expected + ε * Math.sqrt(2 * expected) + ε * ε + 1e-30,
        );
      }),
      { numRuns: 100 },
    );
  });

  it("is 0 for equal rows, and for rows that differ by a constant; never negative", async () => {
    await fc.assert(
      fc.asyncProperty(pairs(fc.oneof(fc.integer({ min: -40, max: 40 }), impossible)), async ([p, q]) => {
        expect((await measured(p, p)).divergence).toBe(0);
        expect(
          (
            await measured(
              p,
              p.map((x) => x + 17),
            )
          ).divergence,
        ).toBeLessThan(1e-13);
        expect((await measured(p, q)).divergence).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 200 },
    );
  });

  it("a vocabulary of 262,144 tokens loses nothing", async () => {
    const size = 262_144;
    const kernel = await DivergenceKernel.create(size);
    let state = 1;
    const uniform = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state + 1) / 2 ** 32;
    };
    const gaussian = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const p = Float32Array.from({ length: size }, () => 3 * gaussian());
    const close = p.map((x) => x + 0.01 * gaussian());
    const other = p.map((x) => x + gaussian());
    for (const q of [close, other]) {
      const expected = reference(p, q);
      kernel.p.set(p);
      kernel.q.set(q);
      kernel.measure(logSumExp(p), logSumExp(q));
      expect(Math.abs(kernel.divergence / expected - 1)).toBeLessThan(1e-6);
    }
  });
});

describe("DivergenceKernel in closed form", () => {
  it("two tokens: p ln(p/q) + (1-p) ln((1-p)/(1-q))", async () => {
    for (const [a, b] of [
      [0, 0.001],
      [0.3, -2],
      [5, 40],
      [-3, 60],
    ] as const) {
      const p = 1 / (1 + Math.exp(-Math.fround(a)));
      const [lnQ, ln1mQ] = [-Math.log1p(Math.exp(-Math.fround(b))), -Math.log1p(Math.exp(Math.fround(b)))];
      const expected = p * (Math.log(p) - lnQ) + (1 - p) * (Math.log1p(-p) - ln1mQ);
      const { divergence } = await measured(Float32Array.of(a, 0), Float32Array.of(b, 0));
      expect(Math.abs(divergence / expected - 1)).toBeLessThan(1e-6);
    }
  });

  it("a certain token against a uniform choice: ln V", async () => {
    const p = new Float32Array(1000).fill(Number.NEGATIVE_INFINITY);
    p[998] = 2.5;
    const { divergence, topOfP, topOfQ } = await measured(p, new Float32Array(1000).fill(-7));
    expect(divergence).toBeCloseTo(Math.log(1000), 6);
    expect([topOfP, topOfQ]).toEqual([998, 0]);
    expect((await measured(new Float32Array(1000), p)).divergence).toBe(Number.POSITIVE_INFINITY);
  });

  it("takes the log-sum-exps of LogitKernel, whose error it does not notice", async () => {
    const p = Float32Array.from({ length: 5000 }, (_, i) => 9 * Math.sin(i * i));
    const q = p.map((x, i) => x + 0.01 * Math.cos(i));
    const logits = await LogitKernel.create(5000, 0);
    const logSumExps = [p, q].map((row) => {
      logits.row.set(row);
      logits.analyse(-1, 0);
      return logits.logSumExp;
    });
    const kernel = await DivergenceKernel.create(5000);
    kernel.p.set(p);
    kernel.q.set(q);
    for (const error of [0, 1e-6, -1e-6]) {
      kernel.measure(logSumExps[0]! + error, logSumExps[1]!);
      expect(Math.abs(kernel.divergence / reference(p, q) - 1)).toBeLessThan(1e-5);
    }
  });
});

describe("DivergenceKernel without a softmax", () => {
  it("is missing, also after a good pair", async () => {
    const kernel = await measured(
      new Float32Array(70),
      Float32Array.from({ length: 70 }, (_, i) => i),
    );
    expect(kernel.divergence).toBeGreaterThan(0);
    for (const [p, q] of [
      [Number.NaN, 1],
      [1, Number.NaN],
      [1, Number.NEGATIVE_INFINITY],
      [Number.POSITIVE_INFINITY, 1],
    ] as const) {
      kernel.measure(p, q);
      expect([kernel.divergence, kernel.topOfP, kernel.topOfQ]).toEqual([Number.NaN, -1, -1]);
    }
  });

  it("refuses a vocabulary of nothing", async () => {
    const invalid = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    await expect(DivergenceKernel.create(0)).rejects.toEqual(invalid);
  });
});
