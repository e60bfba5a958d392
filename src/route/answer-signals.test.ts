import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../core/index.ts";
import { answerSignals, signalOf } from "./answer-signals.ts";

const tokens: TokenRecord[] = [
  { text: "\n", logprob: -3 },
  { text: "Answer:", logprob: -0.01 },
  { text: " 4", logprob: -0.5 },
  { text: "2", logprob: -0.3 },
  { text: ".", logprob: -0.2 },
  { text: " ", logprob: -2 },
];
const nllOf = (...given: Parameters<typeof answerSignals>) => answerSignals(...given).signals.nll;
const answerOf = (text: string) => /\d+/.exec(text)?.[0] ?? null;

describe("answerSignals", () => {
  it("counts the tokens that the choice says", () => {
    expect(nllOf(tokens)).toBeCloseTo(6.01 / 6, 12);
    expect(nllOf(tokens, { formatting: "trimmed" })).toBeCloseTo(1.01 / 4, 12);
    expect(nllOf(tokens, { formatting: "answer", answerOf })).toBeCloseTo(0.4, 12);
    expect(
      nllOf(tokens, { formatting: "answer", answerOf, endToken: "counted", endLogprob: -0.1 }),
    ).toBeCloseTo(0.3, 12);
    expect(nllOf(tokens, { endLogprob: -100 })).toBeCloseTo(6.01 / 6, 12); // left out
  });

  it("gives no number where one is missing, or nothing was answered", () => {
    const missing = answerSignals([...tokens, { text: "?", logprob: null }]);
    expect(missing).toMatchObject({
      counted: 7,
      missing: 1,
      signals: { nll: null, perplexity: null, "largest-surprisal": null },
    });
    expect(nllOf([...tokens, { text: "?", logprob: Number.NaN }])).toBeNull();
    expect(nllOf([{ text: "42", logprob: -1, tokenCount: 2 }])).toBeNull();
    expect(nllOf([])).toBeNull();
    expect(nllOf(tokens, { formatting: "answer", answerOf: () => null })).toBeNull();
    expect(nllOf(tokens, { endToken: "counted", endLogprob: null })).toBeNull();
  });

  it("leaves out what was thought", () => {
    const thought: TokenRecord = { text: "hmm", logprob: -9, part: "reasoning" };
    expect(nllOf([thought, ...tokens])).toBeCloseTo(6.01 / 6, 12);
  });

  it("has the other signals", () => {
    const first: TokenRecord = {
      text: "a",
      logprob: Math.log(0.6),
      alternatives: [0.6, 0.3].map((p, id) => ({ text: `${id}`, id, logprob: Math.log(p) })),
    };
    const { signals } = answerSignals([first, { text: "b", logprob: -2 }]);
    expect(signals["first-margin"]).toBeCloseTo(0.7, 12);
    expect(signals["largest-surprisal"]).toBe(2);
    expect(signals.perplexity).toBeCloseTo(Math.exp((2 - Math.log(0.6)) / 2), 12);
  });

  it("needs to know what the answer is where it alone counts", () => {
    expect(() => answerSignals(tokens, { formatting: "answer" })).toThrow(/what the answer is|not known/i);
  });
});

describe("signalOf", () => {
  it("takes perplexity and mean surprisal for each other", () => {
    expect(signalOf({ nll: 1 }, "perplexity")).toBeCloseTo(Math.E, 12);
    expect(signalOf({ perplexity: Math.E }, "nll")).toBeCloseTo(1, 12);
    expect(signalOf({ perplexity: null, nll: 1 }, "perplexity")).toBeNull();
    expect(signalOf({ other: 1 }, "nll")).toBeNull();
    expect(signalOf({}, "constructor")).toBeNull();
  });
});
