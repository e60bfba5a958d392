/** From a prompt and options to a request in a server's dialect, and to the reader of its answer. */
import { SurprisalError } from "../../core/index.ts";
import { isChat } from "../generation.ts";
import type { ChatMessage, GenerateOptions, Prompt } from "../language-model.ts";
import type { WireReader } from "../remote/index.ts";
import type { Dialect, Fields } from "./dialects.ts";
import type { ReaderOptions } from "./readers/index.ts";
import {
  chatReader,
  completionsReader,
  llamaServerReader,
  responsesReader,
  sglangReader,
  tgiReader,
} from "./readers/index.ts";

/** "numbers": log-probabilities and alternatives; "chosen": only of the tokens written; "none": no log-probabilities. */
export type Wanted = "numbers" | "chosen" | "none";

export interface WireRequest {
  path: string;
  body: Fields;
  reader(options: ReaderOptions): WireReader;
}

export interface RequestSettings {
  dialect: Dialect;
  model: string;
  /** The API for chats. */
  api: "chat" | "responses";
  stream: boolean;
  wanted: Wanted;
}

/**
 * @throws SurprisalError UNSUPPORTED_CAPABILITY for a prompt or an option that the server does not take; it would
 *   otherwise ignore it.
 */
export function wireRequest(
  prompt: Prompt,
  options: GenerateOptions,
  settings: RequestSettings,
): WireRequest {
  const { dialect } = settings;
  if (isChat(prompt))
    return settings.api === "responses"
      ? responsesRequest(prompt, options, settings)
      : chatRequest(prompt, options, settings);
  if (dialect.text === null)
    throw unsupported(dialect, "takes chats only", "Give the prompt as [{ role, content }].");
  if (typeof prompt !== "string" && !dialect.takesIds)
    throw unsupported(dialect, "takes texts, not token ids", "Give the prompt as text.");
  const written = typeof prompt === "string" ? prompt : Array.from(prompt as ArrayLike<number>);
  return TEXT_REQUESTS[dialect.text](written, options, settings);
}

function chatRequest(
  messages: readonly ChatMessage[],
  options: GenerateOptions,
  settings: RequestSettings,
): WireRequest {
  const { dialect, model, stream, wanted } = settings;
  const { alternatives = 0, maxTokens = 256 } = options;
  // llama-server gives 20 alternatives when it is not told how many, and with 0 no numbers at all.
  const least = dialect.name === "llama-server" ? 1 : 0;
  const top = Math.max(least, alternatives);
  return {
    path: "chat/completions",
    reader: chatReader,
    body: {
      model,
      messages,
      [dialect.maxTokens]: maxTokens,
      ...sampling(options, dialect),
      ...streaming(stream),
      ...(wanted !== "none" && {
        logprobs: true,
        ...(wanted === "numbers" && top > 0 && { top_logprobs: top }),
        ...dialect.more,
      }),
    },
  };
}

function responsesRequest(
  messages: readonly ChatMessage[],
  options: GenerateOptions,
  { dialect, model, stream, wanted }: RequestSettings,
): WireRequest {
  const { alternatives = 0, maxTokens = 256, seed, ...rest } = options;
  if (seed !== undefined)
    throw unsupported(dialect, "takes no seed in its Responses API", "Leave the seed out.");
  return {
    path: "responses",
    reader: responsesReader,
    body: {
      model,
      input: messages,
      max_output_tokens: maxTokens,
      store: false,
      ...sampling(rest, { ...dialect, takesSeed: false }),
      ...(stream && { stream }),
      ...(wanted !== "none" && { include: ["message.output_text.logprobs"] }),
      ...(wanted === "numbers" && alternatives > 0 && { top_logprobs: alternatives }),
    },
  };
}

type TextRequest = (
  prompt: string | number[],
  options: GenerateOptions,
  settings: RequestSettings,
) => WireRequest;

const TEXT_REQUESTS: Record<NonNullable<Dialect["text"]>, TextRequest> = {
  completions: (prompt, options, { dialect, model, stream, wanted }) => ({
    path: "completions",
    reader: completionsReader,
    body: {
      model,
      prompt,
      max_tokens: options.maxTokens ?? 256,
      ...sampling(options, dialect),
      ...streaming(stream),
      // llama-cpp-python takes 0 for "no numbers".
      ...(wanted !== "none" && {
        logprobs: Math.max(1, wanted === "numbers" ? (options.alternatives ?? 0) : 0),
        ...dialect.more,
      }),
    },
  }),
  "llama-server": (prompt, options, { dialect, model, stream, wanted }) => ({
    path: "/completion",
    reader: llamaServerReader,
    body: {
      model, // for a router
      prompt,
      n_predict: options.maxTokens ?? 256,
      ...sampling(options, dialect),
      stream,
      ...(wanted !== "none" && {
        n_probs: Math.max(1, wanted === "numbers" ? (options.alternatives ?? 0) : 0),
      }),
    },
  }),
  sglang: (prompt, options, { dialect, stream, wanted }) => {
    const { seed, ...sampled } = sampling(options, dialect);
    return {
      path: "/generate",
      reader: sglangReader,
      body: {
        ...(typeof prompt === "string" ? { text: prompt } : { input_ids: prompt }),
        sampling_params: {
          max_new_tokens: options.maxTokens ?? 256,
          ...sampled,
          sampling_seed: seed,
        },
        stream,
        ...(wanted !== "none" && {
          return_logprob: true,
          return_text_in_logprobs: true,
          top_logprobs_num: wanted === "numbers" ? (options.alternatives ?? 0) : 0,
        }),
      },
    };
  },
  tgi: (prompt, options, { dialect, stream, wanted }) => {
    const { temperature, top_p, ...rest } = sampling(options, dialect);
    const sampled = options.temperature ? { do_sample: true, temperature, ...rest } : { do_sample: false };
    return {
      path: stream ? "/generate_stream" : "/generate",
      reader: tgiReader,
      body: {
        inputs: prompt,
        parameters: {
          max_new_tokens: options.maxTokens ?? 256,
          ...sampled,
          ...(options.temperature && Number(top_p) < 1 && { top_p }), // 1 itself is out of its range
          details: true,
          ...(wanted === "numbers" && options.alternatives && { top_n_tokens: options.alternatives }),
        },
      },
    };
  },
};

/** How the next token is chosen: as GenerateOptions says, and nothing else. */
function sampling(options: GenerateOptions, dialect: Dialect): Fields {
  const { temperature = 0, topK = 0, topP = 1, seed } = options;
  if (topK > 0 && !dialect.takesTopK)
    throw unsupported(dialect, "takes no topK", "Leave topK out, or use topP.");
  if (seed !== undefined && !dialect.takesSeed)
    throw unsupported(dialect, "takes no seed", "Leave the seed out.");
  const draws = temperature > 0;
  return {
    temperature,
    top_p: topP,
    ...dialect.plain,
    ...(topK > 0 && { top_k: topK }),
    ...(draws && dialect.takesSeed && { seed: seed ?? 0 }),
  };
}

function streaming(stream: boolean): Fields {
  return stream ? { stream, stream_options: { include_usage: true } } : {};
}

function unsupported(dialect: Dialect, what: string, wayOut: string): SurprisalError {
  return new SurprisalError({ code: "UNSUPPORTED_CAPABILITY", what: `${dialect.title} ${what}`, wayOut });
}
