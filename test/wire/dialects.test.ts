/** Every route of every dialect: the reader gives back the numbers of the model behind the server. */
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../src/core/index.ts";
import type { LanguageModel } from "../../src/models/index.ts";
import { TableModel } from "../../src/models/test/index.ts";
import { type DialectName, startFakeServer } from "./fake-server.ts";
import type { Format } from "./fixtures.ts";
import type { Json } from "./pick.ts";
import { plainModel } from "./plain-model.ts";
import { type Container, replay, textOf } from "./replay.ts";
import { chatText } from "./utterance.ts";

const PROMPT = "Once upon a time, there was a";
const CHAT = [{ role: "user", content: "What is the capital of France?" }];

interface Route {
  dialect: DialectName;
  path: string;
  format: Format;
  body: (options: Options) => Json;
  /** Path and fields that make it a stream. Default: the same path, `stream: true`. */
  streamPath?: string;
  streamFields?: Json;
  prompt: string | typeof CHAT;
  container?: Container;
  /** One record per complete character. */
  merges?: boolean;
}

interface Options {
  model: string;
  maxTokens: number;
  temperature: number;
  seed: number;
}

const chat = ({ model, maxTokens, temperature, seed }: Options): Json => ({
  model,
  messages: CHAT,
  logprobs: true,
  top_logprobs: 2,
  max_tokens: maxTokens,
  temperature,
  seed,
});
const completions = ({ model, maxTokens, temperature, seed }: Options): Json => ({
  model,
  prompt: PROMPT,
  logprobs: 2,
  max_tokens: maxTokens,
  temperature,
  seed,
});
const responses = ({ model, maxTokens, temperature, seed }: Options): Json => ({
  model,
  input: CHAT,
  include: ["message.output_text.logprobs"],
  top_logprobs: 2,
  max_output_tokens: maxTokens,
  temperature,
  seed,
});
const ollama = ({ model, maxTokens, temperature, seed }: Options): Json => ({
  model,
  logprobs: true,
  top_logprobs: 2,
  options: { num_predict: maxTokens, temperature, seed },
  stream: false,
});
const withUsage: Json = { stream: true, stream_options: { include_usage: true } };

const ROUTES: readonly Route[] = [
  ...(
    [
      ["openai", "/v1/chat/completions"],
      ["azure", "/openai/deployments/any/chat/completions?api-version=2024-10-21"],
      ["deepseek", "/chat/completions"],
      ["openrouter", "/api/v1/chat/completions"],
      ["xai", "/v1/chat/completions"],
      ["vllm", "/v1/chat/completions"],
      ["sglang", "/v1/chat/completions"],
      ["llama-server", "/v1/chat/completions"],
      ["llama-cpp-python", "/v1/chat/completions"],
      ["ollama", "/v1/chat/completions"],
    ] as const
  ).map(
    ([dialect, path]): Route => ({
      dialect,
      path,
      format: "chat",
      body: chat,
      prompt: CHAT,
      streamFields: withUsage,
      merges: dialect === "llama-server" || dialect === "ollama",
    }),
  ),
  ...(["openai", "vllm", "sglang", "llama-server", "llama-cpp-python"] as const).map(
    (dialect): Route => ({
      dialect,
      path: "/v1/completions",
      format: "completions",
      body: completions,
      prompt: PROMPT,
      streamFields: withUsage,
      merges: dialect === "llama-server",
    }),
  ),
  { dialect: "openai", path: "/v1/responses", format: "responses", body: responses, prompt: CHAT },
  {
    dialect: "llama-server",
    path: "/completion",
    format: "llama-native",
    body: ({ maxTokens, temperature, seed }) => ({
      prompt: PROMPT,
      n_predict: maxTokens,
      n_probs: 2,
      temperature,
      top_k: 0,
      top_p: 1,
      seed,
    }),
    prompt: PROMPT,
    merges: true,
  },
  {
    dialect: "sglang",
    path: "/generate",
    format: "sglang",
    body: ({ maxTokens, temperature, seed }) => ({
      text: PROMPT,
      sampling_params: { max_new_tokens: maxTokens, temperature, sampling_seed: seed },
      return_logprob: true,
      top_logprobs_num: 2,
      return_text_in_logprobs: true,
    }),
    prompt: PROMPT,
  },
  {
    dialect: "tgi",
    path: "/generate",
    format: "tgi",
    body: ({ maxTokens, temperature, seed }) => ({
      inputs: PROMPT,
      parameters: { max_new_tokens: maxTokens, temperature, seed, details: true, top_n_tokens: 2 },
    }),
    streamPath: "/generate_stream",
    prompt: PROMPT,
  },
  {
    dialect: "tgi",
    path: "/v1/chat/completions",
    format: "chat",
    body: chat,
    prompt: CHAT,
    streamFields: withUsage,
  },
  {
    dialect: "ollama",
    path: "/api/generate",
    format: "ollama",
    body: (options) => ({ ...ollama(options), prompt: PROMPT, raw: true }),
    prompt: PROMPT,
    container: "ndjson",
    merges: true,
  },
  {
    dialect: "ollama",
    path: "/api/chat",
    format: "ollama",
    body: (options) => ({ ...ollama(options), messages: CHAT }),
    prompt: CHAT,
    container: "ndjson",
    merges: true,
  },
  {
    dialect: "gemini",
    path: "/v1beta/models/MODEL:generateContent",
    format: "gemini",
    body: ({ maxTokens, temperature, seed }) => ({
      contents: CHAT.map(({ role, content }) => ({ role, parts: [{ text: content }] })),
      generationConfig: {
        maxOutputTokens: maxTokens,
        temperature,
        seed,
        responseLogprobs: true,
        logprobs: 2,
      },
    }),
    streamPath: "/v1beta/models/MODEL:streamGenerateContent?alt=sse",
    prompt: CHAT,
  },
];

