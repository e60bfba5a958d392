import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { RECORDS_SCHEMA, type RouteRecord, type RouteRecords } from "../records.ts";
import { evaluatePaq, type PaqEvaluation } from "./paq.ts";
import { shuffledPValue as pValueOf, unmoved } from "./shuffled.ts";

const LEVELS = ["4-bit", "8-bit", "16-bit"];

const recordOf = (
  id: string,
  nlls: readonly (number | null)[],
  {
    tokens = 10,
    question = `q${id}`,
    ms = [10, 20, 40],
    ...more
  }: Partial<RouteRecord> & {
    tokens?: number;
    ms?: readonly (number | null)[];
  } = {},
): RouteRecord => ({
  id,
  question,
  paths: Object.fromEntries(
    nlls.map((nll, i) => [LEVELS[i]!, { correct: null, tokens, nll, ms: ms[i] ?? null }]),
  ),
  ...more,
});

const fileOf = (records: RouteRecord[], more: Partial<RouteRecords["header"]> = {}): RouteRecords => ({
  header: { schema: RECORDS_SCHEMA, paths: LEVELS, counting: null, identity: null, ...more },
  records,
  wholeBytes: 0,
});

const methodOf = (found: PaqEvaluation, name: string) =>
  found.methods.find((method) => method.name === name)!;

/** a: 4 bits are enough; b: 8; c: 16; tau 0.1 allows 0.953 nats on ten tokens. */
const RECORDS = [
  recordOf("a", [10.5, 10.2, 10], { question: "a" }),
  recordOf("b", [14, 20.9, 20], { question: "bb", tokens: 10 }),
  recordOf("c", [50, 35, 30], { question: "ccc" }),
  recordOf("d", [10.1, 10, 10], { question: "dddd", tokens: 20 }),
];

