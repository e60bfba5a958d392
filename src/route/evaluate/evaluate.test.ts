import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { fitCar } from "../car/index.ts";
import { RECORDS_SCHEMA, type RouteRecord } from "../records.ts";
import {
  accuracyTokensCurve,
  carRoute,
  evaluateRouter,
  evaluateSplits,
  REWORDINGS,
  randomRoutingPValue,
  reworded,
} from "./index.ts";

const record = (id: string, short: boolean, long: boolean, nll: number | null = null): RouteRecord => ({
  id,
  paths: {
    short: { correct: short, tokens: 2, ms: 10, signals: { nll } },
    long: { correct: long, tokens: 10, ms: 50 },
  },
});

/** One of each class under a router that keeps "a", "b" and "e". */
const five = [
  record("a", true, true, 0.1),
  record("b", false, true, 0.2),
  record("c", false, true, 0.9),
  record("d", true, true, 0.8),
  record("e", false, false, 0.3),
];
const keeps = (kept: readonly string[]) => (one: RouteRecord) => (kept.includes(one.id) ? "short" : "long");

describe("evaluateRouter", () => {
  const found = evaluateRouter(five, keeps(["a", "b", "e"]), { resamples: 200 });
  const method = (name: string) => found.methods.find((each) => each.name === name)!;

  it("has every method's closed form", () => {
    const figures = found.methods.map(({ name, accuracy, tokens, ms }) => [
      name,
      accuracy.value,
      tokens.value,
      ms!.value,
    ]);
    expect(figures).toEqual([
      ["always short", 2 / 5, 2, 10],
      ["always long", 4 / 5, 10, 50],
      // 3/5 short, 2/5 long
      [
        "random",
        expect.closeTo((3 / 5) * (2 / 5) + (2 / 5) * (4 / 5)),
        expect.closeTo(5.2),
        expect.closeTo(26),
      ],
      // a, d short; b, c, e long
      ["oracle", 4 / 5, (2 * 2 + 3 * 10) / 5, (2 * 10 + 3 * 50) / 5],
      ["oracle after trying", 4 / 5, (2 * 2 + 3 * 12) / 5, (2 * 10 + 3 * 60) / 5],
      ["router", 3 / 5, (3 * 2 + 2 * 12) / 5, (3 * 10 + 2 * 60) / 5],
    ]);
    expect(found.saving).toEqual({
      ofLong: expect.closeTo(4 / 10),
      ofOracle: expect.closeTo(4 / 3.2),
      ofOracleAfterTrying: expect.closeTo(4 / 2),
    });
  });

  it("puts every question into one class", () => {
    expect(found.classes).toEqual({ keptRight: 1, keptWrong: 1, longNeeded: 1, longWasted: 1, hopeless: 1 });
  });

  it("takes differences in pairs: those of a method with itself are 0", () => {
    const same = evaluateRouter(five, () => "long", { resamples: 100 });
    const always = same.methods.find(({ name }) => name === "always long")!;
    expect(always.difference!.accuracy).toEqual({ value: 0, low: 0, high: 0 });
    expect(always.difference!.tokens).toEqual({ value: 2, low: 2, high: 2 }); // the short answer was tried
    expect(method("router").difference).toBeNull();
  });

  it("has about the interval of the binomial, over many questions", () => {
    const random = seededRandom(8);
    const many = Array.from({ length: 2000 }, (_, i) => record(`${i}`, random() < 0.5, random() < 0.8));
    const { methods } = evaluateRouter(many, () => ({ path: "long", tried: ["long"] }), { resamples: 400 });
    const { value, low, high } = methods.find(({ name }) => name === "router")!.accuracy;
    const half = 1.96 * Math.sqrt((value * (1 - value)) / 2000);
    expect(low).toBeCloseTo(value - half, 2);
    expect(high).toBeCloseTo(value + half, 2);
  });

  it("keeps groups together: copies of a question make no interval narrower", () => {
    const random = seededRandom(9);
    const some = Array.from({ length: 100 }, (_, i) => record(`${i}`, random() < 0.5, true));
    const copied = some.flatMap((each) =>
      [0, 1, 2, 3].map((k) => ({ ...each, id: `${each.id}.${k}`, group: each.id })),
    );
    const widthOf = (records: RouteRecord[]) => {
      const { low, high } = evaluateRouter(records, () => "short").methods[0]!.accuracy;
      return high - low;
    };
    expect(widthOf(copied)).toBeCloseTo(widthOf(some), 10);
  });

  it("counts flips under rewording, and judges the originals only", () => {
    const again = [
      { ...record("a2", true, true), rewordingOf: "a" },
      { ...record("b2", true, true), rewordingOf: "b" },
    ];
    const { flips, n } = evaluateRouter([...five, ...again], keeps(["a", "b", "a2"]), { resamples: 100 });
    expect(n).toBe(5);
    expect(flips).toMatchObject({ pairs: 2, flipped: 1, rate: 0.5 });
    expect(found.flips).toBeNull();
  });

  it("leaves out what cannot be judged, and says how much", () => {
    const odd: RouteRecord[] = [
      { id: "x", paths: { short: { correct: true, tokens: 1 } } },
      { id: "y", paths: { short: { correct: null, tokens: 1 }, long: { correct: true, tokens: 1 } } },
    ];
    const { n, leftOut, methods } = evaluateRouter([...five, ...odd], keeps([]), { resamples: 100 });
    expect([n, leftOut]).toEqual([5, 2]);
    const timeless = evaluateRouter(
      five.map((each) => ({ ...each, paths: { ...each.paths, long: { correct: true, tokens: 3 } } })),
      keeps([]),
      { resamples: 100 },
    );
    expect(timeless.methods.map(({ ms }) => ms === null)).toEqual([false, true, true, true, true, true]);
    expect(methods).toHaveLength(6);
  });

  it("refuses too few resamples, unknown paths and records without labels", () => {
    expect(() => evaluateRouter(five, keeps([]), { resamples: 99 })).toThrow(/at least 100/);
    expect(() => evaluateRouter(five, () => "middle")).toThrow(/names a path "middle"/);
    expect(() => evaluateRouter([], keeps([]))).toThrow(/None of 0 records/);
  });

  it("judges cascades of several models", () => {
    const three = [1, 2, 3, 4].map(
      (i): RouteRecord => ({
        id: `${i}`,
        paths: {
          small: { correct: i > 3, tokens: 1 },
          middle: { correct: i > 2, tokens: 2 },
          large: { correct: i > 1, tokens: 4 },
        },
      }),
    );
    const paths = ["small", "middle", "large"];
    const skips = evaluateRouter(
      three,
      ({ id }) => (id === "4" ? "small" : { path: "large", tried: ["small", "large"] }),
      {
        paths,
        resamples: 100,
      },
    );
    const router = skips.methods.find(({ name }) => name === "router")!;
    expect([router.accuracy.value, router.tokens.value]).toEqual([3 / 4, (1 + 3 * 5) / 4]);
    expect(skips.shares).toEqual({ small: 1 / 4, middle: 0, large: 3 / 4 });
    expect([skips.classes, skips.randomPValue]).toEqual([null, null]);
    const oracle = skips.methods.find(({ name }) => name === "oracle")!;
    expect(oracle.tokens.value).toBe((4 + 4 + 2 + 1) / 4);
  });
});

