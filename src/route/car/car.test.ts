import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import type { RouteRecord } from "../records.ts";
import { gaussianBoundaries } from "./gaussians.ts";
import { type CarFitOptions, CarRouter, decideCar, fitCar } from "./index.ts";
import { chooseThreshold } from "./operating-point.ts";

/** Standard normal numbers, by Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

interface Short {
  nll: number | null;
  right: boolean;
  longRight?: boolean;
}

const record = ({ nll, right, longRight = true }: Short, i: number): RouteRecord => ({
  id: `q${i}`,
  paths: {
    short: { correct: right, tokens: 3, signals: { nll } },
    long: { correct: longRight, tokens: 20 },
  },
});

/** u uniform, P(short right | u) = 1 - u: the share of wrong ones at or below t is t / 2. */
function uniformPopulation(n: number, random: () => number, longRight = 1): RouteRecord[] {
  return Array.from({ length: n }, (_, i) => {
    const nll = random();
    return record({ nll, right: random() < 1 - nll, longRight: random() < longRight }, i);
  });
}

const fitted = (records: readonly RouteRecord[], options?: CarFitOptions) =>
  new CarRouter(fitCar(records, options));

describe("CAR as published", () => {
  it("is Bayes' rule over one Gaussian per class, with the shares as priors", () => {
    // right: perplexities 1 and 3 (mean 2, variance 1); wrong: 4 and 8 (mean 6, variance 4); 2 : 1
    const pairs: [number, boolean][] = [
      [1, true],
      [3, true],
      [1, true],
      [3, true],
      [4, false],
      [8, false],
    ];
    const records = pairs.map(([perplexity, right], i) => record({ nll: Math.log(perplexity), right }, i));
    const router = fitted(records, { mode: "faithful", leastPerClass: 2 });
    expect(router.artefact.rule).toMatchObject({
      kind: "faithful",
      gaussians: {
        right: { mean: expect.closeTo(2, 12) },
        wrong: { mean: expect.closeTo(6, 12) },
        priorRight: 2 / 3,
      },
    });
    const density = (x: number, mean: number, sd: number) =>
      Math.exp(-((x - mean) ** 2) / (2 * sd * sd)) / (sd * Math.sqrt(2 * Math.PI));
    for (const x of [1, 2.5, 3.7, 4.2, 9]) {
      const one = (2 / 3) * density(x, 2, 1);
      const other = (1 / 3) * density(x, 6, 2);
      const { probability, path } = router.route({ perplexity: x });
      expect(probability).toBeCloseTo(one / (one + other), 12);
      expect(path).toBe(one > other ? "short" : "long");
    }
  });

  it("has two boundaries where the variances differ, and sends the surest answers to long reasoning", () => {
    const gaussians = {
      right: { mean: 1.1, standardDeviation: 0.02 },
      wrong: { mean: 2, standardDeviation: 0.8 },
      priorRight: 0.5,
    };
    const [low, high] = gaussianBoundaries(gaussians) as [number, number];
    expect(low).toBeGreaterThan(1);
    expect(low).toBeLessThan(1.1);
    expect(high).toBeGreaterThan(1.1);
    // both densities are equal there
    const difference = (x: number) =>
      -Math.log(0.02) - (x - 1.1) ** 2 / (2 * 0.02 ** 2) - (-Math.log(0.8) - (x - 2) ** 2 / (2 * 0.8 ** 2));
    expect(difference(low)).toBeCloseTo(0, 9);
    expect(difference(high)).toBeCloseTo(0, 9);
    const random = seededRandom(3);
    const records = Array.from({ length: 2000 }, (_, i) => {
      const right = i % 2 === 0;
      const nll = right ? 0.1 + 0.01 * normal(random) : Math.abs(0.8 + 0.4 * normal(random));
      return record({ nll, right }, i);
    });
    const asPublished = fitted(records, { mode: "faithful" });
    expect(asPublished.route({ nll: 0.1 }).path).toBe("short");
    expect(asPublished.route({ nll: 0 }).path).toBe("long"); // the model was certain
    for (const posterior of ["logistic", "isotonic"] as const)
      expect(
        fitted(records, { posterior, goal: { kind: "posterior", atLeast: 0.5 } }).route({ nll: 0 }).path,
      ).toBe("short");
  });

  it("is moved by 0.4 % of outliers, and our default is not", () => {
    const random = seededRandom(5);
    const records = (outliers: number) =>
      Array.from({ length: 2000 }, (_, i) => {
        const right = i % 2 === 0;
        const far = i % 250 === 1 ? outliers : 0; // 8 of 2,000, all wrong
        const nll = far || Math.abs(right ? 0.2 + 0.1 * normal(random) : 0.7 + 0.2 * normal(random));
        return record({ nll, right }, i);
      });
    const clean = fitCar(records(0.7), { mode: "faithful" }).rule;
    const spoilt = fitCar(records(7), { mode: "faithful" }).rule;
    if (clean.kind !== "faithful" || spoilt.kind !== "faithful") throw new Error("not faithful");
    expect(clean.gaussians.wrong.standardDeviation).toBeLessThan(1);
    expect(spoilt.gaussians.wrong.standardDeviation).toBeGreaterThan(50);
    const [a, b] = [fitCar(records(0.7)).rule, fitCar(records(7)).rule];
    if (a.kind !== "monotone" || b.kind !== "monotone") throw new Error("not monotone");
    expect(Math.abs(a.point.accuracy - b.point.accuracy)).toBeLessThan(0.01);
    expect(Math.abs(a.point.threshold! - b.point.threshold!)).toBeLessThan(0.1);
  });

  it("keeps up to the 75th percentile in the pilot's mode", () => {
    const records = [1, 2, 3, 4, 5].map((ppl, i) => record({ nll: Math.log(ppl), right: true }, i));
    const router = fitted(records, { mode: "pilot" });
    expect(router.artefact.rule).toMatchObject({ kind: "pilot", percentile: 0.75 });
    expect(router.route({ perplexity: 3.9 }).path).toBe("short");
    expect(router.route({ perplexity: 4.1 }).path).toBe("long");
  });
});

