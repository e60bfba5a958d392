/** OpenAI itself, and the services that speak nearly the same: Azure, DeepSeek, OpenRouter, xAI, LM Studio. */
import type { WireEvent } from "../answer.ts";
import { type ChatStyle, chatAnswer } from "../formats/chat.ts";
import { type CompletionsStyle, completionsAnswer } from "../formats/completions.ts";
import { type ResponsesStyle, responsesAnswer } from "../formats/responses.ts";
import { type Json, number, Refusal } from "../pick.ts";
import {
  type Call,
  commonWish,
  type Dialect,
  messagesOf,
  openaiError,
  promptOf,
  type Reply,
  type Route,
  say,
  shifted,
  wantsStream,
  wantsUsage,
  within,
} from "./dialect.ts";
import { withSamples } from "./samples.ts";

const CREATED = 1795514236;

interface ChatSettings {
  style: (body: Json) => ChatStyle;
  /** Most alternatives. */
  most: number;
  error?: Dialect["error"];
}

/** The route of a chat. */
export function chatRoute(path: RegExp, { style, most, error = openaiError }: ChatSettings): Route {
  return {
    method: "POST",
    path,
    async reply(call): Promise<Reply> {
      const { body, misbehave } = call;
      const top = number(body.top_logprobs) ?? 0;
      within(error, "top_logprobs", top, 0, most);
      if (top > 0 && body.logprobs !== true)
        throw new Refusal(400, error(400, "top_logprobs needs logprobs to be true", "top_logprobs"));
      refuseLogprobs(call, body.logprobs === true, error);
      const { refusesField: field } = misbehave;
      if (field !== undefined && field in body) {
        const message = `Unsupported parameter: '${field}' is not supported with this model.`;
        throw new Refusal(400, error(400, message, field));
      }
      const said = await say(call, { ...commonWish(body), prompt: messagesOf(body), alternatives: top });
      const chosen = style(body);
      return {
        answer: chatAnswer(said, misbehave.mergedCharacters ? { ...chosen, merges: true } : chosen, {
          logprobs: body.logprobs === true,
          topLogprobs: top,
          includeUsage: wantsUsage(body),
        }),
        stream: wantsStream(body),
        framing: "sse",
      };
    },
  };
}

export function refuseLogprobs({ misbehave }: Call, asked: boolean, error: Dialect["error"]): void {
  if (asked && misbehave.refuseLogprobs !== undefined)
    throw new Refusal(400, error(400, misbehave.refuseLogprobs, "logprobs"));
}

interface CompletionsSettings {
  style: (body: Json) => CompletionsStyle;
  most: number;
  error?: Dialect["error"];
}

export function completionsRoute(
  path: RegExp,
  { style, most, error = openaiError }: CompletionsSettings,
): Route {
  return {
    method: "POST",
    path,
    async reply(call): Promise<Reply> {
      const { body, misbehave, model } = call;
      const asked = number(body.logprobs) ?? null;
      within(error, "logprobs", asked ?? 0, 0, most);
      refuseLogprobs(call, asked !== null, error);
      const echo = body.echo === true && !misbehave.ignoredEcho;
      const wish = commonWish(body);
      const prompt = promptOf(body.prompt);
      const templated = misbehave.templateOnCompletions && typeof prompt === "string";
      const said = await say(call, {
        ...wish,
        prompt: templated ? [{ role: "user", content: prompt }] : prompt,
        alternatives: asked ?? 0,
        scorePrompt: echo && asked !== null,
        addSpecial: body.add_special_tokens !== false,
      });
      const late = echo && misbehave.shiftedEcho;
      const whole = late ? await shifted(model, [...said.prompt, ...said.tokens], asked ?? 0) : [];
      const answered = late
        ? { ...said, prompt: whole.slice(0, said.prompt.length), tokens: whole.slice(said.prompt.length) }
        : said;
      return {
        answer: completionsAnswer(answered, style(body), {
          logprobs: echo && misbehave.emptyEcho ? null : asked,
          echo,
          includeUsage: wantsUsage(body),
          onlyEcho: echo && wish.maxTokens === 0,
        }),
        stream: wantsStream(body),
        framing: "sse",
      };
    },
  };
}