describe("random routing at the same rate", () => {
  /** Every way to send k of n the long way, one after the other. */
  function counted(changes: readonly number[], k: number, gained: number): number {
    let [all, asGood] = [0, 0];
    for (let set = 0; set < 2 ** changes.length; set++) {
      const sent = changes.filter((_, i) => (set >> i) & 1);
      if (sent.length !== k) continue;
      all++;
      if (sent.reduce((sum, change) => sum + change, 0) >= gained) asGood++;
    }
    return asGood / all;
  }

  it("has the share of all ways that is as good", () => {
    const changes = [1, 1, 1, 1, -1, -1, 0, 0, 0, 0];
    for (const k of [0, 1, 3, 5, 9, 10])
      for (const gained of [-2, 0, 1, 2, 3, 4])
        expect(randomRoutingPValue(4, 2, 10, k, gained)).toBeCloseTo(counted(changes, k, gained), 12);
  });

  it("is uniform for a router that decides by chance, and small for one that knows", () => {
    const random = seededRandom(13);
    const many = Array.from({ length: 400 }, (_, i) => record(`${i}`, random() < 0.5, random() < 0.9));
    const values = Array.from(
      { length: 30 },
      () => evaluateRouter(many, () => (random() < 0.5 ? "short" : "long"), { resamples: 100 }).randomPValue!,
    );
    expect(values.filter((p) => p < 0.5).length).toBeGreaterThan(5);
    expect(values.filter((p) => p < 0.5).length).toBeLessThan(25);
    const knows = evaluateRouter(many, (one) => (one.paths.short!.correct ? "short" : "long"), {
      resamples: 100,
    });
    expect(knows.randomPValue!).toBeLessThan(1e-10);
  });
});

