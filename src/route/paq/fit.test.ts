import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { evaluatePaq } from "../evaluate/index.ts";
import { RECORDS_SCHEMA, type RouteRecord, type RouteRecords } from "../records.ts";
import { parseRouter, routerText } from "../router-file.ts";
import type { PaqArtefact } from "./artefact.ts";
import { chooseProbability, levelAt } from "./decide.ts";
import { type PaqFeatures, statisticsFeatures } from "./features/index.ts";
import { crossFit, decideVector, fitTable } from "./fit.ts";
import { sigmoid } from "./head/ordinal.ts";
import { from } from "./namespace.ts";
import { PaqRouter } from "./router.ts";
import { type PaqTable, paqTable } from "./table.ts";

const LEVELS = ["2-bit", "4-bit", "16-bit"];

/** Numbers that stand in the prompt itself: "0.25 -1". */
const numbers = (dimensions = 2): PaqFeatures => ({
  name: "numbers",
  dimensions,
  identity: { name: "made-up", sha256: "aa" },
  async of(prompts) {
    return prompts.map((prompt) => ({
      vector: Float32Array.from(prompt.split(" ").map(Number)),
      ms: 0.5,
      leftOut: prompt.startsWith("9") ? 7 : 0,
    }));
  },
});

/** A population: difficulty from the first number, logistic noise, and what is enough by it. */
function population(
  n: number,
  seed: number,
  { noise = 1, thresholds = [-1, 1] }: { noise?: number; thresholds?: readonly number[] } = {},
): RouteRecord[] {
  const random = seededRandom(seed);
  return Array.from({ length: n }, (_, i) => {
    const [a, b] = [4 * random() - 2, 4 * random() - 2];
    const u = Math.min(1 - 1e-12, Math.max(1e-12, random()));
    const hard = 2 * a + noise * Math.log(u / (1 - u));
    const nll = (level: number) => (level < 2 && hard > thresholds[level]! ? 20 : 10.1);
    return {
      id: `${i}`,
      kind: i % 2 === 0 ? "even" : "odd",
      question: `${a.toFixed(6)} ${b.toFixed(6)}`,
      paths: Object.fromEntries(
        LEVELS.map((name, level) => [
          name,
          {
            correct: null,
            tokens: 10,
            promptTokens: 4,
            nll: level === 2 ? 10 : nll(level),
            ms: 10 * (1 + level),
          },
        ]),
      ),
    };
  });
}

const fileOf = (records: RouteRecord[]): RouteRecords => ({
  header: { schema: RECORDS_SCHEMA, paths: LEVELS, counting: null, identity: null },
  records,
  wholeBytes: 0,
});

const tableOf = (records: RouteRecord[]): Promise<PaqTable> => paqTable(fileOf(records), numbers());