describe("evaluatePaq", () => {
  const found = evaluatePaq(
    fileOf(RECORDS),
    ({ id }) => ({ level: id === "c" ? "16-bit" : id === "b" ? "8-bit" : "4-bit", ms: 3 }),
    { tau: 0.1 },
  );

  it("has every way by hand", () => {
    const top = (10 + 20 + 30 + 10) / 50;
    const expected = {
      "always 4-bit": { sum: 10.5 + 14 + 50 + 10.1, enough: 3, bits: 4, ms: 10 },
      "always 8-bit": { sum: 10.2 + 20.9 + 35 + 10, enough: 3, bits: 8, ms: 20 },
      "always 16-bit": { sum: 70, enough: 4, bits: 16, ms: 40 },
      oracle: {
        sum: 10.5 + 14 + 30 + 10.1,
        enough: 4,
        bits: (4 + 4 + 16 + 4) / 4,
        ms: (10 + 10 + 40 + 10) / 4,
      },
      router: {
        sum: 10.5 + 20.9 + 30 + 10.1,
        enough: 4,
        bits: (4 + 8 + 16 + 4) / 4,
        ms: (10 + 20 + 40 + 10) / 4 + 3,
      },
    };
    for (const [name, { sum, enough, bits, ms }] of Object.entries(expected)) {
      const method = methodOf(found, name);
      expect(method.perplexity.value).toBeCloseTo(Math.exp(sum / 50), 9);
      expect(method.increase.value).toBeCloseTo(Math.exp(sum / 50 - top) - 1, 9);
      expect(method.adequate.value).toBe(enough / 4);
      expect(method.bits).toBe(bits);
      expect(method.ms!.value).toBeCloseTo(ms, 9);
    }
    expect(methodOf(found, "always 4-bit").ratio.value).toBeCloseTo(
      (Math.exp(0.05) + Math.exp(-0.6) + Math.exp(2) + Math.exp(0.005)) / 4,
      9,
    );
  });

  it("has random choice in closed form: a quarter 8 bits, a quarter 16, half 4", () => {
    const random = methodOf(found, "random");
    const sum = RECORDS.reduce((all, { paths }) => {
      const [four, eight, sixteen] = LEVELS.map((level) => paths[level]!.nll!) as [number, number, number];
      return all + four / 2 + eight / 4 + sixteen / 4;
    }, 0);
    expect(random.perplexity.value).toBeCloseTo(Math.exp(sum / 50), 9);
    expect(random.adequate.value).toBeCloseTo((3 / 2 + 3 / 4 + 1) / 4, 9);
    expect(random.ms!.value).toBeCloseTo(5 + 5 + 10, 9);
    expect(random.shares).toEqual({ "4-bit": 0.5, "8-bit": 0.25, "16-bit": 0.25 });
  });

  it("has the length rule of the same mix, in the better direction", () => {
    // Shortest first: a, b at 4, c at 8, d at 16; longest first: d, c at 4, b at 8, a at 16.
    const [shortFirst, longFirst] = [10.5 + 14 + 35 + 10, 10.1 + 50 + 20.9 + 10];
    expect(shortFirst).toBeLessThan(longFirst);
    expect(methodOf(found, "length").perplexity.value).toBeCloseTo(Math.exp(shortFirst / 50), 9);
  });

  it("has labels against choices, mistakes and verdicts", () => {
    expect(found.labels).toEqual({
      "4-bit": { "4-bit": 2, "8-bit": 1, "16-bit": 0 },
      "8-bit": { "4-bit": 0, "8-bit": 0, "16-bit": 0 },
      "16-bit": { "4-bit": 0, "8-bit": 0, "16-bit": 1 },
    });
    expect([found.under, found.over]).toEqual([0, 1]);
    expect(found.withinTau).toEqual({ value: true, surely: true });
    expect(found.routerMs).toBe(3);
    expect(methodOf(found, "always 16-bit").difference!.ms!.value).toBeCloseTo(23 - 40, 9);
    expect(methodOf(found, "router").difference).toBeNull();
  });

  it("adds up the memory of the levels that are used, where it is known", () => {
    const facts = LEVELS.map((name, i) => ({
      bits: [4, 8, 16][i]!,
      name,
      type: "Q",
      bytes: 1,
      bitsPerWeight: 1,
      fallbacks: [],
      identity: { model: null, tokenizer: null, wordingSha256: null, recipe: null, kernels: null },
      perplexity: null,
      prefillTokensPerSecond: null,
      generationTokensPerSecond: null,
      cacheBytesPerToken: null,
      memoryBytes: [100, 200, 400][i]!,
    }));
    const two = evaluatePaq(
      fileOf(RECORDS, { levels: facts }),
      ({ id }) => (id === "c" ? "16-bit" : "4-bit"),
      { tau: 0.1 },
    );
    expect(methodOf(two, "router").memoryBytes).toBe(500);
    expect(methodOf(two, "always 8-bit").memoryBytes).toBe(200);
    expect(methodOf(found, "router").memoryBytes).toBeNull();
  });

  it("says what was left out, a missing level by its name", () => {
    const { leftOut, n, warnings } = evaluatePaq(
      fileOf([
        ...RECORDS,
        recordOf("e", [1, null, 1]),
        recordOf("f", [1, 1]),
        recordOf("g", [1, 1, Infinity]),
        recordOf("h", [1, 1, 1]),
      ]),
      ({ id }) => (id === "h" ? undefined : "16-bit"),
      { tau: 0.1 },
    );
    expect(n).toBe(4);
    expect(leftOut).toEqual({
      "8-bit: no surprisal": 1,
      "16-bit: no surprisal": 1,
      "16-bit: impossible": 1,
      "no decision": 1,
    });
    expect(warnings).toContain("1 record left out: 8-bit: no surprisal.");
  });

  it("stays honest where a level finds the reference impossible", () => {
    const records = [...RECORDS, recordOf("e", [Infinity, 20, 20])];
    const bad = evaluatePaq(fileOf(records), () => "4-bit", { tau: 0.1 });
    expect(methodOf(bad, "router").perplexity).toMatchObject({ value: Infinity, high: Infinity });
    expect(methodOf(bad, "router").perplexity.low).not.toBeNaN();
    expect(methodOf(bad, "always 4-bit").difference!.perplexity.value).toBe(0); // it is the same
    expect(bad.withinTau).toEqual({ value: false, surely: false });
    const good = evaluatePaq(fileOf(records), ({ id }) => (id === "e" ? "8-bit" : "4-bit"), { tau: 0.1 });
    expect(methodOf(good, "router").perplexity.value).toBeLessThan(Infinity);
    expect(methodOf(good, "always 4-bit").difference!.perplexity.value).toBe(-1);
    expect(good.randomPValue!.perplexity).toBeLessThan(0.25); // one deal of five is as good
  });

  it("has no p value where all go one way, and no times of prompts run side by side", () => {
    const one = evaluatePaq(fileOf(RECORDS, { atOnce: 4 }), () => "8-bit", { tau: 0.1 });
    expect(one.randomPValue).toBeNull();
    expect(one.methods.every(({ ms }) => ms === null)).toBe(true);
    expect(one.atOnce).toBe(4);
    const untimed = evaluatePaq(
      fileOf(RECORDS.map((record) => recordOf(record.id, [1, 1, 1], { ms: [] }))),
      () => "8-bit",
      { tau: 0 },
    );
    expect(methodOf(untimed, "router").ms).toBeNull();
  });

  it("has no p value of groups that no shuffle moves, and says how many prompts it does not know of", () => {
    const sized = (sizes: readonly number[]) =>
      sizes.flatMap((size, group) =>
        Array.from({ length: size }, (_, i) => recordOf(`${group}.${i}`, [1, 1, 1], { group: `g${group}` })),
      );
    const byLast = ({ id }: RouteRecord) => (id.endsWith("0") ? "16-bit" : "4-bit");
    const none = evaluatePaq(fileOf(sized([2, 3, 4])), byLast, { tau: 0.1 });
    expect(none.randomPValue).toBeNull();
    const some = evaluatePaq(
      fileOf(sized([4, 1, 1, 1, 1])),
      ({ id }) => (id === "1.0" ? "16-bit" : "4-bit"),
      {
        tau: 0.1,
      },
    );
    expect(some.randomPValue).toEqual({ perplexity: 1, adequate: 1 });
    expect(some.warnings.find((each) => each.startsWith("4 of 8 prompts"))).toMatch(/shuffles leave them/);
    expect(evaluatePaq(fileOf(sized([1, 1, 1])), byLast, { tau: 0.1 }).warnings.join()).not.toMatch(
      /shuffles/,
    );
  });

  it("says where fewer bits are not faster", () => {
    const records = RECORDS.map((record) => recordOf(record.id, [1, 1, 1], { ms: [50, 20, 40] }));
    expect(evaluatePaq(fileOf(records), () => "16-bit", { tau: 0 }).warnings).toEqual([
      "4-bit is no faster than 16-bit here: fewer bits save memory, and no time.",
    ]);
  });

  it("resamples groups, and prompts that are the same are one", () => {
    const copies = Array.from({ length: 40 }, (_, i) =>
      recordOf(`${i}`, i < 20 ? [10, 10, 10] : [30, 30, 10], { question: i < 20 ? "same" : "other" }),
    );
    const { groups, methods } = evaluatePaq(fileOf(copies), () => "4-bit", { tau: 0.1 });
    expect(groups).toBe(2);
    expect(methods[0]!.adequate).toEqual({ value: 0.5, low: 0, high: 1 });
  });

  it.each([
    ["a level that there is not", () => "2-bit"],
    ["a promise", async () => "8-bit"],
  ])("refuses %s", (_, routeOf) => {
    expect(() => evaluatePaq(fileOf(RECORDS), routeOf as () => string, { tau: 0.1 })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: "route" }),
    );
  });
});

