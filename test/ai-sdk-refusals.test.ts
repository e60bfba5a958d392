/**
 * `surprisalMiddleware` breaks no call: providers that refuse log-probabilities, at all or beside tools, are asked again
 * without. Sources of the refusals:
 * - OpenAI's reasoning models: 403 "You are not allowed to request logprobs from this model" and 400 "'logprobs' is not
 *   supported with reasoning models" (openai/openai-node and vercel/ai issues).
 * - llama-server: 400 "logprobs is not supported with tools + stream" (ggml-org/llama.cpp, tools/server/server-common.cpp).
 * - Gemini: 400 "Logprobs is not supported for this model" (GoogleCloudPlatform/generative-ai issue 2947).
 * - vLLM: 500 "list index out of range" for top_logprobs under speculative decoding (vllm-project/vllm pull request 30059).
 * - OpenRouter: 404 "No endpoints found that can handle the requested parameters".
 */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, streamText, tool, wrapLanguageModel } from "ai";
import { describe, expect, it } from "vitest";
import { providerOptionsFor } from "../src/models/ai-sdk/ask.ts";
import { type SurprisalSummary, surprisalMiddleware } from "../src/models/ai-sdk/index.ts";

(globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;

type Body = Record<string, unknown>;

const encoder = new TextEncoder();
const CHUNKS = [
  { choices: [{ index: 0, delta: { role: "assistant", content: "Par" }, finish_reason: null }] },
  { choices: [{ index: 0, delta: { content: "is" }, finish_reason: null }] },
  { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
];
const NUMBERS = {
  content: [
    { token: "Par", logprob: -0.5, top_logprobs: [] },
    { token: "is", logprob: -0.25, top_logprobs: [] },
  ],
};

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

function events(values: readonly unknown[]): Response {
  const text = values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join("");
  return new Response(encoder.encode(`${text}data: [DONE]\n\n`), {
    headers: { "content-type": "text/event-stream" },
  });
}

const head = { id: "1", object: "chat.completion.chunk", created: 1, model: "m" };

/** The answer of a server that is well. */
function answer({ stream, logprobs }: Body): Response {
  if (stream)
    return events(
      CHUNKS.map((chunk, i) => ({
        ...head,
        choices: chunk.choices.map((choice) => ({
          ...choice,
          logprobs: logprobs && NUMBERS.content[i] ? { content: [NUMBERS.content[i]] } : null,
        })),
      })),
    );
  const message = { role: "assistant", content: "Paris" };
  return json(200, {
    ...head,
    object: "chat.completion",
    choices: [{ index: 0, message, logprobs: logprobs ? NUMBERS : null, finish_reason: "stop" }],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  });
}

/** @param refuse the answer to a request; `null` = the good one. */
function setUp(refuse: (body: Body) => Response | null) {
  const requests: Body[] = [];
  const provider = createOpenAICompatible({
    name: "fake",
    baseURL: "http://127.0.0.1:1/v1",
    fetch: async (_url, init) => {
      const body = JSON.parse(String(init?.body)) as Body;
      requests.push(body);
      return refuse(body) ?? answer(body);
    },
  });
  const model = wrapLanguageModel({ model: provider.chatModel("m"), middleware: surprisalMiddleware() });
  return { model, requests };
}

const summaryOf = (metadata: unknown) => (metadata as { surprisal: SurprisalSummary }).surprisal;
const call = { prompt: "Tell me.", maxRetries: 0 };
const tools = {
  look: tool({ inputSchema: jsonSchema<{ at: string }>({ type: "object" }), execute: async ({ at }) => at }),
};
const asked = (requests: readonly Body[]) => requests.map(({ logprobs }) => logprobs !== undefined);

/** Refusals, and whether one is enough to know. */
const REFUSALS: readonly [string, () => Response][] = [
  ["400 by name", () => json(400, { error: { message: "'logprobs' is not supported with this model" } })],
  ["403", () => json(403, { error: { message: "You are not allowed to request logprobs from this model" } })],
  [
    "404",
    () => json(404, { error: { message: "No endpoints found that can handle the requested parameters" } }),
  ],
  ["422 without a word of it", () => json(422, { detail: "Extra inputs are not permitted" })],
  ["500 by name", () => json(500, { error: { message: "logprobs is not supported with tools + stream" } })],
];

describe("a provider that refuses log-probabilities", () => {
  it.each(REFUSALS)("%s: is asked again without, once, and it is said", async (_, refusal) => {
    const { model, requests } = setUp((body) => (body.logprobs ? refusal() : null));
    const whole = await generateText({ model, ...call });
    expect(whole.text).toBe("Paris");
    expect(whole.warnings?.map((warning) => "message" in warning && warning.message).join()).toContain(
      "refuses log-probabilities",
    );
    const summary = summaryOf(whole.providerMetadata);
    expect(summary).toMatchObject({ perplexity: null, scored: 0, partial: true, tokens: 2 });
    expect(summary.warnings.join()).toMatch(/The provider refuses log-probabilities: ./);
    const stream = streamText({ model, ...call });
    expect(await stream.text).toBe("Paris");
    expect(summaryOf(await stream.providerMetadata).warnings.join()).toContain("refuses");
    const again = await generateText({ model, ...call });
    expect(again.warnings ?? []).toEqual([]); // said once to the SDK, always in the summary
    expect(asked(requests)).toEqual([true, false, false, false]);
  });

  it.each([
    [500, "list index out of range"],
    [502, "Provider returned error"],
    [403, "This feature is not enabled for your plan"],
  ])(
    "by failing without a word of it (%i): the call works, and after the second time it is known",
    async (status, message) => {
      const { model, requests } = setUp(({ logprobs }) =>
        logprobs ? json(status, { error: { message } }) : null,
      );
      for (let i = 0; i < 3; i++) expect((await generateText({ model, ...call })).text).toBe("Paris");
      expect(asked(requests)).toEqual([true, false, true, false, false]);
    },
  );

  it("beside tools only: calls without tools keep their numbers", async () => {
    const { model, requests } = setUp((body) =>
      body.logprobs && body.tools
        ? json(400, { error: { message: "logprobs is not supported with tools + stream" } })
        : null,
    );
    const plain = async () => summaryOf((await generateText({ model, ...call })).providerMetadata);
    for (let i = 0; i < 2; i++) {
      const stream = streamText({ model, ...call, tools });
      expect(await stream.text).toBe("Paris");
      expect(await plain()).toMatchObject({ scored: 2, partial: false, warnings: [] });
    }
    expect(asked(requests)).toEqual([true, false, true, false, true]);
  });

  it("in the stream, before anything of the answer", async () => {
    const { model, requests } = setUp(({ logprobs }) =>
      logprobs ? events([{ error: { message: "logprobs are not supported" } }]) : null,
    );
    for (let i = 0; i < 2; i++) {
      const errors: unknown[] = [];
      const stream = streamText({ model, ...call, onError: ({ error }) => void errors.push(error) });
      expect(await stream.text).toBe("Paris");
      expect(errors).toEqual([]);
      expect(summaryOf(await stream.providerMetadata)).toMatchObject({ perplexity: null, scored: 0 });
    }
    expect(asked(requests)).toEqual([true, false, false]);
  });

  it("in the stream after a part of the answer: an error, as without the middleware", async () => {
    const { model, requests } = setUp(({ stream }) =>
      stream ? events([{ ...head, ...CHUNKS[0] }, { error: { message: "logprobs broke" } }]) : null,
    );
    const errors: unknown[] = [];
    const stream = streamText({ model, ...call, onError: ({ error }) => void errors.push(error) });
    let text = "";
    for await (const piece of stream.textStream) text += piece;
    expect([text, errors.length, requests.length]).toEqual(["Par", 1, 1]);
  });
});

describe("a call that fails without the middleware too", () => {
  it.each([
    [401, "no key"],
    [429, "slow down"],
    [503, "overloaded"],
  ])("%i: is made once and fails with its own error", async (status, message) => {
    const { model, requests } = setUp(() => json(status, { error: { message } }));
    await expect(generateText({ model, ...call })).rejects.toMatchObject({ statusCode: status, message });
    expect(requests).toHaveLength(1);
  });

  it("fails with the error of the plain call, and numbers are asked for again", async () => {
    let broken = true;
    const { model, requests } = setUp(() =>
      broken ? json(400, { error: { message: "The prompt is too long" } }) : null,
    );
    await expect(generateText({ model, ...call })).rejects.toMatchObject({
      message: "The prompt is too long",
    });
    broken = false;
    expect(summaryOf((await generateText({ model, ...call })).providerMetadata).scored).toBe(2);
    expect(asked(requests)).toEqual([true, false, true]);
  });

  it("keeps what the caller asked for", async () => {
    const { model, requests } = setUp(({ logprobs }) =>
      logprobs ? json(400, { error: { message: "logprobs no" } }) : null,
    );
    const own = { providerOptions: { fake: { logprobs: true } } };
    await expect(generateText({ model, ...call, ...own })).rejects.toMatchObject({ message: "logprobs no" });
    expect(requests.map(({ top_logprobs: top }) => top)).toEqual([5, undefined]);
  });

  it("is not made again after an abort", async () => {
    const controller = new AbortController();
    const { model, requests } = setUp(() => {
      controller.abort();
      throw new DOMException("aborted", "AbortError");
    });
    await expect(generateText({ model, ...call, abortSignal: controller.signal })).rejects.toThrow("abort");
    expect(requests).toHaveLength(1);
  });
});

describe("each provider's own options", () => {
  // vercel/ai @ed857f50f112e23930b0c2dd8d532cc8bebbc911; deepseek: its issue 19379 (`topLogprobs`, at most 20).
  it.each([
    ["openai.responses", "gpt", 3, { openai: { logprobs: 3 } }],
    [
      "azure.deepseek",
      "r",
      3,
      { deepseek: { logprobs: true, topLogprobs: 3 }, azure: { logprobs: true, topLogprobs: 3 } },
    ],
    ["deepseek.chat", "deepseek-chat", 3, { deepseek: { logprobs: true, topLogprobs: 3 } }],
    ["deepseek.chat", "deepseek-chat", 50, { deepseek: { logprobs: true, topLogprobs: 20 } }],
    ["cerebras.chat", "llama", 3, { cerebras: { logprobs: true, topLogprobs: 3 } }],
    ["xai.responses", "grok", 20, { xai: { logprobs: true, topLogprobs: 8 } }],
    ["togetherai.chat", "llama", 0, { togetherai: { logprobs: 1 } }],
    ["fireworks.chat", "llama", 20, { fireworks: { logprobs: true, top_logprobs: 5 } }],
    ["deepinfra.chat", "llama", 3, { deepinfra: { logprobs: true, top_logprobs: 3 } }],
    ["baseten.chat", "llama", 3, { baseten: { logprobs: true, top_logprobs: 3 } }],
    ["gateway", "deepseek/deepseek-chat", 3, { deepseek: { logprobs: true, topLogprobs: 3 } }],
    ["gateway", "anthropic/claude", 3, {}],
    ["google.generative-ai", "gemini", 3, {}],
    ["vertex.ai", "gemini", 3, {}],
    ["mistral.chat", "mistral", 3, {}],
    ["groq.chat", "llama", 3, {}],
    ["perplexity", "sonar", 3, {}],
    ["alibaba.chat", "qwen", 3, {}],
  ] as const)("%s %s, %i alternatives", (provider, modelId, alternatives, options) => {
    expect(providerOptionsFor({ provider, modelId, type: "generate", alternatives })).toEqual(options);
  });
});
