/** Measures that need a model, on models whose every number is known. */
import { describe, expect, it } from "vitest";
import { crossEntropy, entropy, klDivergence, seededRandom } from "../core/index.ts";
import { TableModel } from "../models/test/index.ts";
import { contextWorth } from "./context.ts";
import { convergenceOf } from "./converge.ts";
import { crossEntropyOf } from "./cross.ts";
import { nextTokens, withoutBlank } from "./next.ts";
import { fitPowerLaw } from "./power-law.ts";

/** Symbols of a two-state chain: 0 = a, 1 = b. */
function letters(ab: number, ba: number, length: number, seed: number): Int32Array {
  const random = seededRandom(seed);
  let state = 0;
  return Int32Array.from({ length }, () => {
    state = random() < (state === 0 ? ab : ba) ? 1 - state : state;
    return state;
  });
}

describe("a power law", () => {
  it("is found again, its limit too", () => {
    const law = { limit: 1.3, scale: 2, exponent: 0.7 };
    const points = [1, 2, 3, 4, 5, 6, 7, 8].map((x) => ({
      x,
      y: law.limit + law.scale * x ** -law.exponent,
    }));
    const fitted = fitPowerLaw(points)!;
    expect(fitted.limit).toBeCloseTo(1.3, 2);
    expect(fitted.exponent).toBeCloseTo(0.7, 2);
    expect(fitted.residual).toBeLessThan(1e-3);
  });

  it("has no limit below 0, and is none of what rises or of three points", () => {
    expect(fitPowerLaw([8, 4, 2, 0.1].map((y, i) => ({ x: i + 1, y })))!.limit).toBeGreaterThanOrEqual(0);
    expect(fitPowerLaw([1, 2, 3, 4].map((y) => ({ x: y, y })))).toBeNull();
    expect(fitPowerLaw([3, 2, 1].map((y, i) => ({ x: i + 1, y })))).toBeNull();
  });
});

describe("convergence (Shannon-McMillan-Breiman)", () => {
  const [ab, ba] = [0.1, 0.3];
  const model = TableModel.twoState(ab, ba);
  const rate = model.chain.entropyRate();

  it("on a chain: running perplexity within 1 % at 1,000,000 symbols, the spread shrinks as 1/√N", async () => {
    const found = await convergenceOf(model, letters(ab, ba, 1_000_000, 3), { starts: 10 });
    expect(Math.abs(Math.exp(found.rate) / Math.exp(rate) - 1)).toBeLessThan(0.01);
    expect(Math.abs(found.rate / rate - 1)).toBeLessThan(0.01);
    expect(found.points.at(-1)!.tokens).toBe(100_000);
    expect(found.spreadSlope).toBeGreaterThan(-0.75);
    expect(found.spreadSlope).toBeLessThan(-0.3);
    expect(found.points.at(-1)!.spread).toBeLessThan(found.points[20]!.spread / 10);
    const { interval, rate: limit } = found.limit;
    expect(Math.abs(limit / rate - 1)).toBeLessThan(0.01);
    expect(interval!.low).toBeLessThan(rate);
    expect(interval!.high).toBeGreaterThan(rate);
    expect(interval!.high - interval!.low).toBeLessThan(0.02 * rate);
  });

  it("is the sum over the letters: the last point is what scoring each stretch says", async () => {
    const ids = letters(ab, ba, 200, 1);
    const { points, starts, length } = await convergenceOf(model, ids, { starts: 4 });
    expect([starts, length]).toEqual([[0, 50, 100, 150], 50]);
    for (const [i, start] of starts.entries()) {
      let nll = 0;
      for (let k = 0; k < length; k++)
        nll -= Math.log(model.chain.probability(k === 0 ? 2 : ids[start + k - 1]!, ids[start + k]!));
      expect(points.at(-1)!.rates[i]).toBeCloseTo(nll / length, 10);
    }
  });

  it("refuses what is too short, and nonsense", async () => {
    const error = (code: string) => expect.objectContaining({ code });
    await expect(convergenceOf(model, "")).rejects.toEqual(error("EMPTY_INPUT"));
    await expect(convergenceOf(model, "abab")).rejects.toEqual(error("INVALID_ARGUMENT"));
    await expect(convergenceOf(model, "ab".repeat(500), { starts: 1 })).rejects.toEqual(
      error("INVALID_ARGUMENT"),
    );
    const certain = TableModel.twoState(0, 1);
    await expect(convergenceOf(certain, "ab".repeat(100), { starts: 2 })).rejects.toEqual(
      error("INVALID_ARGUMENT"),
    );
  });
});

