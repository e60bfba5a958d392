import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distributionShape } from "../shape.ts";
import { LogitKernel } from "./index.ts";

/** The same numbers in double precision, one obvious step after another. */
function reference(row: Float32Array, target: number, k: number) {
  const highest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  // Apart from the first maximum, smallest first, so that the reference itself loses nothing.
  const first = row.indexOf(highest);
  const others = [...row].filter((_, i) => i !== first).sort((a, b) => a - b);
  const rest = others.reduce((sum, x) => sum + Math.exp(x - highest), 0);
  const logSum = Math.log1p(rest);
  const logprob = (i: number) => row[i]! - highest - logSum;
  let entropy = Math.exp(-logSum) * logSum; // the first maximum's -p ln p
  for (const x of others) {
    const logP = x - highest - logSum;
    if (logP > Number.NEGATIVE_INFINITY) entropy -= Math.exp(logP) * logP;
  }
  const order = [...row.keys()]
    .filter((i) => row[i]! > Number.NEGATIVE_INFINITY)
    .sort((a, b) => row[b]! - row[a]! || a - b);
  return {
    logSumExp: highest + logSum,
    entropy,
    logprob: logprob(target),
    rank: 1 + row.reduce((count, x) => count + (x > row[target]! ? 1 : 0), 0),
    top: order.slice(0, k).map((i) => ({ id: i, logprob: logprob(i) })),
  };
}

const kernels = new Map<number, Promise<LogitKernel>>();
/** One kernel per vocabulary size, used again and again, as a model uses it. */
function kernelFor(size: number): Promise<LogitKernel> {
  if (!kernels.has(size)) kernels.set(size, LogitKernel.create(size, Math.min(100, size)));
  return kernels.get(size)!;
}

async function expectExact(row: Float32Array, target: number, k: number): Promise<void> {
  const kernel = await kernelFor(row.length);
  const expected = reference(row, target, k);
  kernel.row.set(row);
  kernel.analyse(target, k);
  expect(kernel.row).toEqual(row);
  expect(Math.abs(kernel.logSumExp - expected.logSumExp)).toBeLessThanOrEqual(1e-6);
  expect(Math.abs(kernel.entropy - expected.entropy)).toBeLessThanOrEqual(
    Math.min(1e-6, 5e-6 * expected.entropy + 1e-30),
  );
  if (row[target] === Number.NEGATIVE_INFINITY) expect(kernel.logprob).toBe(Number.NEGATIVE_INFINITY);
  else expect(Math.abs(kernel.logprob - expected.logprob)).toBeLessThanOrEqual(1e-6);
  expect(kernel.rank).toBe(expected.rank);
  expect(kernel.argMax).toBe(reference(row, target, 1).top[0]!.id);
  const found = expected.top.length;
  expect([...kernel.topIds.subarray(0, found)]).toEqual(expected.top.map(({ id }) => id));
  expect([...kernel.topIds.subarray(found, k)]).toEqual(Array.from({ length: k - found }, () => -1));
  // Kept in single precision, so a log-probability of -30 nats has a last place of 2e-6.
  for (const [i, { logprob }] of expected.top.entries())
    expect(Math.abs(kernel.topLogprobs[i]! - logprob)).toBeLessThanOrEqual(1e-6 + 1e-7 * Math.abs(logprob));
  expect(kernel.topLogprobs.subarray(found, k).every(Number.isNaN)).toBe(true);
}

/** A row, a target in it, and k. */
function cases(logit: fc.Arbitrary<number>, maxLength = 300) {
  return fc
    .array(logit, { minLength: 1, maxLength })
    .filter((row) => row.some((x) => x > Number.NEGATIVE_INFINITY))
    .chain((row) =>
      fc.tuple(
        fc.constant(Float32Array.from(row)),
        fc.nat(row.length - 1),
        fc.nat(Math.min(row.length, 100)),
      ),
    );
}

/** Half of the largest single-precision number. */
const HALF_MAX = 2 ** 126;
const normal = fc.double({ min: -30, max: 30, noNaN: true });

