/** The border rules with mini: lm-eval's against lm_eval 0.4.13 (tools/record-tasks/border.py), ours beside it. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../test/mini.ts";
import { scoreText } from "../evaluate/index.ts";
import { LlamaModel } from "./index.ts";
import type { ScoreOptions } from "./language-model.ts";
import { scoreOne } from "./test/_check.ts";

interface Recorded {
  pairs: { context: string; continuation: string; ids: number[]; logprob: number | null; greedy: boolean }[];
  texts: { text: string; ids: number[]; loglikelihood: number }[];
}

const file = new URL("../../test/fixtures/tasks/border-mini.json", import.meta.url);
const { pairs, texts } = JSON.parse(readFileSync(file, "utf8")) as Recorded;

describe("mini in F32, as lm_eval", () => {
  let model: LlamaModel;
  beforeAll(async () => {
    model = await LlamaModel.load(await mini("F32"), { cacheType: "f32", threads: 1 });
  });
  afterAll(async () => {
    await model?.[Symbol.asyncDispose]();
  });
  const score = (context: string, continuation: string, options: ScoreOptions = {}) =>
    scoreOne(model, context, continuation, options);

  it.each(pairs)("cuts $context | $continuation", async ({ context, continuation, ids, logprob, greedy }) => {
    const answer = score(context, continuation, { border: "lm-eval" });
    if (logprob === null) {
      await expect(answer).rejects.toMatchObject({ code: "NOTHING_TO_SCORE" });
      return;
    }
    const { tokens, ...found } = await answer;
    expect([...tokens.ids]).toEqual(ids);
    expect(Math.abs(found.logprob! - logprob)).toBeLessThan(1e-4 * Math.max(1, Math.abs(logprob)));
    expect(found.greedy).toBe(greedy);
  });

  it.each(texts)("encodes and scores $text", async ({ text, ids, loglikelihood }) => {
    const { table, sums } = await scoreText(model, text, { recipe: "lm-eval" });
    expect([...table.ids]).toEqual(ids);
    expect(Math.abs(sums.totalNll + loglikelihood)).toBeLessThan(1e-4 * Math.abs(loglikelihood));
  });

  it("scores the whole continuation by its own rule, and the same where no token lies across", async () => {
    for (const { context, continuation } of pairs.filter((pair) => pair.logprob !== null)) {
      if (`${context}${continuation}`.includes("<|")) continue; // there lm-eval reads special tokens
      const [ours, theirs] = [
        await score(context, continuation),
        await score(context, continuation, { border: "lm-eval" }),
      ];
      const { moved, lost } = ours.border!;
      expect(lost).toEqual({ bytes: 0, tokens: 0 });
      expect(ours.tokens.byteOffsets.at(-1)).toBe(Buffer.byteLength(continuation) + moved);
      expect(ours.border!.apart).toBe(theirs.border!.lost.bytes > 0);
      if (!ours.border!.apart) expect(ours.logprob).toBeCloseTo(theirs.logprob!, 6);
    }
    const beautiful = await score("What a beauti", "ful day");
    expect(beautiful.border).toEqual({ rule: "whole", apart: true, moved: 0, lost: { bytes: 0, tokens: 0 } });
    // The same by ids: the context's own tokens, and the continuation's.
    const context = (await model.tokenize("What a beauti", { addSpecial: true })).ids;
    const continuation = (await model.tokenize("ful day")).ids;
    const [byIds] = [await scoreOne(model, context, continuation)];
    expect([...beautiful.tokens.ids]).toEqual([...continuation]);
    expect(beautiful.logprob).toBeCloseTo(byIds.logprob!, 6);
  });
});
