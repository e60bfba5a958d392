/** That the types fit those of the AI SDK, versions 6 and 7. What is checked here, `npm run check` checks: it compiles. */
import type { LanguageModelV3, LanguageModelV3Middleware } from "@ai-sdk/provider";
import type { Experimental_DecisionModelV4, LanguageModelV4Middleware } from "@ai-sdk/provider-4";
import { generateText, type LanguageModel as Model6, streamText, wrapLanguageModel } from "ai";
import type {
  experimental_decide as Decide7,
  generateText as GenerateText7,
  LanguageModelMiddleware as Middleware7,
  LanguageModel as Model7,
  streamText as StreamText7,
  wrapLanguageModel as WrapLanguageModel7,
} from "ai-7";
import { describe, expect, it } from "vitest";
import { surprisalDecisionModel } from "../src/decide/index.ts";
import { type SurprisalMiddleware, surprisalMiddleware, surprisalModel } from "../src/models/ai-sdk/index.ts";
import { TableModel } from "../src/models/test/index.ts";

/** Never called: ai 7 runs on Node 22 only. */
function withVersion7(
  wrap: typeof WrapLanguageModel7,
  generate: typeof GenerateText7,
  stream: typeof StreamText7,
  decide: typeof Decide7,
): unknown[] {
  const decider: Experimental_DecisionModelV4 = surprisalDecisionModel(TableModel.bytes());
  const middleware: Middleware7 = surprisalMiddleware({ stopWhen: "window>80" });
  const specified: Omit<LanguageModelV4Middleware, "specificationVersion"> = surprisalMiddleware();
  const own: Model7 = surprisalModel(TableModel.bytes());
  const model = wrap({ model: surprisalModel(TableModel.bytes()), middleware: [middleware, specified] });
  return [
    generate({ model, prompt: "" }).then(({ providerMetadata }) => providerMetadata?.surprisal?.perplexity),
    generate({ model: own, prompt: "" }),
    stream({ model, prompt: "" }).providerMetadata,
    stream({ model: own, prompt: "" }),
    decide({ model: decider, state: "", questions: { q: { type: "boolean", instructions: "" } } }),
  ];
}

/** Never called: it would need a model. */
function withVersion6(): unknown[] {
  const middleware: LanguageModelV3Middleware = surprisalMiddleware({ onToken: ({ text }) => text });
  const own: LanguageModelV3 = surprisalModel(TableModel.bytes());
  const named: Model6 = own;
  const model = wrapLanguageModel({ model: own, middleware });
  return [
    generateText({ model, prompt: "" }).then(
      ({ providerMetadata }) => providerMetadata?.surprisal?.perplexity,
    ),
    generateText({ model: named, prompt: "" }),
    streamText({ model, prompt: "" }).providerMetadata,
  ];
}

describe("the types of the AI SDK", () => {
  it("name one middleware for both versions", () => {
    const middleware: SurprisalMiddleware = surprisalMiddleware();
    expect(middleware.specificationVersion).toBe("v3");
    for (const compiled of [withVersion6, withVersion7]) expect(compiled).toBeTypeOf("function");
  });
});
