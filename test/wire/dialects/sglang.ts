/** SGLang: its own `/generate`, and OpenAI-compatible routes. */
import type { ChatStyle } from "../formats/chat.ts";
import { sglangAnswer } from "../formats/sglang.ts";
import { type Json, number, object } from "../pick.ts";
import { lossy } from "../utterance.ts";
import { type Dialect, promptOf, say, shifted, wantsStream } from "./dialect.ts";
import { chatRoute, completionsRoute, modelsRoute, refuseLogprobs } from "./openai.ts";

const CREATED = 1795514236;
const openaiRouteError = (status: number, message: string): Json => ({
  object: "error",
  message,
  type: "BadRequestError",
  param: null,
  code: status,
});

const chatStyle = (): ChatStyle => ({
  id: "b3f0b6d2c7e14f0f9a3c1d2e3f4a5b6c",
  created: CREATED,
  spelling: "decoded",
  bytes: "text",
  endOfText: "always",
  countsEndOfText: true,
  emptyLogprobs: null,
  role: { content: "" },
  finish: "own chunk",
  usage: "own chunk",
  choice: (finish) => ({ matched_stop: finish === "stop" ? 257 : null }),
});

export const sglang: Dialect = {
  base: "/v1",
  error: (_status, message) => ({ error: { message } }),
  routes: [
    {
      method: "POST",
      path: /^\/generate$/,
      async reply(call) {
        const { body, misbehave, model } = call;
        const sampling = object(body.sampling_params);
        const returnLogprob = body.return_logprob === true;
        refuseLogprobs(call, returnLogprob, (_status, message) => ({ error: { message } }));
        const top = number(body.top_logprobs_num) ?? 0;
        const start = number(body.logprob_start_len) ?? -1;
        const asked = returnLogprob && start >= 0 && !misbehave.ignoredEcho ? start : -1;
        const said = await say(call, {
          prompt: promptOf(body.text ?? body.input_ids),
          maxTokens: number(sampling.max_new_tokens) ?? 128,
          temperature: number(sampling.temperature) ?? 1,
          topK: Math.max(0, number(sampling.top_k) ?? 0),
          topP: number(sampling.top_p) ?? 1,
          seed: number(sampling.sampling_seed) ?? 12345,
          alternatives: top,
          scorePrompt: asked >= 0,
        });
        const prompt = misbehave.shiftedEcho ? await shifted(model, said.prompt, top) : said.prompt;
        return {
          answer: sglangAnswer(
            { ...said, prompt },
            { id: "b3f0b6d2c7e14f0f9a3c1d2e3f4a5b6c" },
            {
              returnLogprob,
              startLength: asked,
              topLogprobs: top,
              textInLogprobs: body.return_text_in_logprobs === true,
            },
          ),
          stream: wantsStream(body),
          framing: "sse",
        };
      },
    },
    chatRoute(/^\/v1\/chat\/completions$/, { style: chatStyle, most: 1000, error: openaiRouteError }),
    completionsRoute(/^\/v1\/completions$/, {
      most: 1000,
      error: openaiRouteError,
      style: () => ({
        id: "b3f0b6d2c7e14f0f9a3c1d2e3f4a5b6c",
        created: CREATED,
        spelling: "decoded",
        endOfText: true,
        countsEndOfText: true,
        finish: "last token",
        usageChunk: true,
        noOffsets: true,
        own: "none",
        choice: (finish) => ({ matched_stop: finish === "stop" ? 257 : null }),
      }),
    }),
    modelsRoute(/^\/v1\/models$/, (id) => ({
      id,
      object: "model",
      created: CREATED,
      owned_by: "sglang",
      root: id,
      max_model_len: 4096,
    })),
    {
      method: "GET",
      path: /^\/(?:get_)?model_info$/,
      reply: ({ model }) => ({
        json: {
          model_path: model.identity.name,
          tokenizer_path: model.identity.name,
          is_generation: true,
          preferred_sampling_params: null,
          weight_version: "default",
        },
      }),
    },
    {
      method: "GET",
      path: /^\/(?:get_)?server_info$/,
      reply: ({ model }) => ({
        json: { model_path: model.identity.name, version: "0.5.3", internal_states: [] },
      }),
    },
    {
      method: "POST",
      path: /^\/v1\/tokenize$|^\/tokenize$/,
      async reply({ model, body }) {
        const { ids } = await model.tokenize(String(body.prompt), {
          addSpecial: body.add_special_tokens !== false,
          parseSpecial: true,
        });
        return { json: { tokens: Array.from(ids), count: ids.length, max_model_len: 4096 } };
      },
    },
    {
      method: "POST",
      path: /^\/v1\/detokenize$|^\/detokenize$/,
      async reply({ model, body }) {
        const { bos, eos } = model.vocabulary;
        const skips = body.skip_special_tokens !== false;
        const textOf = async (ids: number[]) =>
          lossy(await model.detokenize(ids.filter((id) => !skips || (id !== bos && id !== eos))));
        const tokens = body.tokens as number[] | number[][];
        const lists = tokens as number[][];
        const json = Array.isArray(tokens[0])
          ? { text: await Promise.all(lists.map(textOf)) }
          : { text: await textOf(tokens as number[]) };
        return { json };
      },
    },
  ],
};
