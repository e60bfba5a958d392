/** `surprisal/ai-sdk` in the AI SDK itself, version 6 everywhere and 7 where Node allows, over fake servers. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText, wrapLanguageModel } from "ai";
import { afterEach, describe, expect, it } from "vitest";
import { perplexity, type TokenRecord } from "../src/core/index.ts";
import {
  type LogprobEntry,
  type SurprisalMiddlewareOptions,
  type SurprisalSummary,
  surprisalMiddleware,
  surprisalModel,
} from "../src/models/ai-sdk/index.ts";
import { type ChatMessage, type LanguageModel, resolve } from "../src/models/index.ts";
import { TableModel } from "../src/models/test/index.ts";
import { type FakeServer, type Misbehaviour, startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";

interface Sdk {
  generateText: typeof generateText;
  streamText: typeof streamText;
  wrapLanguageModel: typeof wrapLanguageModel;
  createOpenAICompatible: typeof createOpenAICompatible;
}

/** ai 7 needs Node 22: on Node 20 its tests are skipped, and CI runs them on Node 24. */
const NODE = Number(process.versions.node.split(".")[0]);
const VERSIONS = [
  {
    version: 6,
    skip: "",
    load: async (): Promise<Sdk> => ({ generateText, streamText, wrapLanguageModel, createOpenAICompatible }),
  },
  {
    version: 7,
    skip: NODE < 22 ? ` (skipped: ai 7 needs Node 22, this is ${process.version})` : "",
    // Its types are checked in ai-sdk.types.test.ts; what is called here is the same in both versions.
    load: async (): Promise<Sdk> =>
      ({ ...(await import("ai-7")), ...(await import("@ai-sdk/openai-compatible-3")) }) as unknown as Sdk,
  },
];

const TOKENS = 40;
const call = { prompt: "Tell me.", temperature: 1, seed: 3, maxOutputTokens: TOKENS, maxRetries: 0 };