describe("a fitted router", () => {
  it("finds the direction, and probabilities that are true of other prompts", async () => {
    const artefact = fitTable(await tableOf(population(1500, 1)), { tau: 0.1 });
    const [first, second] = artefact.head.weights as [number, number];
    expect(first).toBeGreaterThan(10 * Math.abs(second));
    const other = await tableOf(population(4000, 2));
    for (const level of [0, 1]) {
      const bins = new Map<number, { said: number; true: number; n: number }>();
      for (const [i, { vector }] of other.vectors.entries()) {
        const p = decideVector(artefact, vector).probabilities[level]!;
        const a = Number(other.cases[i]!.prompt.split(" ")[0]);
        const bin = bins.get(Math.floor(p * 4)) ?? { said: 0, true: 0, n: 0 };
        bins.set(Math.floor(p * 4), bin);
        bin.said += p;
        bin.true += sigmoid([-1, 1][level]! - 2 * a);
        bin.n++;
      }
      for (const bin of bins.values()) expect(Math.abs(bin.said - bin.true) / bin.n).toBeLessThan(0.06);
    }
  });

  it("takes the smallest level that reaches the bar, which is under / (under + over) unless it is given", async () => {
    const table = await tableOf(population(600, 3));
    const artefact = fitTable(table, { costs: { under: 3, over: 1 } });
    expect(artefact.point.probability).toBe(0.75);
    for (const { vector } of table.vectors.slice(0, 100)) {
      const { at, probabilities } = decideVector(artefact, vector);
      for (const [level, p] of probabilities.entries()) expect(p! >= 0.75).toBe(level >= at);
    }
    expect(fitTable(table, { goal: { kind: "probability", atLeast: 0.9 } }).point.probability).toBe(0.9);
    expect(levelAt([0.2, null, 0.9], 0.5)).toBe(2);
    expect(levelAt([0.2, 0.3], 0.5)).toBe(2);
    expect(levelAt([1, 1], null)).toBe(2);
  });

  it("sends fewer prompts too low where that costs more", async () => {
    const table = await tableOf(population(800, 4));
    const [cheap, dear] = [1, 20].map(
      (under) => fitTable(table, { costs: { under, over: 1 } }).point.inadequate,
    );
    expect(dear!).toBeLessThan(cheap!);
  });

  it("stays finite where prompts are told apart without a fault", async () => {
    const artefact = fitTable(await tableOf(population(200, 5, { noise: 0 })));
    const { weights, levels } = artefact.head;
    expect(weights.every(Number.isFinite)).toBe(true);
    expect(levels.every(({ curve }) => curve !== null && Object.values(curve).every(Number.isFinite))).toBe(
      true,
    );
    expect(decideVector(artefact, Float32Array.of(-2, 0)).at).toBe(0);
    expect(decideVector(artefact, Float32Array.of(2, 0)).at).toBe(2);
    expect(parseRouter(routerText(artefact), "here")).toEqual(artefact);
  });

  it.each([
    ["no prompt", [-1e9, 1], 0],
    ["one prompt", [-1e9, 1], 1],
  ])("never chooses a level that is enough for %s, and says so", async (_, thresholds, count) => {
    const records = population(200, 6, { thresholds });
    if (count === 1)
      records[0] = { ...records[0]!, paths: { ...records[0]!.paths, "2-bit": records[0]!.paths["16-bit"]! } };
    const artefact = fitTable(await tableOf(records), { goal: { kind: "probability", atLeast: 0 } });
    expect(artefact.head.levels[0]).toEqual({
      name: "2-bit",
      curve: null,
      adequate: count,
      inadequate: 200 - count,
    });
    expect(artefact.head.weights.every(Number.isFinite)).toBe(true);
    expect(artefact.labels["2-bit"]).toBe(count / 200);
    const router = new PaqRouter(artefact, numbers());
    const { level, probabilities } = await router.decide("-2 0");
    expect(level).toBe("4-bit");
    expect(Object.keys(probabilities)).toEqual(["4-bit", "16-bit"]);
    expect(artefact.point.shares["2-bit"]).toBe(0);
  });

  it("goes by the share where there is one label alone", async () => {
    const all = fitTable(await tableOf(population(100, 7, { thresholds: [1e9, 1e9] })));
    expect(all.head.weights).toEqual([0, 0]);
    expect(all.head.levels[0]!.curve).toEqual({ threshold: 0, slope: 0, intercept: Math.log(101) });
    expect(decideVector(all, Float32Array.of(2, 2)).at).toBe(0);
    const none = fitTable(await tableOf(population(100, 8, { thresholds: [-1e9, -1e9] })));
    expect(none.head.levels.map(({ curve }) => curve)).toEqual([null, null]);
    expect(decideVector(none, Float32Array.of(-2, -2)).at).toBe(2);
  });

  it("takes levels that are not nested by themselves", async () => {
    // 4 bits are enough for a third of what 2 bits are enough for.
    const records = population(600, 9, { thresholds: [0, 0] }).map((record, i) =>
      i % 3 > 0
        ? { ...record, paths: { ...record.paths, "4-bit": { ...record.paths["4-bit"]!, nll: 20 } } }
        : record,
    );
    const { head } = fitTable(await tableOf(records));
    expect(head.levels[1]!.adequate).toBeLessThan(head.levels[0]!.adequate / 2);
    const { probabilities } = decideVector(
      { head, point: { probability: 0.8 } as PaqArtefact["point"] },
      Float32Array.of(-2, 0),
    );
    expect(probabilities[0]).toBeGreaterThan(0.9);
    expect(probabilities[1]).toBeLessThan(0.5);
  });

  it("needs 20 groups, and labels", async () => {
    const table = await tableOf(population(19, 10));
    expect(() => fitTable(table)).toThrow(expect.objectContaining({ code: "CALIBRATION_TOO_SMALL" }));
    const without = population(5, 11).map((record) => ({
      ...record,
      paths: { "16-bit": record.paths["16-bit"]! },
    }));
    await expect(tableOf(without)).rejects.toMatchObject({
      code: "EMPTY_INPUT",
      what: expect.stringContaining("5 × 2-bit: no surprisal"),
    });
  });

  it.each([
    [{ tau: -1 }, "tau"],
    [{ tau: 0.1, qualityBound: 0.1 }, "tau"],
    [{ costs: { under: 0, over: 1 } }, "costs.under"],
    [{ goal: { kind: "probability", atLeast: 2 } }, "goal.atLeast"],
    [{ goal: { kind: "risk", risk: 0.1, of: "lost" } }, "goal"],
    [{ least: 0 }, "least"],
  ])("refuses %j", async (options, where) => {
    const table = await tableOf(population(60, 12));
    expect(() => fitTable(table, options as object)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where }),
    );
  });

  it("says which records were left out, empty prompts among them", async () => {
    const records = population(50, 13);
    records[3] = { ...records[3]!, question: " " };
    records[4] = { ...records[4]!, question: undefined };
    const { leftOut, cases } = await tableOf(records);
    expect(leftOut).toEqual({ "no prompt": 1, "empty prompt": 1 });
    expect(cases).toHaveLength(48);
  });
});

