/**
 * Every recipe against its definition, carried out in the most obvious way: window by window in fresh sequences, token
 * after token, with nothing of ours but the model.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../test/mini.ts";
import { LlamaModel } from "../models/index.ts";
import { evaluate } from "./harness/evaluate.ts";

const TEXT =
  "It was a bright cold day in April, and the old clocks of the town were striking one after the other, as they " +
  "had done for a hundred years; nobody in the street looked up, for everyone knew the hour already.";

let model: LlamaModel;
beforeAll(async () => {
  model = await LlamaModel.load(await mini("F16"));
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
});

/** ln p of `ids[i]` given the tokens before it in the window, for i >= 1. */
async function window(ids: readonly number[]): Promise<number[]> {
  await using sequence = await model.open();
  const logprobs: number[] = [Number.NaN];
  await sequence.extend([ids[0]!]);
  for (const id of ids.slice(1)) {
    logprobs.push(sequence.next()[id]!);
    await sequence.extend([id]);
  }
  return logprobs;
}

type Scores = (number | null)[];

/** Each definition: token ids in, ln p of each token out; `null` where the recipe gives it none. */
const DEFINITIONS: Record<string, (ids: number[], context: number, bos: number | null) => Promise<Scores>> = {
  /** lm_eval: windows of C inputs; the prefix (BOS else EOS) in front of the first; the last reaches back. */
  async "lm-eval"(ids, context, bos) {
    const all = [bos!, ...ids];
    const scores: Scores = ids.map(() => null);
    for (let done = 0; done < ids.length; done += context) {
      const end = Math.min(ids.length, done + context); // tokens [done, end) are predicted
      const start = Math.max(0, end - context); // from inputs all[start ... end - 1]
      const logprobs = await window(all.slice(start, end + 1));
      for (let token = done; token < end; token++) scores[token] = logprobs[token + 1 - start]!;
    }
    return scores;
  },
  /** Hugging Face: windows of C tokens every C/2, no BOS of ours; what was scored before is not scored again. */
  async "hf-strided"(ids, context) {
    const scores: Scores = ids.map(() => null);
    let before = 0;
    for (let start = 0; start < ids.length; start += context / 2) {
      const end = Math.min(ids.length, start + context);
      const logprobs = await window(ids.slice(start, end));
      for (let token = Math.max(before, start + 1); token < end; token++)
        scores[token] = logprobs[token - start]!;
      before = end;
      if (end === ids.length) break;
    }
    return scores;
  },
  /** llama.cpp: whole chunks of C, BOS in place of the first token, tokens C/2 + 1 ... C - 1 scored. */
  async "llama.cpp"(ids, context, bos) {
    const scores: Scores = ids.map(() => null);
    for (let start = 0; start + context <= ids.length; start += context) {
      const chunk = ids.slice(start, start + context);
      if (bos !== null) chunk[0] = bos;
      const logprobs = await window(chunk);
      for (let i = context / 2 + 1; i < context; i++) scores[start + i] = logprobs[i]!;
    }
    return scores;
  },
  /** The whole text behind BOS. */
  async full(ids, _context, bos) {
    if (bos === null) return [null, ...(await window(ids)).slice(1)];
    return (await window([bos, ...ids])).slice(1);
  },
  /** Ours: windows of C with BOS in each, every C/2. */
  async strided(ids, context, bos) {
    const front = bos === null ? [] : [bos];
    const scores: Scores = ids.map(() => null);
    let before = 0;
    for (let start = 0; before < ids.length; start += context / 2) {
      const end = Math.min(ids.length, start + context - front.length);
      const logprobs = await window([...front, ...ids.slice(start, end)]);
      const first = Math.max(before, start + 1 - front.length);
      for (let token = first; token < end; token++) scores[token] = logprobs[token - start + front.length]!;
      before = end;
    }
    return scores;
  },
};

describe("recipes and their definitions", () => {
  const CONTEXT = 16;
  it.each(Object.keys(DEFINITIONS))("%s, at every length around its windows", async (recipe) => {
    const { bos, eos, addsBos } = model.vocabulary;
    const ours = addsBos ? bos : null;
    const prefix = recipe === "lm-eval" ? (bos ?? eos) : ours;
    const special = recipe === "lm-eval" || recipe === "hf-strided" || recipe === "llama.cpp";
    const words = TEXT.split(/(?= )/);
    const lengths = new Set<number>();
    for (let count = 2; count <= words.length && lengths.size < 40; count++) {
      const text = words.slice(0, count).join("");
      const ids = [...(await model.tokenize(text, { addSpecial: special })).ids];
      lengths.add(ids.length);
      if (recipe === "llama.cpp" && ids.length < 2 * CONTEXT) continue;
      const expected = (await DEFINITIONS[recipe]!(ids, CONTEXT, prefix)).filter(
        (logprob) => logprob !== null,
      );
      const corpus = {
        name: "text",
        source: "text",
        domain: null,
        rule: { name: "text", source: null },
        async *documents() {
          yield { name: "text", text };
        },
      };
      const context = recipe === "full" ? {} : { context: CONTEXT };
      const run = await evaluate({ models: [model], corpora: [corpus], recipe, ...context });
      const [result] = run.results;
      expect([ids.length, result!.scored]).toEqual([ids.length, expected.length]);
      const nll = -expected.reduce((sum, logprob) => sum + logprob, 0) / expected.length;
      expect(Math.abs(result!.nll! - nll)).toBeLessThan(2e-3);
    }
    expect(lengths.size).toBeGreaterThan(30);
  });
});