describe("LogitKernel against double precision", () => {
  it.each<[string, fc.Arbitrary<number>]>([
    ["logits as models give them", normal],
    ["few different values, so many ties", fc.integer({ min: -3, max: 3 })],
    ["masked tokens (-Infinity)", fc.oneof(normal, fc.constant(Number.NEGATIVE_INFINITY))],
    ["far apart", fc.double({ min: -3000, max: 3000, noNaN: true })],
    ["any floats whose differences are floats", fc.float({ noNaN: true, min: -HALF_MAX, max: HALF_MAX })],
    ["signed zeros and the smallest floats", fc.constantFrom(0, -0, 1.4e-45, -1.4e-45, 1e-38, -1e-38)],
  ])("%s", async (_name, logit) => {
    await fc.assert(
      fc.asyncProperty(cases(logit), (row) => expectExact(...row)),
      { numRuns: 200 },
    );
  });

  it("one favourite and a crowd of equals, where every rounding error points the same way", async () => {
    const crowds = fc.tuple(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: -40, max: 40, noNaN: true }),
      fc.double({ min: 0, max: 80, noNaN: true }),
      fc.nat(),
    );
    await fc.assert(
      fc.asyncProperty(crowds, async ([size, highest, distance, place]) => {
        const row = new Float32Array(size).fill(highest - distance);
        row[place % size] = highest;
        await expectExact(row, (place + 1) % size, Math.min(size, 7));
      }),
      { numRuns: 200 },
    );
  });

  it("a vocabulary of 262,144 tokens loses nothing", async () => {
    const size = 262_144;
    let state = 1;
    const uniform = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state + 1) / 2 ** 32;
    };
    const gaussian = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    await expectExact(
      Float32Array.from({ length: size }, () => 3 * gaussian()),
      1234,
      100,
    );
    await expectExact(
      Float32Array.from({ length: size }, (_, i) => i / size),
      size - 2,
      100,
    ); // ascending
    await expectExact(new Float32Array(size).fill(-4.1).fill(12.3, 7, 8), size - 1, 3);
  });
});

