import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import { RECORDS_SCHEMA, type RecordsHeader, type RouteRecord, type RouteRecords } from "../records.ts";
import { bitsOf, casesOf, chooseTau, isAdequate, labelOf, TAUS } from "./labels.ts";

const LEVELS = ["2-bit", "4-bit", "8-bit", "16-bit"] as const;

const recordOf = (
  nlls: readonly (number | null)[],
  tokens = 1,
  more: Partial<RouteRecord> = {},
): RouteRecord => ({
  id: "1",
  question: "q",
  paths: Object.fromEntries(
    nlls.map((nll, i) => [LEVELS[i + LEVELS.length - nlls.length]!, { correct: null, tokens, nll }]),
  ),
  ...more,
});

/** P(good | prompt) of each prompt, x, y and z, under each level: what the perplexity of one token is 1 over. */
const CHANCES = {
  x: [0.5, 0.5, 0.5, 0.5],
  y: [0.1, 0.36, 0.39, 0.4],
  z: [0, 0.5, 0.55, 0.8],
} as const;

/** A ladder of tables: level b gives "g" with a known probability after each prompt. */
const ladder = LEVELS.map(
  (_, level) =>
    new TableModel({
      symbols: ["x", "y", "z", "g", "n"],
      transitions: [
        ...(["x", "y", "z"] as const).map((name) => [
          0,
          0,
          0,
          CHANCES[name][level]!,
          1 - CHANCES[name][level]!,
        ]),
        [0, 0, 0, 0.5, 0.5],
        [0, 0, 0, 0.5, 0.5],
      ],
    }),
);

async function tableRecords(): Promise<RouteRecord[]> {
  return Promise.all(
    [0, 1, 2].map(async (symbol) => {
      const paths: Record<string, { correct: null; tokens: number; nll: number }> = {};
      for (const [i, model] of ladder.entries())
        for await (const { logprob } of model.score([{ context: [symbol], continuation: [3] }]))
          paths[LEVELS[i]!] = { correct: null, tokens: 1, nll: -logprob! };
      return { id: "xyz"[symbol]!, question: "xyz"[symbol]!, paths };
    }),
  );
}

describe("the bound itself", () => {
  it("is kept by what is exactly at it, however the sums were rounded", () => {
    for (const tau of [0.01, 0.05, 0.1, 0.2, 0.25, 1])
      for (const tokens of [1, 7, 64, 1000])
        for (const p of [0.9, 0.3, 0.01]) {
          const top = -tokens * Math.log(p);
          let low = 0; // token by token, each (1 + tau) times less probable
          for (let i = 0; i < tokens; i++) low -= Math.log(p / (1 + tau));
          expect(labelOf(recordOf([low, top], tokens), tau)).toBe("8-bit");
          expect(labelOf(recordOf([low * (1 + 1e-9), top], tokens), tau)).toBe("16-bit");
        }
  });
});

describe("labels of a ladder of tables", () => {
  it("are what the closed form says: the smallest level with p_top / p_b <= 1 + tau", async () => {
    const records = await tableRecords();
    for (const tau of [0, 0.02, 0.03, 0.1, 0.12, 0.45, 0.46, 0.59, 0.61, 3, 1e6])
      for (const record of records) {
        const chances = CHANCES[record.id as keyof typeof CHANCES];
        const expected = LEVELS.find((_, i) => i === 3 || chances[3] / chances[i]! <= 1 + tau + 1e-7);
        expect(labelOf(record, tau, LEVELS), `${record.id} at ${tau}`).toBe(expected);
        for (const [i, level] of LEVELS.entries())
          expect(isAdequate(record, level, tau, LEVELS)).toBe(
            i === 3 || chances[3] / chances[i]! <= 1 + tau + 1e-7,
          );
      }
    expect(records.map((record) => labelOf(record, 0.15))).toEqual(["2-bit", "4-bit", "16-bit"]);
    expect(records.map((record) => labelOf(record, 0.05))).toEqual(["2-bit", "8-bit", "16-bit"]);
  });

  it("never take a level under which the continuation is impossible", async () => {
    const [, , z] = await tableRecords();
    expect(z!.paths["2-bit"]!.nll).toBe(Infinity);
    expect(isAdequate(z!, "2-bit", Infinity)).toBe(false);
    expect(labelOf(z!, Infinity)).toBe("4-bit");
  });
});

