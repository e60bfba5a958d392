/** Asking real models: mini, which has no chat template, and SmolLM2, which has one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../../test/mini.ts";
import { smollm2 } from "../../../test/smollm2.ts";
import { LlamaModel } from "../../models/index.ts";
import {
  type AskingMethod,
  askAll,
  linguistic,
  P_TRUE_VARIANTS,
  pTrue,
  repeated,
  topGuesses,
  verbalised,
} from "./index.ts";

const questions = [
  { question: "What is the capital of France?", answer: "Paris", samples: ["Paris", "Lyon"] },
  { question: "What is 2 + 2?", answer: "5", samples: ["4", "5"] },
];
const methods: AskingMethod[] = [
  verbalised(),
  verbalised({ wording: "confidence-zh" }),
  linguistic(),
  topGuesses({ k: 2 }),
  repeated(verbalised(), { n: 2 }),
  ...P_TRUE_VARIANTS.map((variant) => pTrue({ variant })),
];

describe("mini", () => {
  let model: LlamaModel;
  beforeAll(async () => {
    model = await LlamaModel.load(await mini("F32"));
  });
  afterAll(() => model[Symbol.asyncDispose]());

  it("is asked by every method, for what was said beforehand, and says the same again", {
    timeout: 300_000,
  }, async () => {
    const runs = [];
    for (let run = 0; run < 2; run++) {
      const items = [];
      for await (const item of askAll(model, questions, methods, { concurrency: 1 })) items.push(item);
      runs.push(items);
    }
    for (const [i, { estimates }] of runs[0]!.entries())
      for (const [m, estimate] of estimates.entries()) {
        const { confidence, uncertainty, missing, reason, tokens, calls } = estimate;
        const price = await methods[m]!.price(questions[i]!, model);
        expect(calls).toBe(price.calls);
        expect(tokens.written!).toBeLessThanOrEqual(price.tokensWritten!);
        expect(tokens.read!).toBeLessThanOrEqual(price.tokensRead!);
        if (uncertainty === null) expect([missing === null, reason]).toEqual([false, expect.any(String)]);
        else {
          expect(confidence!).toBeGreaterThanOrEqual(0);
          expect(confidence!).toBeLessThanOrEqual(1);
        }
        const again = runs[1]![i]!.estimates[m]!;
        expect(again.replies).toEqual(estimate.replies);
      }
  });

  it("has the P(True) of LM-Polygraph's and of jlko's prompts", { timeout: 60_000 }, async () => {
    const [{ question, answer, samples }] = questions as [(typeof questions)[number]];
    const score = async (context: string, continuation: string) => {
      for await (const { logprob } of model.score([{ context, continuation }])) return logprob;
      return null;
    };
    const polygraph = `Question: ${question}\n Possible answer:${answer}\n Is the possible answer:\n (A) True\n (B) False\n The possible answer is:`;
    const one = await pTrue({ variant: "lm-polygraph" }).ask(model, questions[0]!);
    const { ids } = await model.tokenize("True");
    if (ids.length === 1) expect(one.uncertainty).toBeCloseTo(-(await score(polygraph, "True"))!, 3);
    else expect(one.missing).toBe("no-probabilities");
    const jlko = `Question: ${question}\nBrainstormed Answers: ${[...samples, answer].map((each) => `${each}\n`).join("")}Possible answer: ${answer}\nIs the possible answer:\nA) True\nB) False\nThe possible answer is:`;
    const two = await pTrue({ variant: "kadavath" }).ask(model, questions[0]!);
    const letter = await model.tokenize(" A");
    if (letter.ids.length === 1) expect(two.uncertainty).toBeCloseTo(-(await score(jlko, " A"))!, 3);
    expect(two.uncertainty).toBeGreaterThan(0);
  });
});

const path = await smollm2("Q8_0");

describe.skipIf(path === null)("SmolLM2", () => {
  it("is asked through its chat template", { timeout: 300_000 }, async () => {
    await using model = await LlamaModel.load(path!);
    for await (const { estimates } of askAll(model, questions.slice(0, 1), [verbalised(), pTrue()])) {
      const [said, scored] = estimates;
      expect(said!.missing === null || said!.reason !== undefined).toBe(true);
      expect(scored!.confidence).toBeGreaterThan(0);
      expect(scored!.confidence).toBeLessThan(1);
      expect(scored!.mass).toBeGreaterThan(0);
    }
  });
});
