/** The engine on SmolLM2 against numbers that other tools gave, and what takes a model of that size. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { leftOpenOfToken, NOT_X86 } from "../../../test/kernels.ts";
import { needing, withoutModel } from "../../../test/needing.ts";
import { smollm2 } from "../../../test/smollm2.ts";
import type { TokenRecord } from "../../core/index.ts";
import { LlamaModel } from "./model.ts";

const path = await smollm2("Q8_0");

needing(NOT_X86 || withoutModel(path)).describe("LlamaModel on SmolLM2", () => {
  let model: LlamaModel;
  beforeAll(async () => {
    model = await LlamaModel.load(path!, { kernels: "portable", threads: 1 }); // few tokens, and maybe a busy machine
  });
  afterAll(async () => {
    await model?.[Symbol.asyncDispose]();
  });

  it("says what it is and how it runs", () => {
    expect(model.identity).toMatchObject({
      architecture: "llama",
      quantisation: "Q8_0",
      parameters: 134_515_008,
    });
    expect(model.trainedContext).toBe(8192);
    expect(model.vocabulary).toMatchObject({ size: 49_152, bos: 1, eos: 2, addsBos: false });
  });

  it("writes what llama-server wrote, token by token, with the same probabilities", async () => {
    // POST /v1/completions of a real llama-server 0.5.0 with this file, temperature 0, 12 tokens: id and ln p.
    const recorded: [id: number, logprob: number][] = [
      [7042, -0.3673],
      [30, -0.4105],
      [198, -1.0577],
      [198, -0.7439],
      [504, -1.87],
      [2988, -3.2338],
      [314, -0.3568],
      [42, -0.5573],
      [216, -0.6906],
      [34, -1.2278],
      [32, -1.7927],
      [33, -1.4314],
    ];
    const records: TokenRecord[] = [];
    const options = { maxTokens: recorded.length, alternatives: 2 };
    for await (const record of model.generate("The capital of France is", options)) records.push(record);
    expect(records.map(({ text }) => text).join("")).toBe(" Paris.\n\nThe answer is: 201");
    expect(records.map(({ id }) => id)).toEqual(recorded.map(([id]) => id));
    for (const [i, { logprob, alternatives, rank }] of records.entries()) {
      expect(Math.abs(logprob! - recorded[i]![1])).toBeLessThan(leftOpenOfToken(model));
      expect(rank).toBe(1);
      expect(alternatives![0]!.logprob).toBeCloseTo(logprob!, 5);
    }
  });

  it("fills in its chat template", () => {
    const prompt = model.applyChatTemplate([{ role: "user", content: "Name three colours." }]);
    expect(prompt).toMatch(
      /<\|im_start\|>user\nName three colours\.<\|im_end\|>\n<\|im_start\|>assistant\n$/,
    );
  });
});