describe("cross-entropy", () => {
  it("is H(p) + KL(p‖q), and each is what the closed form says", async () => {
    const [p, q] = [TableModel.twoState(0.1, 0.3), TableModel.twoState(0.2, 0.25)];
    const text = "aababbbaabba";
    const found = await crossEntropyOf(p, q, text);
    const row = (model: TableModel, previous: number) =>
      [0, 1, 2].map((next) => model.chain.probability(previous, next));
    const { ids } = await p.tokenize(text);
    const pairs = Array.from(ids, (_, i) => {
      const previous = i === 0 ? 2 : ids[i - 1]!;
      return [row(p, previous), row(q, previous)] as const;
    });
    const mean = (of: (p: number[], q: number[]) => number) =>
      pairs.reduce((sum, pair) => sum + of(...pair), 0) / pairs.length;
    expect(found.places).toBe(12);
    expect(found.entropyP.value).toBeCloseTo(
      mean((a) => entropy(a)),
      5,
    );
    expect(found.entropyQ.value).toBeCloseTo(
      mean((_, b) => entropy(b)),
      5,
    );
    expect(found.divergence.value).toBeCloseTo(
      mean((a, b) => klDivergence(a, b)),
      5,
    );
    expect(found.reverseDivergence.value).toBeCloseTo(
      mean((a, b) => klDivergence(b, a)),
      5,
    );
    expect(found.crossEntropy.value).toBeCloseTo(
      mean((a, b) => crossEntropy(a, b)),
      5,
    );
    expect(found.crossEntropy.value).toBeCloseTo(found.entropyP.value + found.divergence.value, 10);
    expect(found.largestResidual).toBeLessThan(1e-9);
    const same = await crossEntropyOf(p, p, text);
    expect([same.divergence.value, same.crossEntropy.value]).toEqual([0, same.entropyP.value]);
  });

  it("refuses models with other tokens", async () => {
    const other = TableModel.bytes();
    await expect(crossEntropyOf(TableModel.twoState(0.5, 0.5), other, "ab")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      wayOut: expect.stringContaining("surprisal compare"),
    });
  });
});

