import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  jensenShannonDivergence,
  jensenShannonInterval,
  klDivergence,
  klDivergenceInterval,
  type TopTokens,
} from "./divergence.ts";

const weights = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: -12, max: 0, noNaN: true }).map(Math.exp),
  fc.constant(0),
);

const distribution = (size: number) =>
  fc
    .array(weights, { minLength: size, maxLength: size })
    .filter((list) => list.some((weight) => weight > 0.01))
    .map((list) => {
      const sum = list.reduce((total, weight) => total + weight, 0);
      return list.map((weight) => (weight / sum < 1e-290 ? 0 : weight / sum)); // no subnormals
    });

/** Two distributions over the same tokens; often nearly alike, as those of two models are. */
const pairs = fc.integer({ min: 1, max: 12 }).chain((size) =>
  fc.tuple(distribution(size), distribution(size), fc.constantFrom(0, 0.01, 0.5, 1)).map(([p, r, share]) => {
    const q = p.map((x, i) => (1 - share) * x + share * r[i]!);
    return [p, q] as const;
  }),
);

/** Σ p ln(p/q), written as in a textbook. */
const kullbackLeibler = (p: readonly number[], q: readonly number[]) =>
  p.reduce((sum, x, i) => sum + (x > 0 ? x * Math.log(x / q[i]!) : 0), 0);

const jensenShannon = (p: readonly number[], q: readonly number[]) => {
  const m = p.map((x, i) => (x + q[i]!) / 2);
  return (kullbackLeibler(p, m) + kullbackLeibler(q, m)) / 2;
};

/** The k most probable tokens. */
function top(p: readonly number[], k: number): TopTokens {
  const order = p.map((x, id) => ({ id, x })).sort((a, b) => b.x - a.x);
  return new Map(order.slice(0, k).map(({ id, x }) => [id, Math.log(x)]));
}