describe("the curve", () => {
  it("goes from always long, with the short answer before it, to keeping whatever has a signal", () => {
    const points = accuracyTokensCurve(five);
    expect(
      points.map(({ threshold, kept, accuracy, tokens }) => [threshold, kept, accuracy, tokens]),
    ).toEqual([
      [null, 0, 4 / 5, 12],
      [0.1, 1 / 5, 4 / 5, 10],
      [0.2, 2 / 5, 3 / 5, 8],
      [0.3, 3 / 5, 3 / 5, 6],
      [0.8, 4 / 5, 3 / 5, 4],
      [0.9, 1, 2 / 5, 2],
    ]);
    const missing = accuracyTokensCurve([...five, record("f", true, true)]);
    expect(missing.at(-1)).toMatchObject({ kept: 5 / 6 });
  });
});

describe("many splits", () => {
  const random = seededRandom(21);
  const records = Array.from({ length: 400 }, (_, i) => {
    const nll = random();
    return record(`${i}`, random() < 1 - nll, random() < 0.95, nll);
  });

  it("fit and judge on other questions each time", () => {
    const seen = new Set<number>();
    const found = evaluateSplits(
      records,
      (some, split) => {
        seen.add(split);
        expect(some).toHaveLength(200);
        return carRoute(fitCar(some, { leastPerClass: 10 }));
      },
      { splits: 100 },
    );
    expect(seen.size).toBe(100);
    expect(found.failed).toEqual([]);
    expect(found.aboveRandom).toBeGreaterThan(0.9);
    const router = found.methods.find(({ name }) => name === "router")!;
    expect(router.accuracy.low).toBeLessThanOrEqual(router.accuracy.value);
    expect(router.accuracy.high).toBeGreaterThanOrEqual(router.accuracy.value);
  });

  it("make do with few groups, and refuse one alone", () => {
    const sizes = new Set<number>();
    const sized = (some: readonly RouteRecord[]) => {
      sizes.add(some.length);
      return () => "long";
    };
    evaluateSplits(five, sized);
    expect([...sizes]).toEqual([3]);
    expect(() => evaluateSplits(five.slice(1, 2), sized)).toThrow(/One group cannot be split/);
  });

  it("count the splits on which nothing could be fitted", () => {
    const found = evaluateSplits(
      records,
      (some, split) => {
        if (split % 2 === 0) return carRoute(fitCar(some, { leastPerClass: 1000 }));
        return () => "long";
      },
      { splits: 100 },
    );
    expect(found.failed).toHaveLength(50);
    expect(found.failed[0]).toMatch(/more are needed to have 1000/);
  });
});

describe("times", () => {
  it("are given of questions that were asked one at a time, and of no others", () => {
    const of = (atOnce?: number) => {
      const header = {
        schema: RECORDS_SCHEMA,
        paths: ["short", "long"],
        counting: null,
        identity: null,
        atOnce,
      } as const;
      return evaluateRouter({ header, records: five, wholeBytes: 0 }, () => "long");
    };
    for (const atOnce of [undefined, 1]) expect(of(atOnce).methods.every(({ ms }) => ms !== null)).toBe(true);
    expect(of(2).methods.every(({ ms }) => ms === null)).toBe(true);
    expect([of().atOnce, of(2).atOnce]).toEqual([null, 2]);
  });
});

describe("rewordings", () => {
  it("say the same in other words", () => {
    expect(REWORDINGS.map((how) => reworded("What is 17 + 25?", how))).toEqual([
      "Please answer: What is 17 + 25?",
      "What is 17  + 25?",
      "what is 17 + 25?",
      "Question: What is 17 + 25?",
    ]);
    expect(reworded("NASA", "without capitals")).toBe("NASA");
  });
});
