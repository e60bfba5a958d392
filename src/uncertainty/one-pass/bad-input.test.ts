/** What is wrong, missing or odd in an answer: said clearly, and nothing lost. */
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../core/index.ts";
import type { Estimate } from "../estimator.ts";
import { estimateTokens, judgeChoices, ONE_PASS_METHODS, PEER_SCORES, startEstimators } from "./index.ts";

const NAMES = ONE_PASS_METHODS.map(({ method }) => method);
const ALL = [...NAMES, ...PEER_SCORES.map(({ method }) => method)];
const of = (method: string, records: TokenRecord[], options = {}): Estimate =>
  estimateTokens(records, { methods: [method], ...options })[0]!;
const token = (logprob: number | null, ...choices: (number | null)[]): TokenRecord => ({
  text: "a",
  id: 0,
  logprob,
  ...(choices.length > 0 && {
    alternatives: choices.map((logprob, id) => ({ text: `${String.fromCharCode(97 + id)}`, id, logprob })),
  }),
});
const contradiction = () => "contradiction" as const;

describe("names and options", () => {
  it("an unknown method names those that it comes near to, and all", () => {
    expect(() => startEstimators(["mean_nll"])).toThrow(/no estimator "mean_nll".*Did you mean mean-nll/s);
    expect(() => startEstimators(["probability_margin"])).toThrow(/Did you mean uqlm\/probability_margin/);
    expect(() => startEstimators(["xyz"])).toThrow(
      /Known: sequence-logprob, .*; of other libraries: lm-polygraph/,
    );
    expect(() => startEstimators(["toString"])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it.each([
    [{ window: 0 }, /window/],
    [{ window: 1.5 }, /window/],
    [{ window: 1e9 }, /window/],
    [{ topK: 0 }, /topK/],
    [{ topK: Number.NaN }, /topK/],
    [{ vocabularySize: 0 }, /vocabularySize/],
    [{ parts: [] }, /parts/],
    [{ parts: ["thinking"] }, /"thinking" is no part of an answer/],
  ])("options out of range: %j", (options, message) => {
    expect(() => startEstimators(["mean-nll"], options as never)).toThrow(message);
  });

  it("every method has a name of its own, and says what it needs, its unit, formula and source", () => {
    expect(new Set(ALL).size).toBe(ALL.length);
    for (const { needs, unit, formula, source, variant } of [...ONE_PASS_METHODS, ...PEER_SCORES]) {
      expect(needs.length).toBeGreaterThan(0);
      for (const text of [unit, formula, source, variant]) expect(text).not.toBe("");
    }
  });
});

describe("answers without anything", () => {
  it("an empty answer has no number, and the reason", () => {
    for (const { uncertainty, confidence, reason } of estimateTokens([], {
      methods: ALL,
      entailment: contradiction,
    })) {
      expect(uncertainty).toBeNull();
      expect(confidence ?? null).toBeNull();
      expect(reason).toMatch(/no tokens|has NaN here/);
    }
  });

  it("tokens without any number: none", () => {
    const records = [token(null), { text: "b", logprob: Number.NaN, entropy: Number.NaN, alternatives: [] }];
    for (const { method, uncertainty, reason } of estimateTokens(records, {
      methods: ALL,
      entailment: contradiction,
    })) {
      expect(uncertainty, method).toBeNull();
      expect(reason, method).toMatch(/No token of 2|2 of 2 tokens|has NaN here/);
    }
  });

  it("all of it is thinking: the reason names parts; with the part it is a number", () => {
    const records = [{ ...token(-1), part: "reasoning" as const }];
    expect(of("mean-nll", records)).toMatchObject({
      uncertainty: null,
      reason: "None of 1 tokens is part of the answer: see parts.",
    });
    expect(of("mean-nll", records, { parts: ["reasoning"] }).uncertainty).toBe(1);
  });

  it("thinking and calls of tools do not count", () => {
    const running = startEstimators(["mean-nll"]);
    running.observe({ ...token(-9), part: "reasoning" });
    running.observe(token(-1));
    running.observe({ ...token(-5), part: "tool-call" });
    expect(running.estimates()[0]!.uncertainty).toBe(1);
    expect(running.tokens).toEqual({ observed: 3, otherParts: 2 });
  });
});

describe("tokens without a number", () => {
  const gap = [token(-1, -1, -2), token(null), token(-3, -1, -3)];

  it("are left out of means and greatest values, and counted", () => {
    expect(of("mean-nll", gap)).toMatchObject({
      uncertainty: 2,
      reason: "1 of 3 tokens have no log-probability and are left out.",
    });
    expect(of("max-token-nll", gap).uncertainty).toBe(3);
    expect(of("margin", gap).reason).toMatch(/1 of 3 tokens have no two known choices/);
  });

  it("leave no sum, and no product", () => {
    expect(of("sequence-logprob", gap)).toMatchObject({
      uncertainty: null,
      reason: "1 of 3 tokens have no log-probability: a sum needs all of them.",
    });
    expect(of("claim-conditioned-probability", gap, { entailment: contradiction })).toMatchObject({
      uncertainty: null,
      reason: expect.stringMatching(/1 of 3 tokens have no known choices/),
    });
  });

  it("records of several tokens count as that many", () => {
    const records: TokenRecord[] = [token(-1), { ...token(-7, -1, -2), tokenCount: 4 }];
    expect(of("mean-nll", records)).toMatchObject({
      uncertainty: 1,
      reason: "4 of 5 tokens have no log-probability and are left out.",
    });
    expect(of("margin", records).uncertainty).toBeNull();
  });
});

describe("one token", () => {
  it("has every number", () => {
    const record: TokenRecord = { ...token(-0.5, -0.5, -1.2, -3), entropy: 0.9 };
    const found = Object.fromEntries(
      estimateTokens([record], { entailment: contradiction }).map(({ method, uncertainty }) => [
        method,
        uncertainty,
      ]),
    );
    for (const name of ["sequence-logprob", "mean-nll", "max-token-nll"]) expect(found[name]).toBe(0.5);
    expect(found["deepconf-bottom-10"]).toBe(found["deepconf-mean"]);
    expect(found["mean-token-entropy"]).toBe(0.9);
  });
});

describe("probability 0", () => {
  it("of a token is a number: Infinity, and confidence 0", () => {
    const records = [token(-1), token(-Infinity, -0.1, -2.5)];
    expect(of("sequence-logprob", records)).toMatchObject({ uncertainty: Infinity, confidence: 0 });
    expect(of("mean-nll", records)).toMatchObject({ uncertainty: Infinity, confidence: 0 });
    expect(of("min-probability", records)).toMatchObject({ uncertainty: 1, confidence: 0 });
    expect(
      of("claim-conditioned-probability", records.slice(1), { entailment: contradiction }),
    ).toMatchObject({
      uncertainty: 1,
      confidence: 0,
    });
  });

  it("of a choice is left out of DeepConf's mean, and adds nothing to an entropy", () => {
    expect(of("deepconf-mean", [token(-1, -1, -2, -Infinity)]).uncertainty).toBe(-1.5);
    expect(of("mean-top-k-entropy", [token(0, 0, -Infinity)]).uncertainty).toBe(0);
    expect(of("margin", [token(0, 0, -Infinity)]).uncertainty).toBe(0);
  });

  it("-0 is nowhere", () => {
    for (const { uncertainty, method } of estimateTokens([{ ...token(0, 0, -Infinity), entropy: 0 }], {
      methods: ALL,
    }))
      expect(Object.is(uncertainty, -0), method).toBe(false);
  });
});

describe("what is no log-probability", () => {
  it.each([
    ["a positive one", { text: "a", logprob: 0.2 }, /0.2 is no log-probability \(logprob of token 1\)/],
    ["Infinity", { text: "a", logprob: Infinity }, /Infinity is no log-probability/],
    ["text", { text: "a", logprob: "-1" }, /"-1" is no log-probability/],
    [
      "a choice as text",
      { text: "a", logprob: -1, alternatives: [{ text: "a", logprob: "x" }] },
      /alternative 0 of token 1/,
    ],
    ["an entropy below 0", { text: "a", logprob: -1, entropy: -2 }, /-2 is no entropy/],
    ["bounds upside down", { text: "a", logprob: -1, entropy: { low: 2, high: 1 } }, /is no entropy/],
    ["a part that is none", { text: "a", logprob: -1, part: "poem" }, /"poem" is no part of an answer/],
    ["no count", { text: "a", logprob: -1, tokenCount: 0 }, /tokenCount of token 1/],
  ])("%s is refused, and nothing is changed", (_, bad, message) => {
    const running = startEstimators(["mean-nll", "mean-token-entropy", "margin"]);
    running.observe({ ...token(-1, -1, -2), entropy: 1 });
    const before = running.estimates();
    expect(() => running.observe(bad as never)).toThrow(message);
    expect(running.estimates()).toEqual(before);
  });

  it("rounding above 0 is 0", () => expect(of("mean-nll", [token(1e-6)]).uncertainty).toBe(0));

  it("more choices than the vocabulary has tokens are refused", () => {
    expect(() => of("margin", [token(-1, -1, -2, -3)], { vocabularySize: 2 })).toThrow(/vocabulary of 2/);
  });
});

describe("lists of choices", () => {
  it("one choice has no margin and no evenness, but a DeepConf confidence", () => {
    const records = [token(-0.7, -0.7)];
    expect(of("margin", records)).toMatchObject({
      uncertainty: null,
      reason: "No token of 1 has two known choices.",
    });
    expect(of("mean-top-k-entropy", records).uncertainty).toBeNull();
    expect(of("deepconf-mean", records).uncertainty).toBe(-0.7);
  });

  it("the written token need not be among them", () => {
    const record: TokenRecord = {
      text: "z",
      logprob: -4,
      alternatives: [
        { text: "a", logprob: -0.2 },
        { text: "b", logprob: -2 },
      ],
    };
    const p = (logprob: number) => Math.exp(logprob);
    expect(
      of("claim-conditioned-probability", [record], { entailment: contradiction }).confidence,
    ).toBeCloseTo(p(-4) / (p(-4) + p(-0.2) + p(-2)), 12);
    expect(of("margin", [record]).confidence).toBeCloseTo(p(-0.2) - p(-2), 12);
  });

  it("the same token twice, or a sum above 1, is no distribution: as if there were no list", () => {
    const twice = token(-1, -1, -1);
    twice.alternatives![1]!.id = 0;
    for (const record of [twice, token(-0.1, -0.1, -0.1), token(-1, 0.5, -1)])
      for (const method of [
        "margin",
        "mean-top-k-entropy",
        "deepconf-mean",
        "mean-token-entropy",
        "renyi-entropy",
      ])
        expect(of(method, [record], { vocabularySize: 10 }), method).toMatchObject({
          uncertainty: null,
          reason: expect.any(String),
        });
    expect(of("mean-token-entropy", [{ ...twice, entropy: 0.3 }]).uncertainty).toBe(0.3);
  });

  it("choices without a number end the list, and leave the interval wider", () => {
    const records = [token(-0.5, -0.5, null, -3)];
    expect(of("mean-top-k-entropy", records).uncertainty).toBeNull();
    const { interval } = of("mean-token-entropy", records, { vocabularySize: 10 });
    expect(interval!.low).toBeLessThan(interval!.high!);
  });

  it("lists of different lengths are said", () => {
    expect(of("mean-top-k-entropy", [token(-1, -1, -2), token(-1, -1, -2, -3)]).reason).toMatch(
      /2 to 3 choices/,
    );
  });
});

describe("claim-conditioned probability", () => {
  const records: TokenRecord[] = [
    {
      text: " Paris",
      logprob: -0.4,
      alternatives: [
        { text: " Paris", logprob: -0.4 },
        { text: "Paris.", logprob: -2 },
        { text: " Lyon", logprob: -2.2 },
        { text: " big", logprob: -3 },
      ],
    },
  ];
  const p = (logprob: number) => Math.exp(logprob);

  it("without a judge there is none, and the reason", () => {
    expect(of("claim-conditioned-probability", records)).toMatchObject({
      uncertainty: null,
      reason: expect.stringMatching(/give the option entailment/),
    });
  });

  it("the same word with other spaces and punctuation is the same, and nobody is asked", () => {
    const asked: string[] = [];
    const { confidence } = of("claim-conditioned-probability", records, {
      entailment: (a: string, b: string) => {
        asked.push(`${a}>${b}`);
        return [a, b].includes("Lyon") ? "contradiction" : "neutral";
      },
    });
    expect(confidence).toBeCloseTo((p(-0.4) + p(-2)) / (p(-0.4) + p(-2) + p(-2.2)), 12);
    expect(asked).toEqual(["Paris>Lyon", "Lyon>Paris", "Paris>big", "big>Paris"]);
  });

  it("directions that disagree are neutral, one alone decides", () => {
    const verdict = (forward: string, backward: string) =>
      of(
        "claim-conditioned-probability",
        [
          {
            text: "a",
            logprob: -1,
            alternatives: [
              { text: "a", logprob: -1 },
              { text: "b", logprob: -1.5 },
            ],
          },
        ],
        {
          entailment: (a: string) => (a === "a" ? forward : backward),
        },
      ).confidence;
    expect(verdict("entailment", "contradiction")).toBe(1);
    expect(verdict("neutral", "entailment")).toBe(1);
    expect(verdict("neutral", "contradiction")).toBeCloseTo(p(-1) / (p(-1) + p(-1.5)), 12);
  });

  it("function words are certain, and beginnings are what a judge can read", () => {
    expect(
      of("claim-conditioned-probability", records, {
        entailment: contradiction,
        isFunctionWord: (word: string) => word === "Paris",
      }).uncertainty,
    ).toBe(0);
    const asked: string[] = [];
    of(
      "claim-conditioned-probability",
      [{ text: "It is", logprob: -1, alternatives: [{ text: "It is", logprob: -1 }] }, ...records],
      {
        entailmentOf: "beginnings",
        entailment: (a: string, b: string) => {
          asked.push(`${a}>${b}`);
          return "neutral";
        },
      },
    );
    expect(asked[0]).toBe("It is Paris>It is Lyon");
  });

  it("a verdict that is none is refused", () => {
    expect(() => of("claim-conditioned-probability", records, { entailment: () => "yes" })).toThrow(
      /"yes" is no verdict/,
    );
    expect(() =>
      of("claim-conditioned-probability", records, { entailment: () => Promise.resolve("neutral") }),
    ).toThrow(/judgeChoices/);
  });

  it("a judge that has to be waited for is asked once about every pair, beforehand", async () => {
    const batches: string[][] = [];
    const entailment = await judgeChoices([...records, ...records], async (pairs) => {
      batches.push(pairs.map((pair) => pair.join(">")));
      return pairs.map(([a, b]) => ([a, b].includes("Lyon") ? "contradiction" : "neutral"));
    });
    expect(batches).toEqual([["Paris>Lyon", "Lyon>Paris", "Paris>big", "big>Paris"]]);
    const { confidence } = of("claim-conditioned-probability", [...records, ...records], { entailment });
    expect(confidence).toBeCloseTo(((p(-0.4) + p(-2)) / (p(-0.4) + p(-2) + p(-2.2))) ** 2, 12);
    const probabilities = await judgeChoices([...records, ...records], async (pairs) =>
      pairs.map(([a, b]) => {
        const contradiction = [a, b].includes("Lyon") ? 0.6 : 0.1;
        return { entailment: 0.1, neutral: 0.9 - contradiction, contradiction };
      }),
    );
    const same = of("claim-conditioned-probability", [...records, ...records], { entailment: probabilities });
    expect(same.confidence).toBe(confidence);
    expect(() =>
      of("claim-conditioned-probability", records, {
        entailment: () => ({ entailment: Number.NaN, neutral: 0, contradiction: 1 }),
      }),
    ).toThrow(/is no verdict/);
    await expect(judgeChoices(records, async () => [])).rejects.toThrow(/0 verdicts about 4 pairs/);
    const other = [{ ...records[0]!, alternatives: [{ text: "Rome", logprob: -1 }] }];
    expect(() => of("claim-conditioned-probability", other, { entailment })).toThrow(/Nobody was asked/);
  });
});