describe("labels", () => {
  it("count by token: e^(difference / tokens) is what is compared", () => {
    const record = recordOf([10 + 4 * Math.log(1.05), 10], 4);
    expect(labelOf(record, 0.0501)).toBe("8-bit");
    expect(labelOf(record, 0.0499)).toBe("16-bit");
  });

  it("take the smallest level, nested or not", () => {
    const record = recordOf([1, 9, 1, 1]);
    expect(labelOf(record, 0.1)).toBe("2-bit");
    expect(isAdequate(record, "4-bit", 0.1)).toBe(false);
  });

  it("take a level that is better than the top one", () => {
    expect(labelOf(recordOf([0.5, 1]), 0)).toBe("8-bit");
  });

  it.each([
    ["a level without a number", recordOf([null, 1])],
    ["a number that is none", recordOf([Number.NaN, 1])],
    ["what is impossible under the top level", recordOf([1, Infinity])],
    ["both impossible", recordOf([Infinity, Infinity])],
    ["no tokens", recordOf([1, 1], 0)],
    [
      "other tokens",
      {
        ...recordOf([1]),
        paths: {
          "8-bit": { correct: null, tokens: 2, nll: 1 },
          "16-bit": { correct: null, tokens: 1, nll: 1 },
        },
      },
    ],
  ])("cannot be said of %s", (_, record) => {
    expect(labelOf(record, 0.1, ["8-bit", "16-bit"])).toBeNull();
    expect(isAdequate(record, "8-bit", 0.1, ["8-bit", "16-bit"])).toBeNull();
  });

  it("cannot be said where a level is missing altogether", () => {
    expect(labelOf(recordOf([1, 1]), 0.1, LEVELS)).toBeNull();
    expect(isAdequate(recordOf([1, 1]), "2-bit", 0.1)).toBeNull();
  });

  it.each([-0.1, Number.NaN, "0.1"])("refuse a tolerance of %s", (tau) => {
    expect(() => labelOf(recordOf([1, 1]), tau as number)).toThrow(/tolerance/);
  });

  it("never rise with tau", () => {
    const number = fc.oneof(fc.double({ min: 0, max: 50, noNaN: true }), fc.constant(Infinity));
    fc.assert(
      fc.property(
        fc.tuple(number, number, number, fc.double({ min: 0, max: 50, noNaN: true })),
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (nlls, tokens, one, other) => {
          const bits = (tau: number) => bitsOf(labelOf(recordOf(nlls, tokens), tau)!)!;
          expect(bits(Math.max(one, other))).toBeLessThanOrEqual(bits(Math.min(one, other)));
        },
      ),
    );
  });
});

describe("cases", () => {
  it("leave out what cannot be labelled, and say how many and why", () => {
    const header: RecordsHeader = {
      schema: RECORDS_SCHEMA,
      paths: ["8-bit", "16-bit"],
      counting: null,
      identity: null,
    };
    const given: RouteRecords = {
      header,
      wholeBytes: 0,
      records: [
        recordOf([1, 1]),
        recordOf([null, 1], 1, { id: "2" }),
        recordOf([1], 1, { id: "3" }),
        recordOf([1, Infinity], 1, { id: "4" }),
        recordOf([1, 1], 1, { id: "5", question: undefined }),
        recordOf([1, 1], 1, { id: "6", rewordingOf: "1" }),
      ],
    };
    const { levels, cases, leftOut } = casesOf(given);
    expect(levels).toEqual(["8-bit", "16-bit"]);
    expect(cases.map(({ record }) => record.id)).toEqual(["1"]);
    expect(leftOut).toEqual({ "8-bit: no surprisal": 2, "16-bit: impossible": 1, "no prompt": 1 });
  });

  it.each([[["16-bit"]], [["16-bit", "4-bit"]], [["short", "long"]], [[]]])("refuse levels %j", (names) => {
    expect(() => casesOf([recordOf([1, 1])], names)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: "levels" }),
    );
  });
});

describe("the tolerance for a bound", () => {
  it("is the largest of the grid with which labels keep the mean quality", () => {
    // One prompt of ten can go down at tau 0.5 (it costs ln 1.5), nine are as good at 8 bits.
    const records = Array.from({ length: 10 }, (_, i) =>
      recordOf([i === 0 ? 1 + Math.log(1.5) : 1, 1], 1, { id: `${i}` }),
    );
    const found = chooseTau(records, { bound: 0.05 });
    expect(found.tau).toBe(1);
    expect(found.increase).toBeCloseTo(1.5 ** 0.1 - 1, 12);
    expect(found.shares).toEqual({ "8-bit": 1, "16-bit": 0 });
    expect(chooseTau(records, { bound: 0.04 }).tau).toBe(0.3);
    expect(chooseTau(records, { bound: 0 }).tau).toBe(0.3);
    expect(found.grid.map(({ tau }) => tau)).toEqual(TAUS);
  });

  it("is never below the bound itself", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.double({ min: 0, max: 9, noNaN: true }), fc.double({ min: 0, max: 9, noNaN: true })),
          {
            minLength: 1,
            maxLength: 20,
          },
        ),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (pairs, bound) => {
          const { tau, increase } = chooseTau(
            pairs.map((pair, i) => recordOf(pair, 1 + i, { id: `${i}` })),
            { bound },
          );
          expect(tau).toBeGreaterThanOrEqual(bound);
          expect(increase).toBeLessThanOrEqual(bound + 1e-9);
        },
      ),
    );
  });

  it("refuses records without a label", () => {
    expect(() => chooseTau([recordOf([null, 1])], { bound: 0.1 })).toThrow(/None of the records/);
  });
});
