/** The lab model of this package: direct answers fail on hard problems, step by step most are right. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LlamaModel } from "../models/index.ts";
import { type Difficulty, isCorrect, type Mode, parseOutput, problems, prompt } from "./index.ts";

const path = fileURLToPath(new URL("../../models/lab.gguf", import.meta.url));
let model: LlamaModel;
beforeAll(async () => {
  model = await LlamaModel.load(path);
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
});

/** Share of right answers, greedy, on problems that the model was not trained on. */
async function accuracy(mode: Mode, difficulty: Difficulty, count: number): Promise<number> {
  let right = 0;
  for (const problem of problems({ split: "test", seed: 11, difficulties: [difficulty], count })) {
    let output = "";
    for await (const { text } of model.generate(prompt(problem, mode), { maxTokens: 450 })) output += text;
    if (isCorrect(problem, parseOutput(output).answer)) right++;
  }
  return right / count;
}

describe("models/lab.gguf", () => {
  it("reads every digit as one token, wherever it stands in a number", async () => {
    const digits = "0123456789ab";
    for (const first of digits)
      for (const second of digits) {
        const { ids } = await model.tokenize(`(${first}${second}${first})`);
        expect([first, second, ids.length]).toEqual([first, second, 5]);
      }
  });

  it("is right at once on easy problems more often than on hard ones", async () => {
    const [easy, hard] = [await accuracy("direct", 1, 40), await accuracy("direct", 5, 40)];
    expect(easy).toBeGreaterThan(hard + 0.4);
  });

  it("is right step by step where it is wrong at once", async () => {
    for (const difficulty of [3, 5] as const) {
      const [direct, reasoning] = [
        await accuracy("direct", difficulty, 20),
        await accuracy("reasoning", difficulty, 20),
      ];
      expect(reasoning).toBeGreaterThan(direct + 0.2);
      expect(reasoning).toBeGreaterThan(0.8);
    }
  });
});