describe("the default router", () => {
  const records = uniformPopulation(4000, seededRandom(1));

  it("never keeps a less certain answer and sends a more certain one to long reasoning", () => {
    for (const goal of [
      { kind: "accuracy", atLeast: 0.9 },
      { kind: "tokens", atMost: 15 },
      { kind: "risk", risk: 0.2 },
      { kind: "posterior", atLeast: 0.5 },
    ] as const)
      for (const posterior of ["logistic", "isotonic"] as const) {
        const { artefact } = fitted(records, { goal, posterior });
        const paths = Array.from({ length: 1001 }, (_, i) => decideCar(artefact, i / 1000));
        expect(paths[0]!.path).toBe("short");
        for (const [i, decision] of paths.slice(1).entries()) {
          expect(paths[i]!.path === "long" && decision.path === "short").toBe(false);
          expect(decision.probability!).toBeLessThanOrEqual(paths[i]!.probability!);
        }
      }
  });

  it("finds the closed form's points", () => {
    // accuracy at t: 1 - t²/2 with a long answer that is always right; kept t
    const accuracy = fitted(records, { goal: { kind: "accuracy", atLeast: 0.9 } }).artefact.rule;
    expect(accuracy).toMatchObject({ point: { reached: true } });
    const thresholdOf = (rule: typeof accuracy) =>
      rule.kind === "monotone" ? rule.point.threshold! : Number.NaN;
    expect(thresholdOf(accuracy)).toBeCloseTo(Math.sqrt(0.2), 1);
    // tokens at t: 3 + 20 (1 - t)
    const tokens = fitted(records, { goal: { kind: "tokens", atMost: 13 } }).artefact.rule;
    expect(thresholdOf(tokens)).toBeCloseTo(0.5, 1);
    // P(right) = 1/2 at u = 1/2
    for (const posterior of ["logistic", "isotonic"] as const) {
      const half = fitted(records, { goal: { kind: "posterior", atLeast: 0.5 }, posterior }).artefact.rule;
      expect(Math.abs(thresholdOf(half) - 0.5)).toBeLessThan(0.06);
    }
  });

  it("says that no point reaches the goal, and takes the nearest", () => {
    const hopeless = uniformPopulation(1000, seededRandom(2), 0.1);
    const { rule } = fitCar(hopeless, { goal: { kind: "accuracy", atLeast: 0.99 } });
    expect(rule).toMatchObject({ point: { reached: false } });
    const risky = fitted(
      hopeless.map((each) => ({
        ...each,
        paths: {
          ...each.paths,
          short: { ...each.paths.short!, correct: Number(each.id.slice(1)) % 2 === 0 },
        },
      })),
      {
        goal: { kind: "risk", risk: 0.05 },
      },
    );
    expect(risky.route(0)).toMatchObject({ path: "long", because: "never" });
  });

  it("never takes a missing number for confidence, and counts it", () => {
    const router = fitted(records);
    for (const missing of [null, Number.NaN, {}, { nll: null }, { other: 0 }])
      expect(router.route(missing)).toMatchObject({ path: "long", because: "missing", probability: null });
    router.route(0);
    expect(router.counts).toEqual({ short: 1, long: 5, missing: 5 });
    expect(router.route(Number.POSITIVE_INFINITY).path).toBe("long");
  });

  it("refuses a class that is too small, and says what is missing", () => {
    // Qwen2.5-Coder-0.5B answers GSM8K directly: 0 right of 48
    const none = Array.from({ length: 48 }, (_, i) => record({ nll: 0.1 * i, right: false }, i));
    for (const mode of ["monotone", "faithful"] as const)
      expect(() => fitCar(none, { mode })).toThrow(
        /0 of 48 short answers are right: 30 more are needed to have 30/,
      );
    const unknown = none.map((each) => ({
      ...each,
      paths: { ...each.paths, short: { correct: true, tokens: 1 } },
    }));
    expect(() => fitCar(unknown)).toThrow(/48 more have no "nll"/);
  });

  it("leaves rewordings and what has no label out", () => {
    const more: RouteRecord[] = [
      { ...records[0]!, id: "again", rewordingOf: "q0" },
      {
        id: "unlabelled",
        paths: { short: { correct: null, tokens: 1 }, long: { correct: true, tokens: 1 } },
      },
    ];
    const { fittedOn } = fitCar([...records, ...more]);
    expect(fittedOn).toMatchObject({ n: 4000, missing: 1, groups: 4000 });
  });

  it("refuses goals that cannot be: a threshold on another scale than the score", () => {
    // vLLM semantic-router compares a default of -1 with a confidence of 0 ... 1, which never escalates
    for (const goal of [
      { kind: "accuracy", atLeast: -1 },
      { kind: "posterior", atLeast: -1 },
      { kind: "tokens", atMost: 0 },
      { kind: "risk", risk: -1 },
    ] as const)
      expect(() => fitCar(records, { goal })).toThrow(/INVALID|is not|is no/);
  });
});