describe.each([
  ["KL", klDivergence, kullbackLeibler],
  ["Jensen-Shannon", jensenShannonDivergence, jensenShannon],
] as const)("%s divergence", (_, divergence, textbook) => {
  it("is its formula, from probabilities and from log-probabilities", () => {
    fc.assert(
      fc.property(pairs, ([p, q]) => {
        const expected = textbook(p, q);
        for (const actual of [divergence(p, q), divergence(p.map(Math.log), q.map(Math.log), "logprobs")])
          if (expected === Infinity) expect(actual).toBe(Infinity);
          else expect(actual).toBeCloseTo(expected, 9);
      }),
    );
  });

  it("is >= 0, and 0 only for equal distributions", () => {
    fc.assert(
      fc.property(pairs, ([p, q]) => {
        expect(divergence(p, q)).toBeGreaterThanOrEqual(0);
        expect(divergence(p, p)).toBe(0);
        if (p.some((x, i) => Math.abs(x - q[i]!) > 1e-12)) expect(divergence(p, q)).toBeGreaterThan(0);
      }),
    );
    const [p, q] = [
      [0.5, 0.5],
      [0.5 + 1e-10, 0.5 - 1e-10],
    ];
    expect(divergence(p, q)).toBeGreaterThan(0); // about 1e-20, far below the rounding of p ln(p/q)
  });

  it("refuses what is no distribution, or another vocabulary's", () => {
    expect(() => divergence([0.5, 0.5], [1])).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => divergence([0.5, 0.6], [0.5, 0.5])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

describe("closed forms", () => {
  it("KL from a fair to a biased coin, and against impossible tokens", () => {
    expect(klDivergence([0.5, 0.5], [0.25, 0.75])).toBeCloseTo(Math.log(2 / Math.sqrt(3)), 12);
    expect(klDivergence([0.5, 0.5], [1, 0])).toBe(Infinity);
    expect(klDivergence([1, 0], [0.5, 0.5])).toBeCloseTo(Math.LN2, 12);
    expect(klDivergence([0, -800], [-800, 0], "logprobs")).toBeCloseTo(800, 9); // e^-800 is 0 in a double
  });

  it("Jensen-Shannon of disjoint distributions is ln 2, and it is symmetric", () => {
    expect(jensenShannonDivergence([1, 0, 0], [0, 0.4, 0.6])).toBeCloseTo(Math.LN2, 12);
    fc.assert(
      fc.property(pairs, ([p, q]) => {
        expect(jensenShannonDivergence(p, q)).toBeCloseTo(jensenShannonDivergence(q, p), 12);
        expect(jensenShannonDivergence(p, q)).toBeLessThanOrEqual(Math.LN2);
      }),
    );
  });
});

describe("intervals from top-k lists", () => {
  const cases = fc.tuple(pairs, fc.nat(12), fc.nat(12));

  it("contain the divergence of every pair of distributions with these top-k lists", () => {
    fc.assert(
      fc.property(cases, ([[p, q], k, l]) => {
        const [topP, topQ] = [top(p, k), top(q, l)];
        const kl = kullbackLeibler(p, q);
        for (const V of [p.length, null]) {
          const { low, high } = klDivergenceInterval(topP, topQ, V);
          expect(low).toBeLessThanOrEqual(kl + 1e-9);
          expect(high).toBeGreaterThanOrEqual(kl - 1e-9);
          expect(low).toBeGreaterThanOrEqual(0);
        }
        const js = jensenShannon(p, q);
        const { low, high } = jensenShannonInterval(topP, topQ);
        expect(low).toBeLessThanOrEqual(js + 1e-9);
        expect(high).toBeGreaterThanOrEqual(js - 1e-9);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(Math.LN2);
      }),
      { numRuns: 2000 },
    );
  });

  it("stay right when numbers are missing inside the lists", () => {
    fc.assert(
      fc.property(cases, fc.nat(12), ([[p, q], k, l], hole) => {
        const withHole = (list: TopTokens): TopTokens =>
          new Map([...list].map(([id, lnP], i) => [id, i === hole ? null : lnP]));
        const [topP, topQ] = [withHole(top(p, k)), withHole(top(q, l))];
        const kl = klDivergenceInterval(topP, topQ, p.length);
        expect(kl.low).toBeLessThanOrEqual(kullbackLeibler(p, q) + 1e-9);
        expect(kl.high).toBeGreaterThanOrEqual(kullbackLeibler(p, q) - 1e-9);
        const js = jensenShannonInterval(topP, topQ);
        expect(js.low).toBeLessThanOrEqual(jensenShannon(p, q) + 1e-9);
        expect(js.high).toBeGreaterThanOrEqual(jensenShannon(p, q) - 1e-9);
      }),
    );
  });

  it("close on the divergence when everything is known", () => {
    fc.assert(
      fc.property(pairs, ([p, q]) => {
        const [topP, topQ] = [top(p, p.length), top(q, q.length)];
        const kl = klDivergenceInterval(topP, topQ, p.length);
        const js = jensenShannonInterval(topP, topQ);
        expect(js.low).toBeCloseTo(jensenShannon(p, q), 5);
        expect(js.high).toBeCloseTo(jensenShannon(p, q), 5);
        expect(kl.low).toBeCloseTo(kullbackLeibler(p, q), 5);
        expect(kl.high).toBeCloseTo(kullbackLeibler(p, q), 5);
      }),
    );
  });

  it("use the cap: a token that q does not list is at most as probable as q's last", () => {
    const p = new Map([["a", Math.log(0.9)]]);
    const q = new Map([
      ["b", Math.log(0.5)],
      ["c", Math.log(0.01)],
    ]);
    // The least divergent q gives "a" its 0.01; p may put its 0.1 on "b" and on the rest of q in proportion.
    const least = 0.9 * Math.log(0.9 / 0.01) + 0.1 * Math.log(0.1 / 0.99);
    const { low, high } = klDivergenceInterval(p, q, 100);
    expect(low).toBeGreaterThan(0.99 * least);
    expect(low).toBeLessThanOrEqual(least);
    expect(high).toBe(Infinity);
  });

  it("give KL an upper end where q is known wherever p can be", () => {
    const p = new Map([[0, Math.log(0.6)]]);
    const q = new Map([0.5, 0.3, 0.2].map((x, id) => [id, Math.log(x)]));
    expect(klDivergenceInterval(p, q, 3).high).toBeCloseTo(
      kullbackLeibler([0.6, 0, 0.4], [0.5, 0.3, 0.2]),
      12,
    );
    expect(klDivergenceInterval(p, q, 4).high).toBe(Infinity);
  });

  it("know nothing from empty lists", () => {
    expect(klDivergenceInterval(new Map(), new Map(), null)).toEqual({ low: 0, high: Infinity });
    expect(jensenShannonInterval(new Map(), new Map())).toEqual({ low: 0, high: Math.LN2 });
  });
});