describe("groups", () => {
  it("are never torn apart, and neither are prompts that are the same", async () => {
    const records = population(90, 14).map((record, i, all) => ({
      ...record,
      group: i < 60 ? `g${i % 30}` : undefined,
      question: i >= 80 ? all[i - 80]!.question : record.question, // the same prompt under other ids and groups
    }));
    const table = await tableOf(records);
    for (let i = 80; i < 90; i++) expect(table.groups[i]).toBe(table.groups[i - 80]);
    expect(new Set(table.groups).size).toBe(30 + 20);
    const { decisions, routers } = crossFit(table, { parts: 5, tau: 0.1 });
    expect(decisions.size).toBe(90);
    expect(routers).toHaveLength(5);
    for (const router of routers) expect(router.fittedOn.n).toBeLessThan(90);
  });

  it("chain: a prompt in common makes one of three", async () => {
    const records = population(30, 15);
    for (const [i, group] of [
      [0, "a"],
      [1, "a"],
      [2, "b"],
      [3, "b"],
      [4, "c"],
    ] as const)
      records[i] = { ...records[i]!, group };
    records[2] = { ...records[2]!, question: records[1]!.question };
    records[4] = { ...records[4]!, question: records[3]!.question };
    const { groups } = await tableOf(records);
    expect(new Set(groups.slice(0, 5)).size).toBe(1);
  });
});

