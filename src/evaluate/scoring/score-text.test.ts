import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { RECIPES } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { type ScoreProgress, scoreText, scoreTexts, type TextScore } from "./score-text.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const MIXED = "Ångström said: 你好, <s>wörld</s>!\n\n  The end. ".repeat(12);
const BYTES = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
/** Every byte equally likely, no special tokens, at most 64 positions. */
const uniform = () =>
  new TableModel({
    symbols: BYTES,
    transitions: BYTES.map(() => Array(256).fill(1 / 256)),
    trainedContext: 64,
  });

async function collect(scores: AsyncIterable<TextScore>): Promise<TextScore[]> {
  const list: TextScore[] = [];
  for await (const score of scores) list.push(score);
  return list;
}

describe("scoreText", () => {
  it("is the closed form of the model", async () => {
    const score = await scoreText(TableModel.twoState(0.1, 0.3), "aabba");
    const p = 0.75 * 0.9 * 0.1 * 0.7 * 0.3; // π(a) · aa · ab · bb · ba
    expect(score.nll).toBeCloseTo(-Math.log(p) / 5, 12);
    expect(score.perplexity).toBeCloseTo(p ** (-1 / 5), 10);
    expect(score.bitsPerByte).toBeCloseTo(-Math.log2(p) / 5, 10);
    expect(score.wordPerplexity).toBeCloseTo(1 / p, 8);
    expect(score).toMatchObject({ tokens: 5, scored: 5, standardErrorMethod: "block-bootstrap" });
    expect(score.recipe).toMatchObject({ name: "cached", id: expect.stringMatching(/^[0-9a-f]{8}$/) });
    expect(score.textSha256).toBe(createHash("sha256").update("aabba").digest("hex"));
  });

  it("of uniform guessing is V and 8 bits per byte, without error", async () => {
    for (const recipe of ["cached", "strided", "disjoint", "half", "llama.cpp"]) {
      const context = recipe === "llama.cpp" ? { context: 32 } : {};
      const score = await scoreText(uniform(), MIXED, { recipe, ...context });
      expect(score.perplexity).toBeCloseTo(256, 8);
      expect(score.bitsPerByte).toBeCloseTo(8, 10);
      expect(score.standardError).toBeCloseTo(0, 4);
      expect(score.standardErrorMethod).toBe(recipe === "llama.cpp" ? "llama.cpp" : "block-bootstrap");
    }
  });

  /** Shannon-McMillan-Breiman: -(1/n) ln p(x_1 ... x_n) tends to the entropy rate with probability 1. */
  it("tends to exp(entropy rate) as the text grows", async () => {
    const model = TableModel.twoState(0.1, 0.3);
    let text = "";
    for await (const token of model.generate("", { maxTokens: 64_000, temperature: 1, seed: 5 }))
      text += token.text;
    const rate = model.chain.entropyRate();
    const errors: number[] = [];
    for (const n of [1000, 4000, 16_000, 64_000]) {
      const { nll, perplexity, standardError } = await scoreText(model, text.slice(0, n));
      const error = standardError! / perplexity!; // of the mean, nats
      expect(Math.abs(nll! - rate)).toBeLessThan(4 * error);
      errors.push(error);
    }
    for (const [i, error] of errors.slice(1).entries()) {
      expect(errors[i]! / error).toBeGreaterThan(1.5); // four times the text, half the error
      expect(errors[i]! / error).toBeLessThan(2.7);
    }
    expect(errors.at(-1)!).toBeLessThan(0.01);
  });

  it("leaves what has no number out of every denominator", async () => {
    const score = await scoreText(uniform(), "é ab"); // nothing stands before the first of é's two bytes
    expect(score).toMatchObject({ tokens: 5, scored: 4 });
    expect(score.unscored).toEqual({ tokens: 1, bytes: 1, words: 1, characters: 1 });
    expect(score.wordPerplexity! / 256 ** 4).toBeCloseTo(1, 10); // one word is left: "ab"
    expect(score.table.logprobs[0]).toBeNaN();
  });

  it("counts words and bytes of the original text under lm-eval", async () => {
    const text = " two words\n"; // in Python, re.split(r"\s+", text) has four pieces
    const { sums, wordPerplexity, bytePerplexity } = await scoreText(TableModel.bytes(), text, {
      recipe: "lm-eval",
    });
    expect(wordPerplexity).toBeCloseTo(Math.exp(sums.totalNll / 4), 6);
    expect(bytePerplexity).toBeCloseTo(Math.exp(sums.totalNll / 11), 10);
  });

  it("reads a special token in a text as text, unless the recipe's tool does not", async () => {
    const model = TableModel.bytes();
    const text = "a<s>b";
    expect([...(await scoreText(model, text)).table.ids]).toEqual([...encode(text)]);
    const peer = await scoreText(model, text, { recipe: "hf-evaluate" });
    expect([...peer.table.ids]).toEqual([97, 256, 98]);
  });

  it("is Infinity after a token of probability 0, and has no error bar then", async () => {
    const never = new TableModel({
      symbols: ["a", "b"],
      transitions: [
        [1, 0],
        [1, 0],
      ],
    });
    const score = await scoreText(never, "aab");
    expect(score).toMatchObject({ perplexity: Infinity, geometricMeanProbability: 0, standardError: null });
  });

  it("reports its progress up to the end", async () => {
    const reports: ScoreProgress[] = [];
    const score = await scoreText(TableModel.bytes(), MIXED, {
      recipe: "strided",
      context: 100,
      onProgress: (progress) => reports.push(progress),
    });
    expect(reports.length).toBeGreaterThan(5);
    expect(reports.at(-1)).toEqual({
      run: score.timing.tokensRun,
      total: score.timing.tokensRun,
      perplexity: expect.closeTo(score.perplexity!, 8),
    });
  });

  it("names its alternatives after the model is gone", async () => {
    const model = TableModel.bytes();
    const { table, piece } = await scoreText(model, "abc", { alternatives: 3 });
    await model[Symbol.asyncDispose]();
    const { ids } = table.alternatives!;
    expect(ids.length).toBe(9);
    for (const id of [...ids, ...table.ids]) expect([...piece(id)]).toEqual([id]);
  });

  it.each<[string, TableModel, string, object, string]>([
    ["no text", TableModel.bytes(), "", {}, "EMPTY_INPUT"],
    ["one token with nothing before it", uniform(), "a", {}, "NOTHING_TO_SCORE"],
    ["less than two chunks", uniform(), "abc", { recipe: "half" }, "TOO_FEW_TOKENS"],
    ["more than one window", uniform(), "a".repeat(66), { recipe: "full" }, "CONTEXT_EXCEEDED"],
    ["an unknown recipe", uniform(), "ab", { recipe: "lmeval" }, "UNKNOWN_RECIPE"],
    ["a stride of 0", uniform(), "ab", { stride: 0 }, "INVALID_ARGUMENT"],
    ["an aborted signal", uniform(), "ab", { signal: AbortSignal.abort() }, "ABORTED"],
  ])("refuses %s", async (_name, model, text, options, code) => {
    await expect(scoreText(model, text, options)).rejects.toMatchObject({ code });
  });

  it("scores one token given BOS, and a text that just fills the window", async () => {
    expect((await scoreText(TableModel.twoState(0.1, 0.3), "b")).perplexity).toBeCloseTo(4, 10); // π(b) = ¼
    expect((await scoreText(uniform(), "a".repeat(65), { recipe: "full" })).scored).toBe(64);
  });
});