describe("defects of peers", () => {
  const records = uniformPopulation(2000, seededRandom(31));

  it("a default threshold on another scale than the score, so that it never escalates (vLLM semantic-router)", () => {
    for (const mode of ["monotone", "faithful", "pilot"] as const) {
      const router = fitted(records, { mode });
      for (const { paths } of records) router.route(paths.short!.signals!);
      expect([mode, router.counts.short > 100, router.counts.long > 100]).toEqual([mode, true, true]);
    }
  });

  it("parameters dropped in silence (vLLM semantic-router)", () => {
    const goal = Object.assign({ kind: "accuracy" as const, atLeast: 0.9 }, { tolerence: 0.05 });
    expect(() => fitCar(records, { goal })).toThrow(/has no "tolerence"/);
  });

  it("a missing confidence that keeps the short answer (cgr: NaN goes the direct way)", () => {
    expect(fitted(records).route(Number.NaN)).toMatchObject({ path: "long", because: "missing" });
  });
});

describe("the risk bound", () => {
  const SETS = 1000;
  const DELTA = 0.1;
  const noise = 3 * Math.sqrt((DELTA * (1 - DELTA)) / SETS);

  /** [n] questions that the point is chosen on; the candidates are there before them. */
  const thresholdOf = (
    n: number,
    random: () => number,
    longRight: number,
    of: "kept wrong" | "lost",
    risk: number,
  ) => {
    const cases = Array.from({ length: n }, () => {
      const uncertainty = random();
      const shortRight = random() < 1 - uncertainty;
      return { uncertainty, shortRight, longRight: random() < longRight, shortTokens: 3, longTokens: 20 };
    });
    return chooseThreshold(cases, { kind: "risk", risk, delta: DELTA, of }, CANDIDATES).threshold ?? 0;
  };
  const CANDIDATES = Array.from({ length: 100 }, (_, i) => (i + 1) / 100);

  it("holds for the wrong ones among the kept, with the probability that was asked for", () => {
    const random = seededRandom(11);
    let broken = 0;
    let kept = 0;
    for (let set = 0; set < SETS; set++) {
      const t = thresholdOf(200, random, 1, "kept wrong", 0.2);
      kept += t;
      if (t / 2 > 0.2) broken++; // the true risk
    }
    expect(broken / SETS).toBeLessThanOrEqual(DELTA + noise);
    expect(kept / SETS).toBeGreaterThan(0.15); // of 0.4 that could be kept: it is no bound that keeps nothing
  });

  it("holds for the answers that are lost", () => {
    const random = seededRandom(12);
    let broken = 0;
    let kept = 0;
    for (let set = 0; set < SETS; set++) {
      const t = thresholdOf(150, random, 0.8, "lost", 0.1);
      kept += t;
      if (0.8 * (t ** 2 / 2) > 0.1) broken++;
    }
    expect(broken / SETS).toBeLessThanOrEqual(DELTA + noise);
    expect(kept / SETS).toBeGreaterThan(0.3); // of 0.5
  });

  it("is the fitted router's: its point is within the risk, on a set that is large enough", () => {
    const { rule } = fitCar(uniformPopulation(4000, seededRandom(14)), { goal: { kind: "risk", risk: 0.2 } });
    if (rule.kind !== "monotone") throw new Error("not monotone");
    expect(rule.point.threshold!).toBeGreaterThan(0.25);
    expect(rule.point.threshold!).toBeLessThan(0.4);
    expect(rule.point.risk!.upperBound).toBeLessThanOrEqual(0.2);
  });

  it("takes one question of each group, and says how many are missing", () => {
    const records = uniformPopulation(200, seededRandom(4)).map((each, i) => ({
      ...each,
      group: `g${i % 20}`,
    }));
    expect(() => fitCar(records, { goal: { kind: "risk", risk: 0.05 } })).toThrow(/49 more are needed/);
  });
});