describe("the worth of a context", () => {
  it("of a chain is all in the last token", async () => {
    const model = TableModel.twoState(0.1, 0.3);
    const ids = letters(0.1, 0.3, 4000, 8);
    const found = await contextWorth(model, ids, { longest: 16, places: 400 });
    expect(found.points.map(({ context }) => context)).toEqual([0, 1, 2, 4, 8, 16]);
    const [none, one, two] = found.points;
    // Behind BOS the chain begins with its stationary distribution: I = H(π) - rate.
    const pi = [0.75, 0.25];
    expect(none!.rate.value).toBeCloseTo(entropy(pi), 1);
    expect(one!.saved.value).toBeCloseTo(entropy(pi) - model.chain.entropyRate(), 1);
    expect(two!.step!.value).toBe(0);
    expect([found.enough, found.certain]).toEqual([1, true]);
    // The same places at every length.
    const places = Array.from({ length: 400 }, (_, i) => 16 + Math.floor(((i + 0.5) * 3984) / 400));
    const exact =
      places.reduce((sum, t) => sum - Math.log(model.chain.probability(ids[t - 1]!, ids[t]!)), 0) / 400;
    expect(one!.rate.value).toBeCloseTo(exact, 10);
  });

  it("is cut to what the text has, and says so", async () => {
    const model = TableModel.twoState(0.4, 0.3);
    const found = await contextWorth(model, "abbabaab", { longest: 100 });
    expect(found.points.at(-1)!.context).toBe(6);
    expect(found.notes.join()).toContain("The longest context is 6 tokens");
    await expect(contextWorth(model, "ab")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(contextWorth(model, "abab", { places: 1 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});

describe("the next token", () => {
  it("is the row of the chain, its entropy and the choices", async () => {
    const model = TableModel.twoState(0.1, 0.3);
    const found = await nextTokens(model, "aab", { top: 5 });
    expect(found.entropy).toBeCloseTo(entropy([0.3, 0.7]), 6);
    expect(found.choices).toBeCloseTo(Math.exp(entropy([0.3, 0.7])), 6);
    expect(found.top.map(({ id, probability }) => [id, Number(probability.toFixed(6))])).toEqual([
      [1, 0.7],
      [0, 0.3],
    ]);
    expect(found.topMass).toBeCloseTo(1, 6);
    const first = await nextTokens(model, "", { top: 1 });
    expect(first.entropy).toBeCloseTo(entropy([0.75, 0.25]), 6);
    await expect(nextTokens(model, "a", { top: 0 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("reads a blank at the end as what is asked for", () => {
    const prompts = {
      "The capital of France is ___": "The capital of France is",
      "The capital of France is ____.": "The capital of France is",
      法国的首都是___: "法国的首都是",
      "我想＿＿＿。": "我想",
      "a_b and __init__ of": "a_b and __init__ of",
      "no blank ": "no blank ",
      "Paris ___ ___": "Paris",
      "The ___ is ___": "The ___ is",
      ___: "",
    };
    for (const [given, read] of Object.entries(prompts)) expect(withoutBlank(given)).toBe(read);
  });

  it("says how other blanks are taken: several at the end, and those within", async () => {
    const model = TableModel.bytes();
    const notesOf = async (prompt: string, verbatim = false) =>
      (await nextTokens(model, prompt, { verbatim })).notes.filter((note) => /blank/i.test(note)).join(" ");
    expect(await notesOf("Paris ___ ___")).toMatch(/^Several blanks at the end/);
    for (const prompt of ["The ___ is red", "The ___ is ___", "法国的___是", "the __ is"])
      expect(await notesOf(prompt)).toMatch(/^A blank within the prompt/);
    for (const prompt of ["I want to ___", "def __init__(self", "a_b", ""])
      expect(await notesOf(prompt)).toBe("");
    expect(await notesOf("The ___ is red", true)).toBe("");
  });

  it("is the plain softmax of a model's row, all of the vocabulary listed", async () => {
    const row = [0.5, 0.2, 0.15, 0.1, 0.05];
    const model = new TableModel({
      symbols: ["a", "b", "c", "d", "<s>"],
      bos: 4,
      transitions: row.map(() => row),
    });
    const { entropy: found, top, topMass } = await nextTokens(model, "abc", { top: 5 });
    expect(found).toBeCloseTo(entropy(row), 6);
    expect(top.map(({ probability }) => Number(probability.toFixed(6)))).toEqual(row);
    expect(topMass).toBeCloseTo(1, 6);
  });

  it("shows which character a piece of one becomes", async () => {
    const symbols = [...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), "<s>"];
    const to = (byte: number) => symbols.map((_, i) => (i === byte ? 1 : 0));
    const [first, second, third] = new TextEncoder().encode("巴");
    const transitions = symbols.map((_, i) =>
      i === first ? to(second!) : i === second ? to(third!) : to(first!),
    );
    const model = new TableModel({ symbols, transitions, bos: 256 });
    const { top } = await nextTokens(model, "a");
    expect(top).toEqual([
      {
        id: first,
        bytes: expect.anything(),
        logprob: expect.closeTo(0, 6),
        probability: expect.closeTo(1, 6),
        completed: "巴",
      },
    ]);
  });
});
