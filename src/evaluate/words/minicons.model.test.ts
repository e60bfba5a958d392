/** Words as minicons 0.3.39 scores them, with and without BOS and its correction (tools/peers/record_words.py). */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../../test/mini.ts";
import { type LanguageModel, resolve } from "../../models/index.ts";
import { scorePairs, scoreWords } from "./index.ts";

type Words = [word: string, nats: number][];
interface Recorded {
  minicons: string;
  texts: {
    text: string;
    sum: Words;
    corrected: Words;
    sum_tokens_without_bos: Words | null;
    corrected_tokens_without_bos: Words | null;
  }[];
  given: { context: string; text: string; sum: Words; corrected: Words; logprob: number }[];
  pairs: { good: string; bad: string; sum: [number, number]; mean: [number, number] }[];
}

const recorded: Recorded = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/words/minicons-mini.json", import.meta.url), "utf8"),
);
/** F32 weights on both sides; a word is a sum over its tokens. The tolerance of tasks.model.test.ts, relative beyond 1 nat. */
const TOLERANCE = 1e-4;

const near = (nats: number) => ({
  asymmetricMatch: (value: number | null) =>
    value !== null && Math.abs(value - nats) < TOLERANCE * Math.max(1, Math.abs(nats)),
});
const numbers = (words: Words) => words.map(([word, nats]) => [word, near(nats)]);

describe(`scoreWords and minicons ${recorded.minicons}`, () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await resolve(await mini("F32"), { cacheType: "f32" });
  });
  afterAll(async () => {
    await model?.[Symbol.asyncDispose]();
  });

  it.each(recorded.texts.map((entry) => [entry.text, entry] as const))(
    "BOS in front: %s",
    async (text, entry) => {
      const { words } = await scoreWords(model, text, { boundary: "minicons" });
      expect(words.map(({ word, surprisalSum }) => [word, surprisalSum])).toEqual(numbers(entry.sum));
      expect(words.map(({ word, surprisalCorrected }) => [word, surprisalCorrected])).toEqual(
        numbers(entry.corrected),
      );
    },
  );

  it.each(recorded.texts.map((entry) => [entry.text, entry] as const))("no BOS: %s", async (text, entry) => {
    const { words } = await scoreWords(model, text, { boundary: "minicons", bos: false });
    expect(words[0]).toMatchObject({ surprisalSum: null, surprisalCorrected: null });
    const { sum_tokens_without_bos: sum, corrected_tokens_without_bos: corrected } = entry;
    if (sum === null || corrected === null) return; // one token: minicons has no number either
    let at = words[0]!.tokens; // their first token has no number, and so the word that it is in
    for (const { tokens, surprisalSum, surprisalCorrected } of words.slice(1)) {
      const total = (list: Words) => list.slice(at, at + tokens).reduce((nats, [, one]) => nats + one, 0);
      expect([surprisalSum, surprisalCorrected]).toEqual([near(total(sum)), near(total(corrected))]);
      at += tokens;
    }
    expect(at).toBe(sum.length);
  });

  it.each(recorded.given.map((entry) => [entry.context, entry] as const))(
    "behind a context: %s",
    async (given, entry) => {
      const { words } = await scoreWords(model, entry.text, { given, boundary: "minicons" });
      expect(words.map(({ surprisalSum }) => surprisalSum).reduce((a, b) => a! + b!, 0)).toEqual(
        near(-entry.logprob),
      );
      expect(words.map(({ word, surprisalSum }) => [word, surprisalSum])).toEqual(numbers(entry.sum));
      expect(words.map(({ word, surprisalCorrected }) => [word, surprisalCorrected])).toEqual(
        numbers(entry.corrected),
      );
    },
  );

  it("pairs, by sum and by mean", async () => {
    const sums = await scorePairs(model, recorded.pairs);
    const means = await scorePairs(model, recorded.pairs, { rule: "mean" });
    for (const [i, { sum, mean }] of recorded.pairs.entries()) {
      expect([sums[i]!.goodLogprob, sums[i]!.badLogprob]).toEqual(sum.map(near));
      expect(means[i]!.difference).toEqual(near(mean[0] - mean[1]));
    }
  });
});