describe("shuffled decisions", () => {
  const shuffledPValue = (...given: Parameters<typeof pValueOf>): number => pValueOf(...given) ?? Number.NaN;

  it("have the p value that all deals give", () => {
    // Two of five go to path 1; losses of path 0 are 0, of path 1 these. The router took 1 and 2: of 10 pairs (0-1 ... 3-4) those with a sum of at most 3.
    const losses = [new Float64Array(5), Float64Array.of(1, 2, 3, 4, 5)];
    const p = shuffledPValue(Int32Array.of(1, 1, 0, 0, 0), losses, Int32Array.of(0, 1, 2, 3, 4));
    expect(p).toBeCloseTo(0.1, 1);
    const worse = shuffledPValue(Int32Array.of(1, 0, 0, 1, 0), losses, Int32Array.of(0, 1, 2, 3, 4));
    expect(Math.abs(worse - 0.4)).toBeLessThan(0.03); // 1+2, 1+3, 1+4, 2+3
  });

  it("keep groups together: copies prove nothing", () => {
    const random = seededRandom(1);
    const n = 200;
    const groups = Int32Array.from({ length: n }, (_, i) => Math.floor(i / 20));
    const choices = Int32Array.from(groups, (group) => group % 2);
    const gain = Array.from({ length: 10 }, () => random());
    const losses = [new Float64Array(n), Float64Array.from(groups, (group) => gain[group]!)];
    const together = shuffledPValue(choices, losses, groups, { shuffles: 2000 });
    const alone = shuffledPValue(
      choices,
      losses,
      Int32Array.from({ length: n }, (_, i) => i),
      { shuffles: 2000 },
    );
    expect(Math.min(together, 1 - together)).toBeGreaterThan(0.003); // of C(10, 5) = 252 deals
    expect(Math.min(alone, 1 - alone)).toBeLessThan(Math.min(together, 1 - together));
  });

  it("are as good as any where nothing differs", () => {
    const even = [new Float64Array(10), new Float64Array(10)];
    expect(
      shuffledPValue(
        Int32Array.of(0, 1, 0, 1, 0, 1, 0, 1, 0, 1),
        even,
        Int32Array.from({ length: 10 }, (_, i) => i),
      ),
    ).toBe(1);
  });

  it("have no p value where no other deal is possible", () => {
    const losses = [Float64Array.of(0, 1, 2, 3, 4, 5), Float64Array.of(5, 4, 3, 2, 1, 0)];
    const groups = Int32Array.of(0, 1, 1, 2, 2, 2); // sizes 1, 2, 3
    expect(pValueOf(Int32Array.of(0, 1, 1, 0, 1, 0), losses, groups)).toBeNull();
    expect(unmoved(groups)).toBe(6);
    const alike = Int32Array.of(0, 0, 1, 1, 2, 3); // 2, 2, 1, 1
    expect(pValueOf(Int32Array.of(0, 1, 0, 1, 1, 1), losses, alike)).toBeNull();
    expect(pValueOf(Int32Array.of(0, 1, 1, 0, 1, 1), losses, alike)).toBeGreaterThan(0);
    expect(unmoved(alike)).toBe(0);
  });
});