export function responsesRoute(path: RegExp, style: ResponsesStyle): Route {
  return {
    method: "POST",
    path,
    async reply(call): Promise<Reply> {
      const { body } = call;
      const logprobs = Array.isArray(body.include) && body.include.includes("message.output_text.logprobs");
      const top = number(body.top_logprobs) ?? 0;
      within(openaiError, "top_logprobs", top, 0, 20);
      refuseLogprobs(call, logprobs, openaiError);
      const prompt =
        typeof body.input === "string"
          ? [{ role: "user", content: body.input }]
          : messagesOf({ messages: body.input });
      const said = await say(call, {
        ...commonWish({ ...body, max_tokens: body.max_output_tokens }),
        prompt,
        alternatives: logprobs ? top : 0,
      });
      return {
        answer: responsesAnswer(said, style, { logprobs, topLogprobs: top }),
        stream: wantsStream(body),
        framing: "sse",
      };
    },
  };
}

/** `GET .../models`. */
export function modelsRoute(path: RegExp, describe: (id: string) => Json): Route {
  return {
    method: "GET",
    path,
    reply: ({ model }) => ({ json: { object: "list", data: [describe(model.identity.name)] } }),
  };
}

const openaiChat = (body: Json = {}): ChatStyle => ({
  id: "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
  created: CREATED,
  spelling: "escaped",
  bytes: "exact",
  refusal: true,
  emptyLogprobs: null,
  role: { content: "" },
  finish: "own chunk",
  usage: "own chunk",
  chunk: {
    service_tier: "default",
    system_fingerprint: "fp_44709d6fcb",
    obfuscation: "r4N7vQ2m",
    ...(wantsUsage(body) && { usage: null }),
  },
  body: { service_tier: "default", system_fingerprint: "fp_44709d6fcb" },
  usageDetails: {
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, accepted_prediction_tokens: 0 },
  },
});

const openaiCompletions = (): CompletionsStyle => ({
  id: "cmpl-uqkvlQyYK7bGYrRHQ0eXlWi7",
  created: CREATED,
  spelling: "decoded",
  finish: "own chunk",
  usageChunk: true,
  own: "last",
});

export const openai: Dialect = {
  base: "/v1",
  error: openaiError,
  routes: withSamples([
    chatRoute(/^\/v1\/chat\/completions$/, { style: openaiChat, most: 20 }),
    completionsRoute(/^\/v1\/completions$/, { style: openaiCompletions, most: 5 }),
    responsesRoute(/^\/v1\/responses$/, {
      id: "resp_67ccd3a9da748190baa7f1570fe91ac604becb25c45c1d41",
      item: "msg_67ccd3acc8d48190a77525dc6de64b4104becb25c45c1d41",
      created: CREATED,
      spelling: "escaped",
    }),
    modelsRoute(/^\/v1\/models$/, (id) => ({ id, object: "model", created: CREATED, owned_by: "system" })),
  ]),
};

const filtered = Object.fromEntries(
  ["hate", "self_harm", "sexual", "violence"].map((kind) => [kind, { filtered: false, severity: "safe" }]),
);
const filteredPrompt = { prompt_filter_results: [{ prompt_index: 0, content_filter_results: filtered }] };
const filterEvent: WireEvent = {
  data: { choices: [], created: 0, id: "", model: "", object: "", ...filteredPrompt },
};

export const azure: Dialect = {
  base: "/openai/deployments/table",
  keyHeader: "api-key",
  error: (status, message) => ({ error: { code: String(status), message } }),
  routes: withSamples([
    chatRoute(/^\/openai\/deployments\/[^/]+\/chat\/completions$|^\/openai\/v1\/chat\/completions$/, {
      most: 20,
      style: () => ({
        ...openaiChat(),
        before: [filterEvent],
        choice: (finish) => ({ content_filter_results: finish === null ? filtered : {} }),
        chunk: { system_fingerprint: null },
        body: { ...filteredPrompt, system_fingerprint: null },
      }),
    }),
  ]),
};