describe("a bound of the risk", () => {
  it("holds: over many populations a router promises falsely in no more than delta of them", async () => {
    const [risk, delta, rounds] = [0.15, 0.1, 200];
    const fresh = await tableOf(population(4000, 999));
    let broken = 0;
    for (let round = 0; round < rounds; round++) {
      const table = await tableOf(population(240, 1000 + round));
      const artefact = fitTable(table, { goal: { kind: "risk", risk, delta }, folds: 2, seed: round });
      expect(artefact.point.inadequate).toBeLessThanOrEqual(risk);
      expect(artefact.point.upperBound!).toBeLessThanOrEqual(risk + 1e-9);
      let wrong = 0;
      for (const [i, { vector }] of fresh.vectors.entries()) {
        const { at } = decideVector(artefact, vector);
        if (at < 2 && fresh.cases[i]!.nll[at]! > 15) wrong++;
      }
      if (wrong / fresh.cases.length > risk) broken++;
    }
    expect(broken / rounds).toBeLessThanOrEqual(delta + 3 * Math.sqrt((delta * (1 - delta)) / rounds));
  });

  /** Groups whose prompts all fail together, in a share of them; what is said of each is the same. */
  const clusters = (size: number, groups: number, share: number, random: () => number) =>
    Array.from({ length: groups }, (_, g) => {
      const p = random();
      const fails = random() < share;
      return Array.from({ length: size }, () => ({
        probabilities: [p],
        adequate: [!fails, true],
        group: `${g}`,
      }));
    }).flat();

  it("counts groups, not prompts: copies prove nothing", () => {
    const random = seededRandom(16);
    let broken = 0;
    const rounds = 300;
    for (let round = 0; round < rounds; round++) {
      // All are enough with a true risk of 0.2 times the share that is sent down.
      const { probability, test } = chooseProbability(["4-bit", "16-bit"], clusters(5, 150, 0.2, random), {
        risk: 0.1,
        delta: 0.1,
      });
      expect(test).toBe("hoeffding-bentkus");
      if (probability !== null && (1 - probability) * 0.2 > 0.1) broken++;
    }
    expect(broken / rounds).toBeLessThanOrEqual(0.1 + 3 * Math.sqrt(0.09 / rounds));
  });

  it("is nothing that too few prompts can show", () => {
    const cases = clusters(1, 28, 0, seededRandom(17));
    expect(() => chooseProbability(["4-bit", "16-bit"], cases, { risk: 0.1 })).toThrow(
      expect.objectContaining({
        code: "CALIBRATION_TOO_SMALL",
        what: expect.stringContaining("1 more are needed"),
      }),
    );
  });

  it("always takes the top level where nothing keeps to it", () => {
    const cases = clusters(1, 100, 1, seededRandom(18)).map((each) => ({ ...each, probabilities: [1] }));
    const point = chooseProbability(["4-bit", "16-bit"], cases, { risk: 0.1 });
    expect(point).toMatchObject({
      probability: null,
      shares: { "4-bit": 0, "16-bit": 1 },
      inadequate: 0,
      upperBound: 0,
    });
  });
});

