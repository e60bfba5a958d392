/** With a model: tokens as they are written, watched by a policy, and the same tokens scored afterwards. */
import { describe, expect, it } from "vitest";
import { distributionShape, monitorTokens, type TokenRecord } from "../../core/index.ts";
import { scoreText } from "../../evaluate/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { estimateTokens, recordsOf, startEstimators } from "./index.ts";

const SYMBOLS = ["a", "b", "c"];
const TRANSITIONS = [
  [0.7, 0.2, 0.1],
  [0.1, 0.3, 0.6],
  [0.4, 0.4, 0.2],
];
const model = () =>
  new TableModel({
    symbols: SYMBOLS.map((text) => new TextEncoder().encode(text)),
    transitions: TRANSITIONS,
  });

/** What the table says of a text, by hand; the first token has no number unless something stands before it. */
function byHand(text: string, from: number): TokenRecord[] {
  return [...text].slice(from).map((letter, i) => {
    const p = TRANSITIONS[SYMBOLS.indexOf(text[from + i - 1]!)]!;
    return { text: letter, logprob: Math.log(p[SYMBOLS.indexOf(letter)]!), shape: distributionShape(p) };
  });
}
const METHODS = ["sequence-logprob", "max-token-nll", "renyi-entropy", "fisher-rao", "self-certainty"];
const numbers = (records: Iterable<TokenRecord>) =>
  estimateTokens(records, { methods: METHODS }).map(({ uncertainty }) => uncertainty!);

describe("estimators of one pass with a model", () => {
  it("watch an answer while a policy does, and stop with it", async () => {
    const running = startEstimators();
    const writing = model().generate("ab", {
      maxTokens: 50,
      temperature: 1,
      seed: 3,
      alternatives: 3,
      shape: true,
    });
    const monitored = monitorTokens(writing, { stopWhen: "tokens>=20" });
    const written: TokenRecord[] = [];
    for await (const token of monitored) {
      running.observe(token);
      written.push(token);
    }
    expect(monitored.stoppedBy?.token).toBe(20);
    expect(running.tokens.observed).toBe(20);
    expect(running.estimates()).toEqual(estimateTokens(written));
    const text = `ab${written.map(({ text }) => text).join("")}`;
    const expected = numbers(byHand(text, 2));
    for (const [i, value] of numbers(written).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
  });

  it("give a scored text the same numbers as when it was written", async () => {
    const context = "abc";
    const answer = "abacab";
    for (const recipe of ["cached", "full"] as const) {
      const score = await scoreText(model(), context + answer, { recipe, alternatives: 3, shape: true });
      expect(score.shapes).toHaveLength(9);
      const records = [...recordsOf(score, context)];
      expect(records.map(({ text }) => text).join("")).toBe(answer);
      const expected = numbers(byHand(context + answer, 3));
      for (const [i, value] of numbers(records).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
    }
  });

  it("a text that was scored without shapes has none, and one that begins otherwise is refused", async () => {
    const score = await scoreText(model(), "abcab");
    expect(score.shapes).toBeUndefined();
    const [rényi, nll] = estimateTokens(recordsOf(score), { methods: ["renyi-entropy", "mean-nll"] });
    expect(rényi!.uncertainty).toBeNull();
    expect(nll!.uncertainty).toBeGreaterThan(0);
    expect(() => [...recordsOf(score, "abd")]).toThrow(/does not begin with this/);
  });
});