for (const route of ROUTES)
  describe(`${route.dialect} ${route.path}`, () => {
    for (const stream of [false, true])
      for (const [kind, make] of [
        ["text", () => plainModel({ end: 0.02 })],
        ["any bytes", () => TableModel.bytes()],
      ] as const)
        it(`${stream ? "streamed" : "whole"}: ${kind}`, async () => {
          const model = make();
          await using server = await startFakeServer({ dialect: route.dialect, model });
          for (let seed = 1; seed <= 4; seed++) {
            const options = { model: model.identity.name, maxTokens: 24, temperature: 1, seed };
            const found = await ask(server.origin, route, options, stream);
            await compare(found, model, route, options);
          }
        });
  });

async function ask(origin: string, route: Route, options: Options, stream: boolean) {
  const path = stream ? (route.streamPath ?? route.path) : route.path;
  const fields = stream ? (route.streamFields ?? { stream: true }) : {};
  const answer = await fetch(origin + path.replace("MODEL", options.model), {
    method: "POST",
    body: JSON.stringify({ ...route.body(options), ...fields }),
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  expect(answer.status, new TextDecoder().decode(bytes)).toBe(200);
  const container = stream ? (route.container ?? "sse") : "json";
  return replay(bytes, route.format, container, { alternatives: 2, maxTokens: options.maxTokens });
}

async function compare(
  { records, end, error }: Awaited<ReturnType<typeof ask>>,
  model: LanguageModel,
  route: Route,
  { maxTokens, temperature, seed }: Options,
): Promise<void> {
  expect(error).toBeNull();
  const prompt = typeof route.prompt === "string" ? route.prompt : chatText(route.prompt);
  const truth: TokenRecord[] = [];
  const writing = model.generate(prompt, { maxTokens, temperature, seed, alternatives: 2 });
  for await (const record of writing) truth.push(record);
  expect(end!.finishReason).toBe(writing.end!.finishReason);
  if (route.merges && truth.some(({ bytes }) => bytes !== undefined)) {
    // Characters of several tokens have one record, or none: the numbers are not those of the text.
    if (records.length < truth.length) expect(end!.partial).toBe(true);
    return;
  }
  const isText = !textOf(truth).includes("\ufffd");
  const numbers = records.map(({ logprob }) => logprob);
  // Which bytes a U+FFFD in the middle of a stream stands for can remain open; then the answer is partial, to be safe.
  if (isText || !end!.partial) {
    expect(numbers).toEqual(truth.map(({ logprob }) => logprob));
    expect(end!.partial).toBe(false);
  } else expect(numbers.filter((logprob) => logprob !== null)).toEqual(truth.map(({ logprob }) => logprob));
  if (isText) expect(textOf(records)).toBe(textOf(truth));
  expect(end!.scored).toBe(truth.length);
  // llama-cpp-python counts nothing in a stream.
  expect([truth.length, ...(route.dialect === "llama-cpp-python" ? [null] : [])]).toContain(end!.tokens);
}
