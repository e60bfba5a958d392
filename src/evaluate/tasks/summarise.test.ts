import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MultipleChoiceSummary, predict, summarise, type TargetSummary } from "./summarise.ts";
import type { ChoiceScore, TaskResult } from "./task-result.ts";

function choice(logprob: number | null, sizes: Partial<ChoiceScore> = {}): ChoiceScore {
  const tokens = sizes.tokens ?? 1;
  return {
    logprob,
    greedy: logprob === null ? null : false,
    tokens,
    characters: 1,
    bytes: 1,
    distinct: { logprob, tokens },
    ...sizes,
  };
}

function result(choices: ChoiceScore[], label = 0, kind: TaskResult["kind"] = "multiple-choice"): TaskResult {
  return { kind, index: 0, where: "a:1", sha256: "", label, choices, tokensRun: 3 };
}

const judged = (right: boolean) => result([choice(-1), choice(-2)], right ? 0 : 1);
const acc = (results: TaskResult[]) => (summarise(results) as MultipleChoiceSummary).accuracies.acc;

describe("predict", () => {
  it("divides by what its rule says", () => {
    const item = result([
      choice(-4, { characters: 2, bytes: 8, distinct: { logprob: -3, tokens: 1 } }), // -4, -2, -0.5, -3
      choice(-6, { characters: 6, bytes: 6, distinct: { logprob: -4, tokens: 2 } }), // -6, -1, -1, -2
    ]);
    expect(predict(item, "acc")?.choice).toBe(0);
    expect(predict(item, "accNorm")?.choice).toBe(1);
    expect(predict(item, "accBytes")?.choice).toBe(0);
    expect(predict(item, "accNormTokens")?.choice).toBe(1);
  });

  it("takes the first of equal ones and says so", () => {
    expect(predict(result([choice(-3), choice(-2), choice(-2)]), "acc")).toEqual({ choice: 1, tied: true });
    expect(predict(result([choice(-3), choice(-3), choice(-2)]), "acc")).toEqual({ choice: 2, tied: false });
  });

  it("does not judge when a number is missing", () => {
    expect(predict(result([choice(-3), choice(null)]), "acc")).toBeNull();
  });
});

describe("summarise", () => {
  it("has lm-eval's standard error and llama.cpp's interval", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 40 }), (rights) => {
        const { value, standardError, interval } = acc(rights.map(judged));
        // lm_eval/api/metrics.py
        const n = rights.length;
        const mean = rights.filter(Boolean).length / n;
        const deviation = Math.sqrt(
          rights.reduce((sum, right) => sum + (Number(right) - mean) ** 2, 0) / (n - 1),
        );
        expect(value).toBe(mean);
        expect(standardError).toBeCloseTo(deviation / Math.sqrt(n), 12);
        // perplexity.cpp, hellaswag_score
        const za = 1.95996398454;
        const z = (za * za) / n;
        const cnf = (z * Math.sqrt(n * (4 * mean * (1 - mean) + z))) / (za + za);
        expect(interval!.low).toBeCloseTo((mean + z * 0.5 - cnf) / (1 + z), 12);
        expect(interval!.high).toBeCloseTo((mean + z * 0.5 + cnf) / (1 + z), 12);
      }),
    );
  });

  it("counts ties, what guessing gives, and items without numbers apart", () => {
    const summary = summarise([
      judged(true),
      result([choice(-1), choice(-1), choice(-1), choice(-1)], 2),
      result([choice(-1), choice(null)]),
    ]) as MultipleChoiceSummary;
    expect(summary).toMatchObject({ items: 3, unscored: 1, tokensRun: 9 });
    expect(summary.chance).toBeCloseTo((0.5 + 0.25 + 0.5) / 3, 12);
    expect(summary.accuracies.acc).toMatchObject({ items: 2, correct: 1, value: 0.5, ties: 1 });
  });

  it("has no error for one item, and no share for none that could be judged", () => {
    expect(acc([judged(true)])).toMatchObject({ value: 1, standardError: null });
    expect(acc([result([choice(null), choice(-1)])])).toMatchObject({
      value: null,
      items: 0,
      interval: null,
    });
    expect(() => summarise([])).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => summarise([judged(true), result([choice(-1)], 0, "target")])).toThrow("different kinds");
  });

  it("gives perplexity per target and per token", () => {
    const nlls = [1, 2, 6];
    const summary = summarise(
      nlls.map((nll, i) => result([choice(-nll, { tokens: i + 1, greedy: i === 0 })], 0, "target")),
    ) as TargetSummary;
    expect(summary.perplexity!.value).toBeCloseTo(Math.exp(3), 10);
    expect(summary.perplexityPerToken).toBeCloseTo(Math.exp(9 / 6), 10);
    expect(summary.accuracy).toMatchObject({ correct: 1, items: 3 });
    const { low, high } = summary.perplexity!.interval!;
    expect(low).toBeLessThan(Math.exp(3));
    expect(high).toBeGreaterThan(Math.exp(3));
    expect(summarise([result([choice(null)], 0, "target")])).toMatchObject({
      perplexity: null,
      perplexityPerToken: null,
      accuracy: { value: null },
    });
  });

  it("has no error where exp overflows", () => {
    const far = result([choice(-800, { tokens: 9 })], 0, "target");
    expect((summarise([far, far]) as TargetSummary).perplexity).toMatchObject({
      value: Number.POSITIVE_INFINITY,
      standardError: null,
    });
  });

  it("says the same of results read back from JSON", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ max: -1e-9, noNaN: true, noDefaultInfinity: true }), { minLength: 2 }),
        (logprobs) => {
          const results = logprobs.map((logprob) => result([choice(logprob), choice(-1)]));
          expect(summarise(JSON.parse(JSON.stringify(results)))).toEqual(summarise(results));
        },
      ),
    );
  });
});
