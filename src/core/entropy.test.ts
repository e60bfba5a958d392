import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { klDivergence } from "./divergence.ts";
import { conditionalEntropy, crossEntropy, entropy, entropyInterval, mutualInformation } from "./entropy.ts";
import { perplexity } from "./perplexity.ts";

/** Random distributions, some very uneven, some with zeros. */
const distribution = (size: number) =>
  fc
    .array(
      fc.oneof(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: -30, max: 0, noNaN: true }).map(Math.exp),
        fc.constant(0),
      ),
      { minLength: size, maxLength: size },
    )
    .filter((weights) => weights.some((weight) => weight > 1e-300))
    .map((weights) => {
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return weights.map((weight) => (weight / sum < 1e-290 ? 0 : weight / sum)); // no subnormals
    });

const distributions = fc.integer({ min: 1, max: 12 }).chain(distribution);
const pairs = fc
  .integer({ min: 1, max: 12 })
  .chain((size) => fc.tuple(distribution(size), distribution(size)));

/** -Σ p ln p, written as in a textbook. */
const shannon = (p: number[]) => p.reduce((sum, x) => sum + (x > 0 ? -x * Math.log(x) : 0), 0);

describe("entropy", () => {
  it("of a uniform distribution over V is ln V; of certainty 0", () => {
    for (const V of [1, 2, 7, 49152])
      for (const scale of ["probabilities", "logprobs"] as const)
        expect(entropy(Array(V).fill(scale === "logprobs" ? -Math.log(V) : 1 / V), scale)).toBeCloseTo(
          Math.log(V),
          10,
        );
    expect(entropy([0, 1, 0])).toBe(0);
    expect(entropy([-Infinity, 0], "logprobs")).toBe(0);
  });

  it("is Shannon's formula, from probabilities and from log-probabilities", () => {
    fc.assert(
      fc.property(distributions, (p) => {
        expect(entropy(p)).toBeCloseTo(shannon(p), 12);
        expect(entropy(p.map(Math.log), "logprobs")).toBeCloseTo(shannon(p), 12);
      }),
    );
  });

  it("is the log of the perplexity of a text drawn from the distribution", () => {
    const text = [0.5, 0.5, 0.25, 0.25].map(Math.log); // two of a, one of b, one of c: p = 1/2, 1/4, 1/4
    expect(Math.exp(entropy([0.5, 0.25, 0.25]))).toBeCloseTo(perplexity(text)!, 12);
  });

  it("refuses what is no distribution", () => {
    for (const p of [[0.5, 0.6], [], [Number.NaN, 1], [-0.5, 1.5], [0.2, 0.3]])
      expect(() => entropy(p)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("crossEntropy", () => {
  it("is H(p) + KL(p‖q), at least H(p)", () => {
    fc.assert(
      fc.property(pairs, ([p, q]) => {
        const cross = crossEntropy(p, q);
        const sum = entropy(p) + klDivergence(p, q);
        if (cross === Infinity) expect(sum).toBe(Infinity);
        else expect(cross).toBeCloseTo(sum, 9);
        expect(crossEntropy(p, p)).toBeCloseTo(entropy(p), 12);
      }),
    );
  });

  it("is infinite when q rules out what p allows, and not when p rules out what q allows", () => {
    expect(crossEntropy([0.5, 0.5], [1, 0])).toBe(Infinity);
    expect(crossEntropy([1, 0], [0.5, 0.5])).toBeCloseTo(Math.LN2, 12);
    expect(() => crossEntropy([1], [0.5, 0.5])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

describe("conditionalEntropy and mutualInformation", () => {
  const joints = fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
    .chain(([rows, columns]) =>
      distribution(rows * columns).map((p) =>
        Array.from({ length: rows }, (_, x) => p.slice(x * columns, (x + 1) * columns)),
      ),
    );

  it("keep H(X,Y) = H(X) + H(Y|X) and I(X;Y) = H(Y) - H(Y|X), symmetric and >= 0", () => {
    fc.assert(
      fc.property(joints, (joint) => {
        const px = joint.map((row) => row.reduce((sum, p) => sum + p, 0));
        const transposed = joint[0]!.map((_, y) => joint.map((row) => row[y]!));
        const py = transposed.map((row) => row.reduce((sum, p) => sum + p, 0));
        const conditional = conditionalEntropy(joint);
        expect(conditional).toBeCloseTo(shannon(joint.flat()) - shannon(px), 9);
        const information = mutualInformation(joint);
        expect(information).toBeCloseTo(shannon(py) - conditional, 9);
        expect(information).toBeGreaterThanOrEqual(0);
        expect(mutualInformation(transposed)).toBeCloseTo(information, 9);
      }),
    );
  });

  it("know independence and a copy", () => {
    const independent = [
      [0.06, 0.14],
      [0.24, 0.56],
    ];
    expect(mutualInformation(independent)).toBeCloseTo(0, 12);
    expect(conditionalEntropy(independent)).toBeCloseTo(entropy([0.3, 0.7]), 12);
    const copy = [
      [0.5, 0],
      [0, 0.5],
    ];
    expect(conditionalEntropy(copy)).toBe(0);
    expect(mutualInformation(copy)).toBeCloseTo(Math.LN2, 12);
  });

  it("refuse what is no joint distribution", () => {
    for (const joint of [[], [[0.5], [0.25, 0.25]], [[0.5, 0.6]]])
      expect(() => conditionalEntropy(joint)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("entropyInterval", () => {
  it("contains the entropy of every distribution that has this top-k", () => {
    fc.assert(
      fc.property(distributions, fc.nat(12), (p, k) => {
        const top = [...p]
          .sort((a, b) => b - a)
          .slice(0, k)
          .map(Math.log);
        const H = shannon(p);
        const { low, high } = entropyInterval(top, p.length);
        expect(low).toBeLessThanOrEqual(H + 1e-9);
        expect(high).toBeGreaterThanOrEqual(H - 1e-9);
        const open = entropyInterval(top, null);
        expect(open.low).toBeLessThanOrEqual(H + 1e-9);
        expect(open.high).toBe(
          top.length > 0 && 1 - top.reduce((sum, l) => sum + Math.exp(l), 0) <= 0 ? open.low : null,
        );
      }),
      { numRuns: 500 },
    );
  });

  it("is tight: both ends are entropies of distributions with this top-k", () => {
    // known 0.4 and 0.25; tail 0.35 over V - 2 = 5 tokens of at most 0.25
    const { low, high } = entropyInterval([0.4, 0.25].map(Math.log), 7);
    expect(low).toBeCloseTo(shannon([0.4, 0.25, 0.25, 0.1]), 12);
    expect(high).toBeCloseTo(shannon([0.4, 0.25, 0.07, 0.07, 0.07, 0.07, 0.07]), 12);
  });

  it("packs the tail as a search over all ways to spread it in units does", () => {
    const known = [0.3, 0.15]; // tail 0.55 = 11 units of 0.05, at most 3 in one token
    let least = Infinity;
    const spread = (units: number, most: number, parts: number[]): void => {
      if (units === 0) least = Math.min(least, shannon([...known, ...parts]));
      for (let part = Math.min(units, most); part > 0; part--)
        spread(units - part, part, [...parts, part * 0.05]);
    };
    spread(11, 3, []);
    expect(entropyInterval(known.map(Math.log), null).low).toBeCloseTo(least, 12);
  });

  it("knows the edges: no token, the whole vocabulary, rounding, impossible tails", () => {
    expect(entropyInterval([], null)).toEqual({ low: 0, high: null });
    expect(entropyInterval([], 8).low).toBe(0);
    expect(entropyInterval([], 8).high).toBeCloseTo(Math.log(8), 12);
    const whole = entropyInterval([0.75, 0.25].map(Math.log), 2);
    expect(whole.low).toBeCloseTo(shannon([0.75, 0.25]), 12);
    expect(whole.high).toBe(whole.low);
    const over = entropyInterval([Math.log(0.6), Math.log(0.4000001)], null); // sums to more than 1 by rounding
    expect(over.high).toBe(over.low);
    expect(entropyInterval([0, -Infinity], 5)).toEqual({ low: 0, high: 0 });
    expect(entropyInterval([Math.log(0.999), -Infinity], null).low).toBeCloseTo(-0.999 * Math.log(0.999), 12);
    const even = entropyInterval(Array(4).fill(-Math.log(10)), 10); // a uniform distribution: nothing is open
    expect(even.low).toBeCloseTo(Math.log(10), 9);
    expect(even.high).toBeCloseTo(Math.log(10), 9);
  });

  it("puts tokens without a number into the tail, and does not believe they are small", () => {
    const H = shannon([0.6, 0.3, 0.1]);
    for (const list of [
      [null, Math.log(0.3), Math.log(0.1)],
      [Math.log(0.6), Number.NaN, Math.log(0.1)],
      [Math.log(0.6), Math.log(0.3), null],
    ]) {
      for (const V of [3, 10, null]) {
        const { low, high } = entropyInterval(list, V);
        expect(low).toBeLessThanOrEqual(H + 1e-12);
        expect(high ?? Infinity).toBeGreaterThanOrEqual(H - 1e-12);
      }
    }
    expect(entropyInterval([null], null)).toEqual({ low: 0, high: null });
  });

  it("stays an interval when the list cannot be a top-k list", () => {
    const { low, high } = entropyInterval([0.5, 1e-9].map(Math.log), 10); // eight tokens of at most 1e-9 cannot hold 0.5
    expect(low).toBeCloseTo(high!, 12);
  });

  it("refuses more tokens than the vocabulary has, or more probability than 1", () => {
    expect(() => entropyInterval([-1, -2], 1)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => entropyInterval([-0.1, -0.2], null)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});
