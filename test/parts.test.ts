/** What people and programs see of an answer's parts: chat, its events, the clients. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText, wrapLanguageModel } from "ai";
import { describe, expect, it } from "vitest";
import { writeAnswer } from "../src/cli/chat/answer.ts";
import { doneEvent, tokenEvent } from "../src/cli/chat/events.ts";
import { policyNotes, readPolicy } from "../src/cli/chat/options.ts";
import { partsOf } from "../src/cli/chat/parts.ts";
import { answerSummary } from "../src/cli/render/index.ts";
import { describePolicy, parsePolicy, type TokenRecord } from "../src/core/index.ts";
import { type SurprisalSummary, surprisalMiddleware, surprisalModel } from "../src/models/ai-sdk/index.ts";
import { completeEnd, generationOf } from "../src/models/generation.ts";
import type { LanguageModel } from "../src/models/index.ts";
import { meter } from "../src/models/openai-client/index.ts";
import { TableModel } from "../src/models/test/index.ts";

const THOUGHT: TokenRecord[] = [
  { text: "<think>", logprob: -0.1, part: "reasoning" },
  { text: "Hm", logprob: -2, part: "reasoning" },
  { text: ".", logprob: -1, part: "reasoning" },
  { text: "</think>", logprob: -0.2, part: "reasoning" },
];
const SAID: TokenRecord[] = [
  { text: "Par", logprob: -0.5 },
  { text: "is", logprob: -0.25 },
];
const CALL: TokenRecord[] = [{ text: "weather{}", logprob: null, part: "tool-call" }];

/** exp of the mean surprisal. */
const perplexity = (records: readonly TokenRecord[]) =>
  Math.exp(-records.reduce((sum, { logprob }) => sum + logprob!, 0) / records.length);