export const deepseek: Dialect = {
  base: "",
  error: openaiError,
  routes: [
    chatRoute(/^(?:\/v1)?\/chat\/completions$/, {
      most: 20,
      style: () => ({
        id: "26cd6d62-9cf3-4e11-bff3-0b7bee0b2d76",
        created: CREATED,
        spelling: "decoded",
        bytes: "exact",
        emptyLogprobs: null,
        role: { content: "" },
        finish: "own chunk, empty content",
        usage: "finish",
        usageAlways: true,
        chunk: { system_fingerprint: "a26a7955944dc5c60445bff77fac9c8e", usage: null },
        body: { system_fingerprint: "a26a7955944dc5c60445bff77fac9c8e" },
        usageDetails: {
          prompt_tokens_details: { cached_tokens: 0 },
          prompt_cache_hit_tokens: 0,
          prompt_cache_miss_tokens: 0,
        },
      }),
    }),
    modelsRoute(/^(?:\/v1)?\/models$/, (id) => ({ id, object: "model", owned_by: "deepseek" })),
  ],
};

const PROCESSING: WireEvent = { comment: "OPENROUTER PROCESSING" };

export const openrouter: Dialect = {
  base: "/api/v1",
  error: (status, message) => ({ error: { code: status, message } }),
  errorEvent: {
    id: "gen-1759420128-LjBsuYJf6lKeyy66nQs9",
    object: "chat.completion.chunk",
    created: CREATED,
    error: { code: 502, message: "Provider disconnected" },
    choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
  },
  routes: [
    chatRoute(/^\/api\/v1\/chat\/completions$/, {
      most: 20,
      style: () => ({
        id: "gen-1759420128-LjBsuYJf6lKeyy66nQs9",
        created: CREATED,
        spelling: "escaped",
        bytes: "exact",
        refusal: true,
        emptyLogprobs: null,
        role: { content: "" },
        finish: "own chunk, empty content",
        usage: "repeated choice",
        usageAlways: true,
        before: [PROCESSING, PROCESSING],
        chunk: { provider: "DeepInfra" },
        body: { provider: "DeepInfra" },
        choice: (finish) => ({ native_finish_reason: finish }),
        usageDetails: { cost: 0, completion_tokens_details: { reasoning_tokens: 0 } },
      }),
    }),
    modelsRoute(/^\/api\/v1\/models$/, (id) => ({ id, name: id, context_length: 4096 })),
  ],
};

export const xai: Dialect = {
  base: "/v1",
  error: openaiError,
  routes: withSamples([
    chatRoute(/^\/v1\/chat\/completions$/, {
      most: 8,
      style: () => ({
        id: "7327b9f5-1c2f-0a15-3fef-c14a71c460d3",
        created: CREATED,
        spelling: "decoded",
        bytes: "exact",
        role: "with the first token",
        finish: "own chunk",
        usage: "own chunk",
        usageAlways: true,
        omitsNullFinish: true,
        chunk: { system_fingerprint: "fp_2a885414fb" },
        body: { system_fingerprint: "fp_2a885414fb" },
        usageDetails: {
          completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
          num_sources_used: 0,
        },
      }),
    }),
    modelsRoute(/^\/v1\/models$/, (id) => ({ id, created: CREATED, object: "model", owned_by: "xai" })),
  ]),
};

export const lmstudio: Dialect = {
  base: "/v1",
  error: openaiError,
  routes: [
    chatRoute(/^\/v1\/chat\/completions$/, {
      most: 20,
      style: () => ({
        id: "chatcmpl-wwpstqqu94go4hvclqnpwn",
        created: CREATED,
        spelling: "decoded",
        bytes: "exact",
        mute: true,
        emptyLogprobs: null,
        role: "with the first token",
        finish: "own chunk",
        usage: "own chunk",
        chunk: { system_fingerprint: "table" },
        body: { system_fingerprint: "table" },
      }),
    }),
    responsesRoute(/^\/v1\/responses$/, {
      id: "resp_1642103a2237e5abcec7fd2e0a6f580fcd096f6c3f542383",
      item: "msg_b9rzqyamegdp09s936dvh",
      created: CREATED,
      spelling: "decoded",
      mute: true,
    }),
    modelsRoute(/^\/v1\/models$/, (id) => ({ id, object: "model", owned_by: "organization_owner" })),
    {
      method: "GET",
      path: /^\/api\/v0\/models$/,
      reply: ({ model }) => ({
        json: {
          object: "list",
          data: [{ id: model.identity.name, object: "model", type: "llm", arch: "table", state: "loaded" }],
        },
      }),
    },
  ],
};
