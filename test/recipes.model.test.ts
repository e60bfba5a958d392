/** Numbers of other people's tools, under their recipes (test/fixtures/golden/README.md). */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { scoreText } from "../src/evaluate/index.ts";
import { LlamaModel } from "../src/models/index.ts";
import { leftOpen, NOT_X86 } from "./kernels.ts";
import { needing, withoutModel } from "./needing.ts";
import { smollm2 } from "./smollm2.ts";

const golden = (name: string) => readFileSync(new URL(`./fixtures/golden/${name}`, import.meta.url), "utf8");
const long = golden("wikitext-23100-bytes.txt");
const llamaPerplexity = JSON.parse(golden("llama-perplexity.json"));
const peers = JSON.parse(golden("transformers-and-lm-eval.json"));
/** F32 is slow in the packaged build: windows of every kind, over a shorter text; `npm run bench -- recipes` has the long one. */
const short = golden("wikitext-6735-bytes.txt");
const windows = JSON.parse(golden("windows-6735-bytes.json"));

/** What CPU and batch shape leave open of floats. */
const RELATIVE = 1e-4;
const relativeDifference = (ours: number, theirs: number) => Math.abs(ours / theirs - 1);

for (const [type, index, text, expected] of [
  ["Q8_0", 0, long, 10],
  ["Q4_1", 1, short, 3],
] as const) {
  const path = await smollm2(type);
  needing(NOT_X86 || withoutModel(path)).describe(`SmolLM2 ${type} under llama.cpp's recipe`, () => {
    it("equals llama-perplexity, chunk by chunk", async () => {
      await using model = await LlamaModel.load(path!, { kernels: "portable", threads: 1 });
      const { table, standardError, perplexity, scored } = await scoreText(model, text, {
        recipe: "llama.cpp",
      });
      const running: number[] = llamaPerplexity.runs[index].running_perplexity;
      const chunks = Math.floor(table.length / 512);
      expect(scored).toBe(255 * chunks);
      let nll = 0;
      let count = 0;
      for (let chunk = 0; chunk < chunks; chunk++) {
        for (let i = chunk * 512; i < (chunk + 1) * 512; i++) {
          if (Number.isNaN(table.logprobs[i]!)) continue;
          nll -= table.logprobs[i]!;
          count++;
        }
        const moved = relativeDifference(Math.exp(nll / count), running[chunk]!);
        expect(moved).toBeLessThan(leftOpen(model, count));
      }
      expect(chunks).toBe(expected);
      expect(perplexity).toBeCloseTo(Math.exp(nll / count), 6);
      // llama-perplexity printed "26.7138 +/- 1.62426" for ten chunks of the Q8_0 file.
      // It is the perplexity times a spread over tokens, which moves as the perplexity does.
      if (type === "Q8_0")
        expect(relativeDifference(standardError!, 1.62426)).toBeLessThan(
          Math.max(1e-3, 2 * leftOpen(model, count)),
        );
    }, 600_000);
  });
}

const f32 = await smollm2("F32");
needing(withoutModel(f32)).describe("SmolLM2 F32 under the recipes of the Python tools", () => {
  let model: LlamaModel;
  beforeAll(async () => {
    model = await LlamaModel.load(f32!, { cacheType: "f32", kernels: "portable", threads: 1 }); // the peers keep keys and values in float32 too
  });
  afterAll(async () => {
    await model?.[Symbol.asyncDispose]();
  });

  it("has the same tokens", async () => {
    const { ids } = await model.tokenize(long);
    expect(ids.length).toBe(peers.tokens);
    expect([...ids.subarray(0, 20)]).toEqual(peers.first_ids);
  });

  it("equals lm-eval's loglikelihood_rolling", async () => {
    const { nll, scored, tokens, sums, wordPerplexity, bitsPerByte } = await scoreText(model, short, {
      recipe: "lm-eval",
      context: 1024,
    });
    expect(scored).toBe(tokens);
    expect(relativeDifference(-nll! * scored, windows.rolling_1024.loglikelihood)).toBeLessThan(RELATIVE);
    const words = short.split(/\s+/).length; // lm-eval's count, empty strings at the ends included
    expect(wordPerplexity).toBeCloseTo(Math.exp(sums.totalNll / words), 6);
    expect(bitsPerByte).toBeCloseTo(sums.totalNll / windows.bytes / Math.LN2, 9);
  }, 600_000);

  it("equals Hugging Face's strided window", async () => {
    const { perplexity, scored, table, timing } = await scoreText(model, short, { recipe: "hf-strided" });
    expect(scored).toBe(windows.strided_1024_512.tokens_scored);
    expect(relativeDifference(perplexity!, windows.strided_1024_512.ppl)).toBeLessThan(RELATIVE);
    let scoredTo = 0;
    for (const [, end, count, nll] of windows.strided_1024_512.windows) {
      const logprobs = [...table.logprobs.subarray(scoredTo, end)].filter(
        (logprob) => !Number.isNaN(logprob),
      );
      expect(logprobs.length).toBe(count);
      expect(relativeDifference(-logprobs.reduce((sum, logprob) => sum + logprob, 0), nll)).toBeLessThan(
        RELATIVE,
      );
      scoredTo = end;
    }
    expect(timing.tokensRun).toBeLessThanOrEqual(windows.strided_1024_512.forwarded);
  }, 600_000);

  it("equals lm-eval's loglikelihood", async () => {
    const answers = [];
    for await (const answer of model.score(peers.loglikelihood)) answers.push(answer);
    for (const { index, logprob, greedy } of answers) {
      const expected = peers.loglikelihood[index];
      expect(relativeDifference(logprob!, expected.loglikelihood)).toBeLessThan(RELATIVE);
      expect(greedy).toBe(expected.greedy);
    }
    expect(answers.length).toBe(peers.loglikelihood.length);
  });

  it("equals it as it is loaded by default: short requests have a float cache", async () => {
    await using usual = await LlamaModel.load(f32!, { device: "cpu", threads: 1 });
    for await (const { index, logprob } of usual.score(peers.loglikelihood))
      expect(relativeDifference(logprob!, peers.loglikelihood[index].loglikelihood)).toBeLessThan(RELATIVE);
  });
});