describe("scoreTexts", () => {
  const texts = ["A first text.", "Z", "A first text, longer.", MIXED, "A first text."];

  it.each(["hf-evaluate", "cached", "full"])(
    "gives the numbers of scoreText, in order: %s",
    async (recipe) => {
      const model = TableModel.bytes();
      const together = await collect(scoreTexts(model, texts, { recipe, alternatives: 2 }));
      expect(together.length).toBe(texts.length);
      for (const [i, text] of texts.entries()) {
        const {
          timing: _timing,
          piece: _piece,
          ...alone
        } = await scoreText(model, text, {
          recipe,
          alternatives: 2,
        });
        expect(together[i]).toMatchObject(alone);
      }
    },
  );

  it("scores without a prefix, too", async () => {
    const [score] = await collect(scoreTexts(uniform(), ["abc"], { recipe: "full" }));
    expect(score).toMatchObject({ tokens: 3, scored: 2, perplexity: expect.closeTo(256, 8) });
  });

  it("runs what texts share once, and a text of its own recipe alone", async () => {
    const model = TableModel.bytes();
    const runs = async (recipe: string) =>
      (await collect(scoreTexts(model, ["abcd", "abce"], { recipe }))).map(({ timing }) => timing.tokensRun);
    expect(await runs("full")).toEqual([4, 0]); // BOS a b c
    expect(await runs("cached")).toEqual([4, 4]);
  });

  it.each(["hf-evaluate", "cached"])("names the text it cannot score: %s", async (recipe) => {
    const scores = collect(scoreTexts(TableModel.bytes(), ["fine", "", "fine"], { recipe }));
    await expect(scores).rejects.toMatchObject({ code: "EMPTY_INPUT", where: "text 1" });
  });

  it("takes a recipe of one's own", async () => {
    const recipe = { ...RECIPES["hf-evaluate"], prefix: "none" as const }; // add_start_token=False
    const [score] = await collect(scoreTexts(TableModel.bytes(), ["abc"], { recipe }));
    expect(score).toMatchObject({ scored: 2, unscored: { tokens: 1, bytes: 1 } });
  });
});
