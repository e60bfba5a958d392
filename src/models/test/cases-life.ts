/** Conformance: stopping, and the end of a model's life. */
import { planWindows } from "../../core/index.ts";
import type { LanguageModel } from "../language-model.ts";
import { type ConformanceCase, conformanceCase } from "./_case.ts";
import { close, collect, refuses, scoreOne } from "./_check.ts";

const CONTEXT = "The capital of France is";

export const lifeCases: readonly ConformanceCase[] = [
  conformanceCase(
    "an aborted signal stops scoring, and the model works on",
    ["score"],
    async (model, tolerance) => {
      const expected = await scoreOne(model, CONTEXT, " Paris");
      const signal = AbortSignal.abort();
      const plan = planWindows(3, { method: "full", context: null, prefix: null });
      await refuses("ABORTED", () => scoreOne(model, CONTEXT, " Paris", { signal }), "score");
      await refuses("ABORTED", () => collect(model.scoreTokens([0, 1, 0], plan, { signal })), "scoreTokens");
      if (model.capabilities.tokenize)
        await refuses("ABORTED", () => model.loss(CONTEXT, { signal }), "loss");
      close(
        (await scoreOne(model, CONTEXT, " Paris")).logprob,
        expected.logprob,
        tolerance,
        "logprob afterwards",
      );
    },
  ),

  conformanceCase("an aborted signal stops writing, also in the middle", ["generate"], async (model) => {
    const signal = AbortSignal.abort();
    await refuses("ABORTED", () => collect(model.generate(CONTEXT, { signal })), "before the first token");
    const controller = new AbortController();
    const { signal: later } = controller;
    const abortAfterOne = async () => {
      for await (const _ of model.generate(CONTEXT, { maxTokens: 8, signal: later })) controller.abort();
    };
    await refuses("ABORTED", abortAfterOne, "after the first token");
    await collect(model.generate(CONTEXT, { maxTokens: 1 }));
  }),

  conformanceCase("an aborted signal stops every answer of a sample", ["generate"], async (model) => {
    const controller = new AbortController();
    const { signal } = controller;
    const [first, second] = model.sample(CONTEXT, { n: 2, maxTokens: 8, signal });
    const abortAfterOne = async () => {
      for await (const _ of first!) controller.abort();
    };
    await refuses("ABORTED", abortAfterOne, "the one that is read");
    await refuses("ABORTED", () => collect(second!), "the one that nobody has read");
    await collect(model.generate(CONTEXT, { maxTokens: 1 }));
  }),

  conformanceCase("an aborted signal stops a sequence, which keeps what it held", ["fork"], async (model) => {
    await using sequence = await model.open();
    await sequence.extend([0]);
    const extend = () => sequence.extend([0, 0], { signal: AbortSignal.abort() });
    await refuses("ABORTED", extend, "extend");
    if (sequence.length !== 1) throw new Error(`the sequence holds ${sequence.length} tokens instead of 1`);
    await sequence.extend([0]);
  }),
];

/** Must come last: it ends the model. */
export const disposeCase: ConformanceCase = conformanceCase(
  "once disposed it refuses everything, and disposing again is harmless",
  [],
  async (model: LanguageModel) => {
    const { capabilities } = model;
    const sequence = capabilities.fork ? await model.open() : null;
    await sequence?.extend([0]);
    const [begun, waiting] = sequence ? model.sample(CONTEXT, { n: 2, maxTokens: 8 }) : [];
    await begun?.next();
    await model[Symbol.asyncDispose]();
    await model[Symbol.asyncDispose]();
    const gone = (use: () => unknown, what: string) =>
      refuses("MODEL_DISPOSED", use, `${what} after disposal`);
    const plan = planWindows(2, { method: "full", context: null, prefix: null });
    if (capabilities.tokenize) {
      await gone(() => model.tokenize("text"), "tokenize");
      await gone(() => model.detokenize([0]), "detokenize");
    }
    if (capabilities.score) {
      await gone(() => scoreOne(model, CONTEXT, " Paris"), "score");
      await gone(() => scoreOne(model, [0], [0]), "score of ids");
      await gone(() => collect(model.scoreTokens([0, 0], plan)), "scoreTokens");
      await gone(() => model.loss(CONTEXT), "loss");
    }
    if (capabilities.generate) await gone(() => collect(model.generate(CONTEXT)), "generate");
    if (capabilities.embed) await gone(() => model.embed([CONTEXT]), "embed");
    const chat = [{ role: "user", content: "Hi" }];
    if (capabilities.chat) await gone(() => collect(model.generate(chat)), "chat");
    if (capabilities.chatTemplate) await gone(() => model.applyChatTemplate(chat), "applyChatTemplate");
    if (begun && waiting) {
      await gone(() => collect(begun), "an answer that was under way");
      await gone(() => collect(waiting), "an answer that had not begun");
    }
    if (sequence) {
      await gone(() => model.open(), "open");
      await gone(() => sequence.extend([0]), "extend of an open sequence");
      await sequence[Symbol.asyncDispose]();
    }
  },
);