/** Some calls below are made to be warned about. */
(globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;

let server: FakeServer | undefined;
afterEach(() => server?.close());

const summaryOf = (metadata: unknown) =>
  (metadata as { surprisal: SurprisalSummary & { logprobs?: LogprobEntry[] } }).surprisal;

for (const { version, skip, load } of VERSIONS)
  describe.skipIf(skip !== "")(`in ai ${version}${skip}`, () => {
    async function start(
      options?: SurprisalMiddlewareOptions,
      misbehave: Misbehaviour = {},
      completion = false,
    ) {
      const sdk = await load();
      server = await startFakeServer({ dialect: "openai", model: plainModel(), misbehave });
      const provider = sdk.createOpenAICompatible({ name: "fake", baseURL: server.url, includeUsage: true });
      const model = sdk.wrapLanguageModel({
        model: completion ? provider.completionModel("plain") : provider.chatModel("plain"),
        middleware: surprisalMiddleware(options),
      });
      return { ...sdk, model };
    }

    it("meters a whole answer and a stream alike, token by token", async () => {
      const records: TokenRecord[] = [];
      const { generateText, streamText, model } = await start({ onToken: (record) => records.push(record) });
      const whole = await generateText({ model, ...call });
      const numbers = records.splice(0).map(({ logprob }) => logprob);
      expect(numbers).toHaveLength(TOKENS);
      const expected = perplexity(numbers)!;
      expect(summaryOf(whole.providerMetadata)).toMatchObject({
        perplexity: expect.closeTo(expected, 9),
        tokens: TOKENS,
        scored: TOKENS,
        partial: false,
        finishReason: "length",
        warnings: [],
        stoppedBy: null,
        source: { provider: "fake.chat", modelId: "plain", format: "chat" },
      });
      // What the server writes when it is asked the same without any SDK.
      const request = server!.requests[0]!;
      const plain = await fetch(server!.origin + request.path, {
        method: "POST",
        body: JSON.stringify(request.body),
      });
      const { choices } = (await plain.json()) as {
        choices: { logprobs: { content: { logprob: number }[] } }[];
      };
      expect(numbers).toEqual(choices[0]!.logprobs.content.map(({ logprob }) => logprob));

      const stream = streamText({ model, ...call });
      const text = await stream.text;
      const summary = summaryOf(await stream.providerMetadata);
      expect(text).toBe(whole.text);
      expect(records.map((record) => record.text).join("")).toBe(text);
      expect(summary.perplexity).toBe(summaryOf(whole.providerMetadata).perplexity);
      expect(summary.bitsPerByte).toBeCloseTo(Math.log2(expected), 9); // a token is a byte here
      expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
      expect((await stream.usage).outputTokens).toBe(TOKENS);
      for (const { body } of server!.requests)
        expect(body).toMatchObject({ logprobs: true, top_logprobs: 5 });
    });

    it("keeps raw chunks to itself, unless the caller wants them", async () => {
      const { streamText, model } = await start();
      const types = async (includeRawChunks: boolean) => {
        const seen = new Set<string>();
        for await (const { type } of streamText({ model, ...call, includeRawChunks }).fullStream)
          seen.add(type);
        return seen;
      };
      expect(await types(false)).not.toContain("raw");
      expect(await types(true)).toContain("raw");
    });

    it("ends a stream where a policy says so, well-formed, and the request with it", async () => {
      const { streamText, model } = await start({ stopWhen: "tokens>=8" }, { slow: 5 });
      const stream = streamText({ model, ...call });
      const types: string[] = [];
      let text = "";
      for await (const part of stream.fullStream) {
        if (part.type !== types.at(-1)) types.push(part.type);
        if (part.type === "text-delta") text += part.text;
      }
      expect(text).toHaveLength(8);
      expect(types.slice(-4)).toEqual(["text-delta", "text-end", "finish-step", "finish"]);
      expect(await stream.finishReason).toBe("other");
      const { stoppedBy, tokens, scored, finishReason } = summaryOf(await stream.providerMetadata);
      expect(stoppedBy).toMatchObject({ message: "stopped at token 8: tokens 8 >= 8" });
      expect({ tokens, scored, finishReason }).toEqual({ tokens: 8, scored: 8, finishReason: null });
      await expect.poll(() => server!.requests[0]!.aborted).toBe(true);
    });

    it("leaves a broken-off loop to the SDK, and the request with it", async () => {
      const { streamText, model } = await start({}, { slow: 5 });
      const controller = new AbortController();
      const stream = streamText({ model, ...call, abortSignal: controller.signal });
      const types: string[] = [];
      for await (const { type } of stream.fullStream) {
        types.push(type);
        if (types.length === 8) controller.abort();
      }
      expect(types.at(-1)).toBe("abort");
      await expect.poll(() => server!.requests[0]!.aborted).toBe(true);
    });

    it("gives on an error of the server, and marks what came before it", async () => {
      const { streamText, model } = await start({}, { errorAfterEvents: 8 });
      const stream = streamText({ model, ...call, onError: () => {} });
      const types: string[] = [];
      let metadata: unknown;
      for await (const part of stream.fullStream) {
        types.push(part.type);
        if (part.type === "finish-step") metadata = part.providerMetadata;
      }
      expect(types).toContain("error");
      const { scored, partial, finishReason, warnings } = summaryOf(metadata);
      expect(scored).toBeGreaterThan(0);
      expect({ partial, finishReason }).toEqual({ partial: true, finishReason: null });
      expect(warnings.join()).toContain("could not be read to the end");
    });

    it("asks as it is told, and goes behind what the call says", async () => {
      const { generateText, model } = await start({
        ask: () => ({ fake: { logprobs: true, top_logprobs: 1 } }),
      });
      await generateText({ model, ...call, providerOptions: { fake: { top_logprobs: 2 } } });
      expect(server!.requests[0]!.body).toMatchObject({ logprobs: true, top_logprobs: 2 });
      const silent = await start({ ask: false });
      const { providerMetadata } = await silent.generateText({ model: silent.model, ...call });
      expect(server!.requests[0]!.body).not.toHaveProperty("logprobs");
      const summary = summaryOf(providerMetadata);
      expect(summary).toMatchObject({ perplexity: null, scored: 0, partial: true });
      expect(summary.warnings.join()).toContain("logprobs: true");
    });

    it("meters completions", async () => {
      const { generateText, streamText, model } = await start({}, {}, true);
      const whole = summaryOf((await generateText({ model, ...call })).providerMetadata);
      expect(whole).toMatchObject({ scored: TOKENS, partial: false, source: { format: "completions" } });
      const stream = streamText({ model, ...call });
      await stream.text;
      expect(summaryOf(await stream.providerMetadata).perplexity).toBe(whole.perplexity);
    });

    it("has a model of this package as its own", async () => {
      const { generateText, streamText } = await load();
      const table = plainModel();
      const model = surprisalModel(table, { alternatives: 2 });
      const result = await generateText({ model, ...call });
      const { logprobs, ...summary } = summaryOf(result.providerMetadata);
      const expected: (number | null)[] = [];
      for await (const { logprob } of table.generate(call.prompt, {
        temperature: 1,
        seed: 3,
        maxTokens: TOKENS,
      }))
        expected.push(logprob);
      expect(logprobs!.map(({ logprob }) => logprob)).toEqual(expected);
      expect(logprobs![0]!.top_logprobs).toHaveLength(2);
      expect(logprobs!.map(({ token }) => token).join("")).toBe(result.text);
      expect(summary).toMatchObject({
        perplexity: expect.closeTo(perplexity(expected)!, 9),
        scored: TOKENS,
        finishReason: "length",
      });
      expect(result.finishReason).toBe("length");
      expect(result.usage).toMatchObject({ inputTokens: call.prompt.length + 1, outputTokens: TOKENS });

      const stream = streamText({ model, ...call });
      expect(await stream.text).toBe(result.text);
      expect(summaryOf(await stream.providerMetadata)).toEqual({ ...summary, logprobs });
    });

    it("stops a model of this package by a policy", async () => {
      const { streamText, generateText, wrapLanguageModel } = await load();
      const middleware = surprisalMiddleware({ stopWhen: "tokens>=5" });
      const model = wrapLanguageModel({ model: surprisalModel(plainModel()), middleware });
      const stream = streamText({ model, ...call });
      expect(await stream.text).toHaveLength(5);
      expect(summaryOf(await stream.providerMetadata).stoppedBy?.token).toBe(5);
      const whole = summaryOf((await generateText({ model, ...call })).providerMetadata);
      expect(whole).toMatchObject({ scored: TOKENS, stoppedBy: null, source: { format: "surprisal" } });
      expect(whole.alarms[0]?.token).toBe(5);
    });

    it("says what its own model cannot do", async () => {
      const { generateText, streamText } = await load();
      const model = surprisalModel(plainModel());
      const { warnings } = await generateText({
        model,
        ...call,
        messages: [
          { role: "user", content: "A" },
          { role: "assistant", content: "B" },
          { role: "user", content: "C" },
        ],
        prompt: undefined as never,
        presencePenalty: 1,
        providerOptions: { surprisal: { minP: "much", rope: 1 } },
      });
      expect(warnings?.map((warning) => ("feature" in warning ? warning.feature : ""))).toEqual([
        "chat",
        "presencePenalty",
        "providerOptions.surprisal.minP",
        "providerOptions.surprisal.rope",
      ]);
      const image = { type: "image", image: new Uint8Array(1), mediaType: "image/png" } as const;
      await expect(
        generateText({ model, maxRetries: 0, messages: [{ role: "user", content: [image] }] }),
      ).rejects.toMatchObject({ code: "UNSUPPORTED_CAPABILITY" });

      const controller = new AbortController();
      const parts: string[] = [];
      const stream = streamText({ model, ...call, maxOutputTokens: 5000, abortSignal: controller.signal });
      for await (const { type } of stream.fullStream) {
        parts.push(type);
        if (parts.length === 10) controller.abort();
      }
      expect(parts.at(-1)).toBe("abort");
      expect(parts.length).toBeLessThan(50);
    });
  });

describe("what ends and leads an answer of this package's model", () => {
  it("ends at stop sequences, and says at which", async () => {
    const table = plainModel();
    let text = "";
    for await (const record of table.generate("Once", { maxTokens: 30, temperature: 1, seed: 2 }))
      text += record.text;
    const stop = text.slice(10, 12);
    const asked = {
      prompt: "Once",
      maxOutputTokens: 30,
      temperature: 1,
      seed: 2,
      stopSequences: ["never", stop],
    };
    const {
      text: answer,
      warnings,
      finishReason,
      providerMetadata,
    } = await generateText({
      model: surprisalModel(table),
      ...asked,
    });
    expect(answer).toBe(text.slice(0, text.indexOf(stop)));
    expect([warnings, finishReason]).toEqual([[], "stop"]);
    expect(providerMetadata?.surprisal).toMatchObject({
      stop: { text: stop, behind: "" },
      scored: text.indexOf(stop),
    });
    const stream = streamText({ model: surprisalModel(table), ...asked });
    expect(await stream.text).toBe(answer);
  });

  it("takes options of its own from providerOptions", async () => {
    const model = surprisalModel(TableModel.bytes());
    const oneOf = ["yes", "no"];
    const chosen = await generateText({ model, prompt: "?", providerOptions: { surprisal: { oneOf } } });
    expect(oneOf).toContain(chosen.text);
    expect(chosen.providerMetadata?.surprisal?.choice).toMatchObject({ index: oneOf.indexOf(chosen.text) });
    const led = await generateText({
      model,
      prompt: "On",
      maxOutputTokens: 5,
      providerOptions: { surprisal: { prefill: "ce" } },
    });
    const whole = await generateText({ model, prompt: "Once", maxOutputTokens: 5 });
    expect(led.text).toBe(whole.text);
  });

  it("leaves out what a server does not take, with a warning", async () => {
    await using server = await startFakeServer({ dialect: "openai" });
    const model = surprisalModel(await resolve(`${server.url}#table`));
    const { warnings, text } = await generateText({
      model,
      prompt: "Once",
      maxOutputTokens: 4,
      stopSequences: ["zzz"],
      providerOptions: { surprisal: { minP: 0.1, repeatPenalty: 1.1 } },
    });
    expect(text).not.toBe("");
    expect(warnings?.map((warning) => ("feature" in warning ? warning.feature : ""))).toEqual(
      expect.arrayContaining(["providerOptions.surprisal.minP", "providerOptions.surprisal.repeatPenalty"]),
    );
    expect(server.requests.at(-1)?.body.stop).toEqual(["zzz"]);
  });
});

describe("a chat model of this package", () => {
  it("gets the chat itself, and whole characters out of its bytes", async () => {
    const chats: unknown[] = [];
    const table = TableModel.bytes();
    const model: LanguageModel = Object.assign(Object.create(table) as LanguageModel, {
      capabilities: { ...table.capabilities, chat: true, chatTemplate: true },
      tokenize: table.tokenize.bind(table),
      applyChatTemplate: (messages: readonly ChatMessage[]) =>
        messages.map(({ content }) => content).join("|"),
      generate: (prompt: unknown) => {
        chats.push(prompt);
        return plainModel({ accents: 0.4 }).generate("x", { maxTokens: 200, temperature: 1, seed: 1 });
      },
    });
    const { text, usage } = await generateText({
      model: surprisalModel(model),
      system: "Be brief.",
      prompt: "Hello",
    });
    expect(chats).toEqual([
      [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hello" },
      ],
    ]);
    expect(text).toContain("é");
    expect(text.slice(0, -1)).not.toContain("\uFFFD");
    expect(usage.inputTokens).toBe("Be brief.|Hello".length);
  });
});

describe("the middleware by itself", () => {
  it.each([
    ["openai.responses", { openai: { logprobs: 3 } }],
    ["openai.chat", { openai: { logprobs: 3 } }],
    ["azure.chat", { openai: { logprobs: 3 }, azure: { logprobs: 3 } }],
    ["xai.chat", { xai: { logprobs: true, topLogprobs: 3 } }],
    ["my-server.chat", { "my-server": { logprobs: true, top_logprobs: 3 } }],
    ["my-server.completion", { "my-server": { logprobs: 3 } }],
  ])("asks %s in its own words", async (provider, providerOptions) => {
    const { transformParams } = surprisalMiddleware({ alternatives: 3 });
    const model = { provider, modelId: "m" };
    expect(await transformParams({ type: "generate", params: {}, model })).toEqual({ providerOptions });
    expect(await transformParams({ type: "stream", params: {}, model })).toEqual({
      providerOptions,
      includeRawChunks: true,
    });
  });

  it("refuses a policy that is none before any call", () => {
    expect(() => surprisalMiddleware({ stopWhen: "windows>80" })).toThrow("windows");
  });

  it("stays JSON where a token had probability 0", async () => {
    const end = { finishReason: "stop", tokens: 1, scored: 1, partial: false, warnings: [] };
    const body = {
      object: "surprisal.answer",
      events: [
        { object: "surprisal.token", record: { text: "a", logprob: Number.NEGATIVE_INFINITY } },
        { object: "surprisal.end", end },
      ],
    };
    const { providerMetadata } = (await surprisalMiddleware().wrapGenerate({
      doGenerate: async () => ({ response: { body }, providerMetadata: { other: { kept: true } } }),
      model: { provider: "surprisal", modelId: "m" },
    })) as { providerMetadata: { other: unknown } };
    const summary = summaryOf(providerMetadata);
    expect(summary).toMatchObject({ perplexity: null, bits: null, scored: 1, partial: false });
    expect(summary.warnings).toEqual(["A token had probability 0, so the perplexity is infinite."]);
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
    expect(providerMetadata.other).toEqual({ kept: true });
  });
});
