/** Short texts under float weights have keys and values in single precision, and everything else what it had. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../../test/mini.ts";
import { planWindows } from "../../core/index.ts";
import type { ScoreRequest } from "../language-model.ts";
import { LlamaModel } from "./model.ts";

const text = readFileSync(
  new URL("../../../test/fixtures/golden/wikitext-23100-bytes.txt", import.meta.url),
  "utf8",
);
const SHORT = 192;
/** Nats per token: what rounding in single precision leaves, and what a cache of halves moves at the least, somewhere. */
const ROUNDING = 2e-5;
const HALVES = 1e-4;

const plan = (tokens: number, context: number) =>
  planWindows(tokens, {
    method: "disjoint",
    context,
    prefix: null,
    prefixIn: "first",
    extendLast: false,
  });

async function logprobs(model: LlamaModel, requests: readonly ScoreRequest[]): Promise<number[][]> {
  const answers: number[][] = [];
  for await (const { index, tokens } of model.score(requests)) {
    expect(index).toBe(answers.length);
    answers.push([...tokens.logprobs]);
  }
  return answers;
}

async function planned(model: LlamaModel, ids: Int32Array, context: number): Promise<number[]> {
  const all: number[] = [];
  for await (const span of model.scoreTokens(ids, plan(ids.length, context))) all.push(...span.logprobs);
  return all;
}

function furthest(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
}

describe("float weights", async () => {
  const path = await mini("F32");
  let model: LlamaModel;
  let float: LlamaModel;
  let half: LlamaModel;
  let ids: Int32Array;
  let short: ScoreRequest[];
  let long: ScoreRequest[];

  beforeAll(async () => {
    model = await LlamaModel.load(path, { device: "cpu" });
    float = await LlamaModel.load(path, { device: "cpu", cacheType: "f32" });
    half = await LlamaModel.load(path, { device: "cpu", cacheType: "f16" });
    ({ ids } = await model.tokenize(text));
    const request = (start: number, length: number) => ({
      context: ids.subarray(start, start + 20),
      continuation: ids.subarray(start + 20, start + length + 1), // the last is not run
    });
    short = [request(0, 40), request(0, SHORT), request(500, 100), request(900, 21)];
    long = [request(0, SHORT + 1), request(700, 400)];
  });
  afterAll(async () => {
    for (const one of [model, float, half]) await one?.[Symbol.asyncDispose]();
  });

  it("say so in the settings, beside what all else has", () => {
    expect(model.settings).toMatchObject({
      cacheType: "f16",
      flashAttention: "auto",
      floatCache: `up to ${SHORT} tokens, but in llama.cpp's chunks`,
    });
    expect(float.settings).not.toHaveProperty("floatCache");
    expect(half.settings).not.toHaveProperty("floatCache");
  });

  it("give short requests the numbers of a float cache, and longer ones those of the default", async () => {
    const [ours, floats, halves] = [
      await logprobs(model, short),
      await logprobs(float, short),
      await logprobs(half, short),
    ];
    expect(furthest(ours.flat(), floats.flat())).toBeLessThan(ROUNDING);
    expect(furthest(ours.flat(), halves.flat())).toBeGreaterThan(HALVES);
    expect(await logprobs(model, long)).toEqual(await logprobs(half, long));
  });

  it("choose by a request's own length: alone, with its kind and among others it has the same numbers", async () => {
    const mixed = [long[0]!, short[0]!, short[1]!, long[1]!, short[2]!, short[3]!];
    const answers = await logprobs(model, mixed);
    const together = await logprobs(model, short);
    expect([answers[1], answers[2], answers[4], answers[5]]).toEqual(together);
    for (const [i, request] of mixed.entries())
      expect(furthest((await logprobs(model, [request]))[0]!, answers[i]!)).toBeLessThan(
        short.includes(request) ? ROUNDING : 5e-2, // in halves another batch rounds otherwise
      );
  });

  it("do so in documents and windows too, whole or in parts, but not in llama.cpp's chunks", async () => {
    const document = ids.subarray(0, SHORT);
    expect(furthest(await planned(model, document, 2048), await planned(float, document, 2048))).toBeLessThan(
      ROUNDING,
    );
    const longer = ids.subarray(0, 3 * SHORT);
    const windows = await planned(model, longer, 128);
    expect(furthest(windows, await planned(float, longer, 128))).toBeLessThan(ROUNDING);
    expect(await planned(model, longer, 256)).toEqual(await planned(half, longer, 256));

    const whole = plan(longer.length, 128);
    const last = { ...whole, steps: whole.steps.slice(-1) };
    for await (const { start, logprobs } of model.scoreTokens(longer, last))
      expect(furthest([...logprobs], windows.slice(start - 1))).toBeLessThan(ROUNDING); // the first token has no number

    const chunks = planWindows(longer.length, { method: "half", context: 128, overwriteFirst: null });
    const numbers = async (one: LlamaModel) => {
      const all: number[] = [];
      for await (const span of one.scoreTokens(longer, chunks)) all.push(...span.logprobs);
      return all;
    };
    expect(await numbers(model)).toEqual(await numbers(half));
  });
});

it("quantised weights have no float cache: they round more than it would save", async () => {
  await using model = await LlamaModel.load(await mini(), { device: "cpu" });
  expect(model.settings).toMatchObject({ cacheType: "f16" });
  expect(model.settings).not.toHaveProperty("floatCache");
});
