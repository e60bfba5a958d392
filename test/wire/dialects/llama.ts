/** llama-server and llama-cpp-python. */
import type { ChatStyle } from "../formats/chat.ts";
import { llamaCompletionsAnswer, nativeAnswer } from "../formats/llama-server.ts";
import { type Json, number, Refusal } from "../pick.ts";
import { wholeCharacters } from "../tokens.ts";
import { lossy } from "../utterance.ts";
import { commonWish, type Dialect, openaiError, promptOf, say, wantsStream } from "./dialect.ts";
import { chatRoute, completionsRoute, modelsRoute, refuseLogprobs } from "./openai.ts";

const CREATED = 1795514236;
const error = (status: number, message: string): Json => ({
  error: { code: status, message, type: status === 400 ? "invalid_request_error" : "server_error" },
});
const ID = "chatcmpl-hjINzOrhxoMKbE1397v7v3I4OTBt2ojI";

const chatStyle = (): ChatStyle => ({
  id: ID,
  created: CREATED,
  spelling: "cut",
  bytes: "exact",
  ids: true,
  merges: true,
  endOfText: "whole",
  countsEndOfText: true,
  role: { content: null },
  finish: "own chunk",
  usage: "own chunk",
  usageAlways: true,
  chunk: { system_fingerprint: "b1-de3ff81" },
  body: { system_fingerprint: "b1-de3ff81" },
});

export const llamaServer: Dialect = {
  base: "/v1",
  error,
  routes: [
    chatRoute(/^(?:\/v1)?\/chat\/completions$/, { style: chatStyle, most: 100_000, error }),
    {
      method: "POST",
      path: /^\/v1\/completions$/,
      async reply(call) {
        const { body } = call;
        const asked = number(body.logprobs) ?? null;
        refuseLogprobs(call, asked !== null, error);
        const said = await say(call, {
          ...commonWish(body),
          prompt: promptOf(body.prompt),
          alternatives: asked ?? 0,
        });
        return {
          answer: llamaCompletionsAnswer(
            said,
            { id: ID, created: CREATED },
            { logprobs: asked, includeUsage: true },
          ),
          stream: wantsStream(body),
          framing: "sse",
        };
      },
    },
    {
      method: "POST",
      path: /^\/completions?$/,
      async reply(call) {
        const { body } = call;
        const nProbs = number(body.n_probs) ?? 0;
        refuseLogprobs(call, nProbs > 0, error);
        const said = await say(call, {
          ...commonWish({ ...body, max_tokens: body.n_predict }),
          temperature: number(body.temperature) ?? 0.8,
          prompt: promptOf(body.prompt),
          alternatives: nProbs,
        });
        return {
          answer: nativeAnswer(said, { nProbs, postSampling: body.post_sampling_probs === true }),
          stream: wantsStream(body),
          framing: "sse",
        };
      },
    },
    {
      method: "GET",
      path: /^\/v1\/models$/,
      reply: ({ model }) => ({
        json: {
          models: [{ name: model.identity.name, model: model.identity.name, type: "model" }],
          object: "list",
          data: [
            {
              id: model.identity.name,
              object: "model",
              created: CREATED,
              owned_by: "llamacpp",
              meta: { vocab_type: 2, n_vocab: model.vocabulary.size, n_ctx_train: 8192, n_params: 134515008 },
            },
          ],
        },
      }),
    },
    {
      method: "GET",
      path: /^\/props$/,
      reply: ({ model }) => ({
        json: {
          default_generation_settings: { params: { temperature: 0.8 } },
          total_slots: 1,
          model_path: model.identity.name,
          build_info: "b1-de3ff81",
        },
      }),
    },
    { method: "GET", path: /^\/health$/, reply: () => ({ json: { status: "ok" } }) },
    {
      method: "POST",
      path: /^\/tokenize$/,
      async reply({ model, body }) {
        const { ids } = await model.tokenize(String(body.content), {
          addSpecial: body.add_special === true,
          parseSpecial: body.parse_special !== false,
        });
        if (body.with_pieces !== true) return { json: { tokens: Array.from(ids) } };
        const tokens = [];
        for (const id of ids) {
          const bytes = await model.detokenize([id]);
          const whole = wholeCharacters(bytes) === bytes.length && !lossy(bytes).includes("\ufffd");
          tokens.push({ id, piece: whole ? lossy(bytes) : Array.from(bytes) });
        }
        return { json: { tokens } };
      },
    },
    {
      method: "POST",
      path: /^\/detokenize$/,
      async reply({ model, body }) {
        return { json: { content: lossy(await model.detokenize(body.tokens as number[])) } };
      },
    },
  ],
};

export const llamaCppPython: Dialect = {
  base: "/v1",
  error: openaiError,
  routes: [
    chatRoute(/^\/v1\/chat\/completions$/, {
      most: 100_000,
      style: () => ({
        id: "chatcmpl-70d9f879-a716-4f7e-9765-0aaf2f75ace1",
        created: CREATED,
        spelling: "decoded",
        bytes: "null",
        refusal: true,
        emptyLogprobs: null,
        role: "with the first token",
        finish: "own chunk",
        usage: "never",
      }),
    }),
    shiftedCompletions(),
    modelsRoute(/^\/v1\/models$/, (id) => ({ id, object: "model", owned_by: "me", permissions: [] })),
    {
      method: "POST",
      path: /^\/extras\/tokenize$/,
      async reply({ model, body }) {
        const { ids } = await model.tokenize(String(body.input), { addSpecial: true, parseSpecial: true });
        return { json: { tokens: Array.from(ids) } };
      },
    },
    {
      method: "POST",
      path: /^\/extras\/detokenize$/,
      async reply({ model, body }) {
        return { json: { text: lossy(await model.detokenize(body.tokens as number[])) } };
      },
    },
  ],
};

/** Echoes every number one token late, always. */
function shiftedCompletions() {
  const route = completionsRoute(/^\/v1\/completions$/, {
    most: 100_000,
    style: () => ({
      id: "cmpl-dfb6b793-1710-4f6c-aaff-f5d83bb4ae83",
      created: CREATED,
      spelling: "decoded",
      finish: "own chunk",
      usageChunk: false,
      own: "last",
    }),
  });
  return {
    ...route,
    reply: (call: Parameters<typeof route.reply>[0]) => {
      if (typeof call.body.prompt !== "string")
        throw new Refusal(422, openaiError(422, "Input should be a valid string", "prompt"));
      return route.reply({ ...call, misbehave: { shiftedEcho: true, ...call.misbehave } });
    },
  };
}