describe("PaqRouter", () => {
  const once = tableOf(population(300, 20)).then((table) => fitTable(table, { tau: 0.1 }));
  const fitted = () => once;

  it("decides, with what it goes by", async () => {
    const router = new PaqRouter(await fitted(), numbers());
    const easy = await router.decide("-2 0");
    expect(easy).toMatchObject({ level: "2-bit", because: "enough", leftOut: 0 });
    expect(easy.probabilities["16-bit"]).toBe(1);
    expect(easy.ms).toBeGreaterThanOrEqual(0);
    const hard = await router.decide("2 0");
    expect(hard).toMatchObject({ level: "16-bit", because: "none" });
    const long = await router.decide("9 0");
    expect(long.leftOut).toBe(7);
    expect(long.reason).toContain("the last 7 tokens of the prompt were not looked at");
  });

  it.each(["", " \n"])("takes the top level for an empty prompt (%j)", async (prompt) => {
    const router = new PaqRouter(await fitted(), numbers());
    expect(await router.decide(prompt)).toMatchObject({
      level: "16-bit",
      because: "empty",
      probabilities: { "16-bit": 1 },
    });
  });

  it("refuses what is no prompt, and vectors that are none", async () => {
    const router = new PaqRouter(await fitted(), numbers());
    await expect(router.decide(undefined as unknown as string)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(router.decide("1 NaN")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(router.decide("1 2 3")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("refuses other features, another model of them, and another kind of router", async () => {
    const artefact = await fitted();
    const mismatch = expect.objectContaining({ code: "CALIBRATION_MISMATCH" });
    expect(() => new PaqRouter(artefact, statisticsFeatures())).toThrow(mismatch);
    expect(() => new PaqRouter(artefact, numbers(3))).toThrow(mismatch);
    expect(
      () => new PaqRouter(artefact, { ...numbers(), identity: { name: "made-up", sha256: "bb" } }),
    ).toThrow(mismatch);
    expect(from(artefact, { ...numbers(), identity: { name: "renamed", sha256: "aa" } }).levels).toEqual(
      LEVELS,
    );
    expect(() => new PaqRouter({ ...artefact, kind: "car" } as unknown as PaqArtefact, numbers())).toThrow(
      /kind car/,
    );
  });

  it("refuses another ladder, or warns", async () => {
    const identity = (sha256: string | null) => ({
      model: { name: "m", sha256 },
      tokenizer: null,
      wordingSha256: null,
      recipe: null,
      kernels: null,
    });
    const artefact = await fitted();
    const levels = artefact.levels.map((level) => ({ ...level, identity: identity(`${level.name} a`) }));
    const router = new PaqRouter({ ...artefact, levels }, numbers());
    expect(router.check(levels)).toEqual([]);
    expect(router.check(levels.map((level) => ({ ...level, identity: null })))).toEqual([]);
    const other = levels.map((level) => ({ ...level, identity: identity("other") }));
    expect(() => router.check(other)).toThrow(expect.objectContaining({ code: "CALIBRATION_MISMATCH" }));
    expect(router.check(other, { strict: false })).toHaveLength(3);
    expect(() => router.check(levels.slice(1), { strict: false })).toThrow(/the ladder has 4-bit, 16-bit/);
  });

  it("comes back from its file as it was", async () => {
    const artefact = await fitted();
    const read = parseRouter(routerText(artefact), "here") as PaqArtefact;
    expect(read).toEqual(artefact);
    expect(read.reconstructed.join(" ")).toContain("labels");
    const vector = Float32Array.of(0.3, -1);
    expect(decideVector(read, vector)).toEqual(decideVector(artefact, vector));
  });

  it.each<[name: string, path: string, change: (value: unknown) => unknown]>([
    ["a weight that is none", "head.weights.0", () => null],
    ["a weight too few", "head.weights", () => [1]],
    ["a scale of 0", "head.scales.0", () => 0],
    ["a slope below 0", "head.levels.0.curve.slope", () => -1],
    ["a curve with another parameter", "head.levels.0.curve.bend", () => 1],
    ["thresholds that fall", "head.levels.0.curve.threshold", () => 99],
    ["another level in the head", "head.levels.0.name", () => "3-bit"],
    ["one level", "levels", () => [{ name: "16-bit", identity: null }]],
    ["levels that fall", "levels", (levels) => (levels as unknown[]).toReversed()],
    ["a level that is none", "levels.0.name", () => "__proto__"],
    ["a tau below 0", "tau", () => -0.1],
    ["a probability above 1", "point.probability", () => 1.5],
    ["shares of another level", "point.shares.3-bit", () => 0],
    ["shares that are not all", "labels.16-bit", (share) => Number(share) + 0.1],
    ["costs of 0", "costs.under", () => 0],
    ["a goal with a typing error", "goal", () => ({ kind: "risk", risk: 0.1, dleta: 0.1 })],
    ["another goal", "goal", () => ({ kind: "price", atMost: 1 })],
    ["no features", "features", () => null],
    ["no dimensions", "features.dimensions", () => 0],
    ["a newer form", "schema", () => "surprisal.router/2"],
  ])("is refused from a file with %s", async (_, path, change) => {
    const json = JSON.stringify(changed(JSON.parse(routerText(await fitted())), path.split("."), change));
    expect(() => parseRouter(json, "here")).toThrow(expect.objectContaining({ code: "ROUTER_INVALID" }));
  });

  it("is worth something: beside every level, random, length and oracle", async () => {
    const router = new PaqRouter(await fitted(), numbers());
    const file = fileOf(population(400, 21));
    const decisions = await router.decideAll(file.records);
    const found = evaluatePaq(file, ({ id }) => decisions.get(id), { tau: 0.1 });
    const of = (name: string) => found.methods.find((method) => method.name === name)!;
    expect(of("router").adequate.value).toBeGreaterThan(of("random").adequate.value + 0.1);
    expect(found.randomPValue!.adequate).toBeLessThan(0.001);
    expect(of("router").bits).toBeCloseTo(of("length").bits, 12);
  });
});

/** JSON with one value changed. */
function changed(
  json: unknown,
  [first, ...rest]: readonly string[],
  change: (value: unknown) => unknown,
): unknown {
  if (first === undefined) return change(json);
  if (Array.isArray(json))
    return json.map((item, i) => (`${i}` === first ? changed(item, rest, change) : item));
  const object = json as Record<string, unknown>;
  return { ...object, [first]: changed(object[first], rest, change) };
}
