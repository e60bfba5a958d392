/** The library as the README shows it, on a real model. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../test/mini.ts";
import { needing, withoutModel } from "../../test/needing.ts";
import { smollm2 } from "../../test/smollm2.ts";
import { type EntropyInterval, entropyInterval } from "../core/index.ts";
import { type LanguageModel, perplexity, resolve, scoreText, scoreTexts } from "../index.ts";

const withBos = await mini("F32");
const withoutBos = await mini("F32", { addsBos: false });
const larger = await smollm2("Q8_0");

describe.each([
  ["with BOS", withBos],
  ["without BOS", withoutBos],
])("the library on mini, %s", (_, path) => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await resolve(path, { cacheType: "f32" });
  });
  afterAll(async () => {
    await model?.[Symbol.asyncDispose]();
  });

  const predictions = [
    "Hello",
    "The quick brown fox jumps over the lazy dog.",
    "Dog lazy the over jumps fox brown quick the.",
    "The quick brown fox sleeps.",
  ];

  it("computes perplexities in Evaluate's style: exp of each text's mean, BOS in front", async () => {
    const { perplexities, mean, corpus } = await perplexity.compute({ model, predictions });
    let nll = 0;
    let tokens = 0;
    for (const [i, text] of predictions.entries()) {
      for await (const { logprob, tokens: table } of model.score([{ context: "", continuation: text }])) {
        expect(Math.log(perplexities[i]!)).toBeCloseTo(-logprob! / table.length, 4);
        nll -= logprob!;
        tokens += table.length;
      }
    }
    expect(mean).toBeCloseTo(perplexities.reduce<number>((sum, x) => sum + x!, 0) / predictions.length, 6);
    expect(Math.log(corpus!)).toBeCloseTo(nll / tokens, 4);
    expect(perplexities[1]).toBeLessThan(perplexities[2]!); // word order matters

    const load = { cacheType: "f32" } as const;
    const byName = await perplexity.compute({ model: path, predictions, load }); // loads and frees it itself
    for (const [i, value] of byName.perplexities.entries())
      expect(value! / perplexities[i]!).toBeCloseTo(1, 4);
    expect(byName.model.sha256).toBe(model.identity.sha256);
  });

  it("gives texts together the numbers they have alone", async () => {
    for (const recipe of ["hf-evaluate", "cached"]) {
      let i = 0;
      for await (const together of scoreTexts(model, predictions.slice(1), { recipe })) {
        const alone = await scoreText(model, predictions[++i]!, { recipe });
        expect(together.textSha256).toBe(alone.textSha256);
        expect(together.nll).toBeCloseTo(alone.nll!, 5);
      }
      expect(i).toBe(predictions.length - 1);
    }
  });

  it("has the loss of the text in one window, behind BOS where the tokenizer adds one, and its exponential", async () => {
    const text = predictions[1]!;
    const { loss, perplexity, scored, tokens } = await model.loss(text);
    const { nll } = await scoreText(model, text, { recipe: "full" });
    expect(loss).toBeCloseTo(nll!, 5);
    expect(perplexity).toBeCloseTo(Math.exp(loss), 8);
    expect(scored).toBe(tokens - 1);
  });
});

needing(withoutModel(larger)).describe("the library on SmolLM2", () => {
  it("knows the capital of France, and not what I want", async () => {
    await using model = await resolve(larger!, { threads: 1 });
    const entropies: number[] = [];
    const requests = [
      { context: "The capital of France is", continuation: " Paris" },
      { context: "I want to", continuation: " go" },
    ];
    for await (const { logprob, tokens } of model.score(requests, { alternatives: 20 })) {
      const exact = tokens.entropies[0]!; // H(next token | context), nats
      const known: EntropyInterval = entropyInterval(tokens.alternatives!.logprobs, model.vocabulary.size);
      expect(known.low).toBeLessThanOrEqual(exact);
      expect(known.high).toBeGreaterThanOrEqual(exact);
      expect(logprob).toBeGreaterThan(-10);
      entropies.push(exact);
    }
    const [capital, wish] = entropies as [number, number];
    expect(capital).toBeLessThan(wish / 1.5);
  });
});