describe("the shape of a row", () => {
  it.each<[string, fc.Arbitrary<number>]>([
    ["logits as models give them", normal],
    ["masked tokens (-Infinity)", fc.oneof(normal, fc.constant(Number.NEGATIVE_INFINITY))],
    ["far apart", fc.double({ min: -150, max: 150, noNaN: true })],
  ])("%s: that of the distribution in double precision", async (_name, logit) => {
    await fc.assert(
      fc.asyncProperty(cases(logit), async ([row]) => {
        const kernel = await kernelFor(row.length);
        kernel.row.set(row);
        kernel.analyse(-1, 0);
        const found = kernel.shape();
        expect(kernel.row).toEqual(row);
        const highest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
        const logSum = Math.log(row.reduce((sum, x) => sum + Math.exp(x - highest), 0));
        const expected = distributionShape(
          Float64Array.from(row, (x) => x - highest - logSum),
          "logprobs",
        );
        expect(found?.vocabularySize).toBe(row.length);
        expect(found?.possible).toBe(expected.possible);
        const { meanLogprob, rootSum, flatRootSum } = expected;
        expect(Math.abs(found!.meanLogprob - meanLogprob)).toBeLessThanOrEqual(
          2e-6 + 1e-6 * Math.abs(meanLogprob),
        );
        expect(Math.abs(found!.rootSum / rootSum - 1)).toBeLessThanOrEqual(1e-6);
        expect(Math.abs(found!.flatRootSum / flatRootSum - 1)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 200 },
    );
  });

  it("of a large vocabulary loses nothing, in closed form", async () => {
    const size = 262_144;
    const kernel = await kernelFor(size);
    kernel.row.fill(-4.1);
    kernel.analyse(-1, 0);
    const { possible, meanLogprob, rootSum, flatRootSum } = kernel.shape()!; // uniform: all roots are at their greatest
    expect(possible).toBe(size);
    expect(meanLogprob).toBeCloseTo(-Math.log(size), 6);
    expect(rootSum / Math.sqrt(size)).toBeCloseTo(1, 6);
    expect(flatRootSum / Math.sqrt(size)).toBeCloseTo(1, 6);
  });

  it("of a row without a softmax is none", async () => {
    const kernel = await kernelFor(3);
    kernel.row.set([1, Number.NaN, 2]);
    kernel.analyse(-1, 0);
    expect(kernel.shape()).toBeNull();
  });
});

describe("LogitKernel in closed form", () => {
  it.each([1, 2, 3, 4, 63, 64, 65, 49_152, 262_144])("uniform over %i tokens: entropy ln V", async (size) => {
    const kernel = await kernelFor(size);
    kernel.row.fill(-7.25);
    kernel.analyse(size - 1, 1);
    expect(kernel.entropy).toBeCloseTo(Math.log(size), 12);
    expect(kernel.logprob).toBeCloseTo(-Math.log(size), 12);
    expect(kernel.logSumExp).toBeCloseTo(-7.25 + Math.log(size), 12);
    expect([kernel.rank, kernel.argMax, kernel.topIds[0]]).toEqual([1, 0, 0]);
  });

  it("a certain token: entropy and surprisal 0, the others impossible", async () => {
    const kernel = await kernelFor(1000);
    kernel.row.fill(Number.NEGATIVE_INFINITY);
    kernel.row[998] = 3;
    kernel.analyse(998, 2);
    expect(kernel.entropy).toBeCloseTo(0, 30);
    expect(kernel.logprob).toBeCloseTo(0, 30);
    expect([...kernel.topIds.subarray(0, 2)]).toEqual([998, -1]);
    kernel.analyse(0, 0);
    expect(kernel.logprob).toBe(Number.NEGATIVE_INFINITY);
    expect(kernel.rank).toBe(2);
  });

  it("two tokens: the logistic function", async () => {
    const kernel = await kernelFor(2);
    for (const d of [0.5, 3, 17, 40]) {
      kernel.row.set([0, -d]);
      kernel.analyse(1, 0);
      const p = 1 / (1 + Math.exp(d));
      expect(kernel.logprob).toBeCloseTo(Math.log(p), 6);
      const entropy = -p * Math.log(p) - (1 - p) * Math.log1p(-p);
      expect(Math.abs(kernel.entropy / entropy - 1)).toBeLessThan(1e-6);
    }
  });

  it("without a target gives the distribution only", async () => {
    const kernel = await kernelFor(5);
    kernel.row.set([1, 2, 3, 4, 5]);
    kernel.analyse(-1, 0);
    expect(kernel.logprob).toBeNaN();
    expect(kernel.rank).toBe(0);
    expect(kernel.entropy).toBeGreaterThan(0);
  });

  it("logSoftmax is a distribution with the entropy that was measured", async () => {
    const kernel = await kernelFor(300);
    kernel.row.set(Float32Array.from({ length: 300 }, (_, i) => 9 * Math.sin(i * i)));
    const logprobs = new Float32Array(300);
    kernel.logSoftmax(logprobs);
    expect(logprobs.reduce((sum, logP) => sum + Math.exp(logP), 0)).toBeCloseTo(1, 6);
    expect(-logprobs.reduce((sum, logP) => sum + Math.exp(logP) * logP, 0)).toBeCloseTo(kernel.entropy, 5);
    kernel.analyse(17, 0);
    expect(logprobs[17]).toBeCloseTo(kernel.logprob, 5);
  });
});

describe("rows without a softmax", () => {
  it.each([
    ["NaN first", 0, Number.NaN],
    ["NaN in the middle", 37, Number.NaN],
    ["NaN last", 69, Number.NaN],
    ["+Infinity", 50, Number.POSITIVE_INFINITY],
  ])("%s: every number is missing, also after a good row", async (_name, place, value) => {
    const kernel = await kernelFor(70);
    kernel.row.fill(1);
    kernel.analyse(3, 5);
    kernel.row[place] = value;
    kernel.analyse(3, 5);
    expect([kernel.logSumExp, kernel.entropy, kernel.logprob]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect([kernel.rank, kernel.argMax]).toEqual([0, -1]);
    expect([...kernel.topIds.subarray(0, 5)]).toEqual([-1, -1, -1, -1, -1]);
    expect(kernel.topLogprobs.subarray(0, 5).every(Number.isNaN)).toBe(true);
    const logprobs = new Float32Array(70);
    kernel.logSoftmax(logprobs);
    expect(logprobs.every(Number.isNaN)).toBe(true);
  });

  it("nothing but -Infinity, nothing but NaN", async () => {
    const kernel = await kernelFor(70);
    for (const value of [Number.NEGATIVE_INFINITY, Number.NaN]) {
      kernel.row.fill(value);
      kernel.analyse(3, 0);
      expect([kernel.logSumExp, kernel.logprob]).toEqual([Number.NaN, Number.NaN]);
    }
  });
});

describe("LogitKernel arguments", () => {
  it("refuses what is out of range", async () => {
    const invalid = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    await expect(LogitKernel.create(0, 0)).rejects.toEqual(invalid);
    await expect(LogitKernel.create(10.5, 0)).rejects.toEqual(invalid);
    await expect(LogitKernel.create(10, 11)).rejects.toEqual(invalid);
    const kernel = await LogitKernel.create(10, 3);
    for (const [target, k] of [
      [10, 0],
      [-2, 0],
      [Number.NaN, 0],
      [0, 4],
      [0, -1],
      [0, 1.5],
    ] as const)
      expect(() => kernel.analyse(target, k)).toThrowError(invalid);
  });
});

it("the committed WebAssembly is what the source compiles to", async () => {
  const script = fileURLToPath(new URL("../../../scripts/build-kernel.mjs", import.meta.url));
  await expect(promisify(execFile)(process.execPath, [script, "--check"])).resolves.toBeDefined();
});
