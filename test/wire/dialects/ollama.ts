/** Ollama: its own API and the OpenAI-compatible one. */
import { completionsAnswer } from "../formats/completions.ts";
import { ollamaAnswer } from "../formats/ollama.ts";
import { type Json, number, object, Refusal, text } from "../pick.ts";
import { chatText } from "../utterance.ts";
import {
  type Call,
  commonWish,
  type Dialect,
  messagesOf,
  type Reply,
  say,
  wantsStream,
  wantsUsage,
} from "./dialect.ts";
import { chatRoute, modelsRoute, refuseLogprobs, responsesRoute } from "./openai.ts";

const CREATED = 1795514766;
const CREATED_AT = "2026-11-24T10:06:06.317733979Z";
const nativeError = (_status: number, message: string): Json => ({ error: message });
const openaiRouteError = (status: number, message: string): Json => ({
  error: {
    message,
    type: status === 400 ? "invalid_request_error" : status === 404 ? "not_found_error" : "api_error",
    param: null,
    code: null,
  },
});

async function native(call: Call, route: "generate" | "chat"): Promise<Reply> {
  const { body, model } = call;
  const top = number(body.top_logprobs) ?? 0;
  if (top < 0 || top > 20) throw new Refusal(400, nativeError(400, "top_logprobs must be between 0 and 20"));
  const name = text(body.model) ?? "";
  if (name.replace(/:latest$/, "") !== model.identity.name)
    throw new Refusal(404, nativeError(404, `model '${name}' not found`));
  refuseLogprobs(call, body.logprobs === true, nativeError);
  const options = object(body.options);
  const prompt =
    route === "chat"
      ? messagesOf(body)
      : body.raw === true
        ? (text(body.prompt) ?? "")
        : [{ role: "user", content: text(body.prompt) ?? "" }];
  const said = await say(call, {
    ...commonWish({ ...options, max_tokens: number(options.num_predict) ?? 128 }),
    temperature: number(options.temperature) ?? 0.8,
    prompt,
    alternatives: Math.max(top, 1),
  });
  return {
    answer: ollamaAnswer({ ...said, model: name }, CREATED_AT, {
      route,
      logprobs: body.logprobs === true,
      topLogprobs: top,
    }),
    // Streaming is the default.
    stream: body.stream !== false,
    framing: "ndjson",
  };
}

const details = {
  parent_model: "",
  format: "gguf",
  family: "llama",
  families: ["llama"],
  parameter_size: "134.52M",
  quantization_level: "Q8_0",
};

export const ollama: Dialect = {
  base: "",
  error: nativeError,
  routes: [
    { method: "POST", path: /^\/api\/generate$/, reply: (call) => native(call, "generate") },
    { method: "POST", path: /^\/api\/chat$/, reply: (call) => native(call, "chat") },
    {
      method: "GET",
      path: /^\/api\/tags$/,
      reply: ({ model }) => ({
        json: {
          models: [
            {
              name: `${model.identity.name}:latest`,
              model: `${model.identity.name}:latest`,
              modified_at: CREATED_AT,
              size: 144811385,
              digest: "44c4ea540a371a82fc01d480878b26dbbf562de4a2cc9453b1047ea8e00cf402",
              details: { ...details, context_length: 8192, embedding_length: 576 },
              capabilities: ["completion"],
            },
          ],
        },
      }),
    },
    {
      method: "POST",
      path: /^\/api\/show$/,
      reply({ model, body }) {
        const name = text(body.model) ?? "";
        if (name.replace(/:latest$/, "") !== model.identity.name)
          throw new Refusal(404, nativeError(404, `model '${name}' not found`));
        return {
          json: {
            template: "{{ .Prompt }}",
            details,
            model_info: {
              "general.architecture": "llama",
              "general.parameter_count": 134515008,
              "llama.context_length": 8192,
              "llama.vocab_size": model.vocabulary.size,
              "tokenizer.ggml.add_bos_token": model.vocabulary.addsBos,
              "tokenizer.ggml.bos_token_id": model.vocabulary.bos,
              "tokenizer.ggml.eos_token_id": model.vocabulary.eos,
            },
            capabilities: ["completion"],
            modified_at: CREATED_AT,
          },
        };
      },
    },
    { method: "GET", path: /^\/api\/version$/, reply: () => ({ json: { version: "0.0.0" } }) },
    chatRoute(/^\/v1\/chat\/completions$/, {
      most: 20,
      error: openaiRouteError,
      style: () => ({
        id: "chatcmpl-526",
        created: CREATED,
        spelling: "cut",
        bytes: "text",
        merges: true,
        countsEndOfText: true,
        role: "with the first token",
        finish: "own chunk",
        usage: "own chunk",
        chunk: { system_fingerprint: "fp_ollama" },
        body: { system_fingerprint: "fp_ollama" },
      }),
    }),
    {
      method: "POST",
      path: /^\/v1\/completions$/,
      async reply(call): Promise<Reply> {
        const { body } = call;
        const prompt = [{ role: "user", content: text(body.prompt) ?? "" }];
        const said = await say(call, { ...commonWish(body), prompt });
        // The echo is the prompt's text in front; numbers are not given, whatever was asked for.
        const echo = body.echo === true ? (text(body.prompt) ?? "") : "";
        const answer = completionsAnswer(
          { ...said, promptText: echo || chatText(prompt) },
          {
            id: "cmpl-5",
            created: CREATED,
            spelling: "decoded",
            countsEndOfText: true,
            finish: "own chunk",
            usageChunk: true,
            own: "none",
            omitsLogprobs: true,
            body: { system_fingerprint: "fp_ollama" },
          },
          { logprobs: null, echo: echo !== "", includeUsage: wantsUsage(body) },
        );
        return { answer, stream: wantsStream(body), framing: "sse" };
      },
    },
    responsesRoute(/^\/v1\/responses$/, {
      id: "resp_947549",
      item: "msg_298185",
      created: CREATED,
      spelling: "cut",
      mute: true,
      countsEndOfText: true,
    }),
    modelsRoute(/^\/v1\/models$/, (id) => ({ id, object: "model", created: CREATED, owned_by: "library" })),
  ],
};