/** A model that writes these records, whatever it is asked. */
function scripted(records: readonly TokenRecord[]): LanguageModel {
  const model = TableModel.bytes();
  const generate: LanguageModel["generate"] = () =>
    generationOf(
      (async function* () {
        for (const record of records) yield record;
        const provenance = { model: model.identity, probabilities: "raw", eosCounted: false } as const;
        return completeEnd("stop", records.length, provenance);
      })(),
    );
  return new Proxy(model, {
    get(target, key) {
      if (key === "generate") return generate;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function answerOf(records: readonly TokenRecord[], stopWhen?: string) {
  const events: ReturnType<typeof tokenEvent>[] = [];
  const answer = await writeAnswer(
    scripted(records),
    "Once",
    { stopWhen: stopWhen === undefined ? undefined : parsePolicy(stopWhen) },
    new AbortController().signal,
    (token) => events.push(tokenEvent(token)),
  );
  return { answer, events, done: doneEvent(answer) };
}

describe("chat", () => {
  it("keeps what is thought out of the answer, and reads each for itself", async () => {
    const { answer, events, done } = await answerOf([...THOUGHT, ...SAID, ...CALL]);
    expect(events.map(({ part }) => part)).toEqual([
      ...Array(4).fill("reasoning"),
      ...["answer", "answer", "tool-call"],
    ]);
    expect(done).toMatchObject({ text: "Paris", reasoning: "Hm.", toolCall: "weather{}" });
    expect(done.perplexity).toBeCloseTo(perplexity([...THOUGHT, ...SAID]), 12);
    expect(done.parts).toEqual({
      answer: { tokens: 2, scored: 2, perplexity: expect.closeTo(perplexity(SAID), 12) },
      reasoning: { tokens: 4, scored: 4, perplexity: expect.closeTo(perplexity(THOUGHT), 12) },
      "tool-call": { tokens: 1, scored: 0, perplexity: null },
    });
    expect(answer.surprising.map(({ label }) => label)).toEqual(["Par", "is"]);
    const summary = answerSummary({
      ...answer,
      perplexity: answer.reading.perplexity,
      parts: partsOf(answer.reading),
      ended: { reason: "stop", maxTokens: 9 },
    });
    expect(summary).toMatch(/^perplexity 1\.964 \(answer 1\.455, thinking 2\.282, tool call –\) · /);
  });

  it("has one perplexity where there is only an answer", async () => {
    const { answer, done } = await answerOf(SAID);
    expect(done).toMatchObject({ text: "Paris", reasoning: null, toolCall: null });
    expect(partsOf(answer.reading)).toEqual([]);
  });

  it("stops by the part that a policy names", async () => {
    const all = await answerOf([...THOUGHT, ...SAID], "perplexity>2.5");
    expect(all.done.stoppedBy?.message).toBe("stopped at token 2: perplexity 2.86 > 2.5");
    const answer = await answerOf([...THOUGHT, ...SAID], "perplexity(answer)>1.5");
    expect(answer.done.stoppedBy?.message).toBe("stopped at token 5: answer perplexity 1.65 > 1.5");
    const reasoning = await answerOf([...THOUGHT, ...SAID], "tokens(reasoning)>=3");
    expect(reasoning.done).toMatchObject({ finishReason: "policy", text: "", reasoning: "Hm." });
  });

  it("says that a policy saw no number", async () => {
    const silent = SAID.map((record) => ({ ...record, logprob: null }));
    const { done } = await answerOf(silent, "window(16)>80");
    expect(done.warnings).toEqual(["window(16)>80 was not decided: no token carries a number."]);
    expect((await answerOf(silent, "tokens>=9")).done.warnings).toEqual([]);
  });
});

describe("a policy on the command line", () => {
  it("names its lengths", () => {
    expect(describePolicy(readPolicy("window>80 or average>9", "/stop"))).toBe(
      "window(32)>80 or average(16)>9",
    );
  });

  it("is refused where it can never hold", () => {
    expect(() => readPolicy("perplexity<1", "--stop-when")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: "--stop-when" }),
    );
  });

  it("comes with a note where it cannot hold here, or says nothing", () => {
    const server = {
      capabilities: { ...TableModel.bytes().capabilities, distribution: false, alternatives: 0 },
      vocabulary: { size: null, bos: null, eos: null, addsBos: false },
    };
    const notes = (text: string, maxTokens = 512) =>
      policyNotes({ stopWhen: readPolicy(text, "/stop"), maxTokens, alternatives: 0 }, server);
    expect(notes("window(16)>80 after 20")).toEqual([]);
    expect(notes("window>80 after 20")).toEqual([
      expect.stringMatching(/^"after 20" changes nothing.*window\(32, partial\)>80/),
    ]);
    expect(notes("window>80", 20)).toEqual([expect.stringMatching(/at most 20/)]);
    expect(notes("confidence<8")).toEqual([expect.stringMatching(/the source gives none/)]);
    expect(notes("entropy>3")).toEqual([expect.stringMatching(/the source gives none/)]);
  });
});

const token = (text: string, logprob: number) => ({ token: text, logprob, bytes: null, top_logprobs: [] });
/** As vLLM streams it: `reasoning_content` is what @ai-sdk/openai-compatible reads too. */
const chunks = [
  [{ role: "assistant", content: "" }, null],
  [{ reasoning_content: "Hm" }, token("Hm", -2)],
  [{ reasoning_content: "." }, token(".", -1)],
  [{ content: "Par" }, token("Par", -0.5)],
  [{ content: "is" }, token("is", -0.25)],
  [{}, null, "stop"],
].map(([delta, one, finish_reason = null]) => ({
  id: "1",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [{ index: 0, delta, logprobs: one && { content: [one] }, finish_reason }],
}));

describe("the openai client", () => {
  it("has a reading of each part", async () => {
    const answer = meter(
      (async function* () {
        for (const chunk of chunks) yield chunk;
      })(),
    );
    for await (const chunk of answer) expect(chunk).toBeDefined();
    const { parts, perplexity: all } = answer.reading;
    expect(parts.reasoning?.perplexity).toBeCloseTo(Math.exp(1.5), 12);
    expect(parts.answer?.perplexity).toBeCloseTo(Math.exp(0.375), 12);
    expect(all).toBeCloseTo(Math.exp(3.75 / 4), 12);
  });
});

describe("the AI SDK", () => {
  const summaryOf = (metadata: unknown) => (metadata as { surprisal: SurprisalSummary }).surprisal;

  it("has the parts in the summary of the middleware, and its own reasoning parts", async () => {
    const body = [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"].map(
      (data) => `data: ${data}\n\n`,
    );
    const provider = createOpenAICompatible({
      name: "fake",
      baseURL: "http://fixture/v1",
      fetch: async () => new Response(body.join(""), { headers: { "content-type": "text/event-stream" } }),
    });
    const model = wrapLanguageModel({ model: provider.chatModel("m"), middleware: surprisalMiddleware() });
    const stream = streamText({ model, prompt: "Capital?" });
    expect(await stream.text).toBe("Paris");
    expect(await stream.reasoningText).toBe("Hm.");
    expect(summaryOf(await stream.providerMetadata).parts).toEqual({
      answer: {
        ...{ tokens: 2, scored: 2, perplexity: expect.closeTo(Math.exp(0.375), 12) },
        ...{ bits: expect.closeTo(0.75 / Math.LN2), bitsPerByte: expect.closeTo(0.15 / Math.LN2) },
      },
      reasoning: {
        ...{ tokens: 2, scored: 2, perplexity: expect.closeTo(Math.exp(1.5), 12) },
        ...{ bits: expect.closeTo(3 / Math.LN2), bitsPerByte: expect.closeTo(1 / Math.LN2) },
      },
      "tool-call": null,
    });
  });

  it("gets what a model of this package thought as reasoning, without the marks", async () => {
    const model = surprisalModel(scripted([...THOUGHT, ...SAID]));
    const whole = await generateText({ model, prompt: "Once" });
    expect([whole.text, whole.reasoningText]).toEqual(["Paris", "Hm."]);
    expect(whole.usage).toMatchObject({ outputTokens: 6, reasoningTokens: 4 });
    const types: string[] = [];
    for await (const { type } of streamText({ model, prompt: "Once" }).fullStream)
      if (/^(text|reasoning)-/.test(type)) types.push(type);
    expect(types).toEqual([
      ...["reasoning-start", "reasoning-delta", "reasoning-delta", "reasoning-end"],
      ...["text-start", "text-delta", "text-delta", "text-end"],
    ]);
  });

  it("is stopped in the middle of thinking, well-formed", async () => {
    const model = wrapLanguageModel({
      model: surprisalModel(scripted([...THOUGHT, ...SAID])),
      middleware: surprisalMiddleware({ stopWhen: "tokens(reasoning)>=3" }),
    });
    const types: string[] = [];
    const stream = streamText({ model, prompt: "Once" });
    for await (const { type } of stream.fullStream) types.push(type);
    expect(types.slice(-4)).toEqual(["reasoning-delta", "reasoning-end", "finish-step", "finish"]);
    expect(summaryOf(await stream.providerMetadata).stoppedBy?.message).toBe(
      "stopped at token 3: reasoning tokens 3 >= 3",
    );
  });
});
