/** From a prompt and options to a request in a server's dialect, and to the reader of its answer. */
import { SurprisalError } from "../../core/index.ts";
import { askedFor } from "../asked-options.ts";
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
  const responses = isChat(prompt) && settings.api === "responses";
  const taken = optionsTaken(dialect, isChat(prompt), responses);
  for (const name of askedFor(options))
    if (!taken.includes(name))
      throw unsupported(
        dialect,
        `takes no ${name}`,
        "Leave it out, or use a model in process (a GGUF file).",
      );
  if (isChat(prompt))
    return responses ? responsesRequest(prompt, options, settings) : chatRequest(prompt, options, settings);
  if (dialect.text === null)
    throw unsupported(dialect, "takes chats only", "Give the prompt as [{ role, content }].");
  if (typeof prompt !== "string" && !dialect.takesIds)
    throw unsupported(dialect, "takes texts, not token ids", "Give the prompt as text.");
  const written = typeof prompt === "string" ? prompt : Array.from(prompt as ArrayLike<number>);
  return TEXT_REQUESTS[dialect.text](written, options, settings);
}

/**
 * What a server has of the options in `askedFor`. Penalties are llama.cpp's, over prompt and answer: fields of the same name
 * elsewhere mean something else.
 */
function optionsTaken(dialect: Dialect, chat: boolean, responses: boolean): (keyof GenerateOptions)[] {
  if (responses) return ["stop"]; // it has none: they are looked for here, and end the request
  return [
    "stop",
    ...("min_p" in dialect.plain ? (["minP"] as const) : []),
    ...(dialect.name === "llama-server"
      ? (["repeatPenalty", "frequencyPenalty", "presencePenalty"] as const)
      : []),
    ...(!chat || CONTINUING.includes(dialect.name) ? (["prefill"] as const) : []),
  ];
}

/** Servers that write on from the assistant's message when they are told so: vLLM's `continue_final_message`, as others took it. */
const CONTINUING: readonly Dialect["name"][] = ["vllm", "sglang", "llama-server"];

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
  const { prefill = "" } = options;
  return {
    path: "chat/completions",
    reader: chatReader,
    body: {
      model,
      messages: prefill === "" ? messages : [...messages, { role: "assistant", content: prefill }],
      ...(prefill !== "" && { continue_final_message: true, add_generation_prompt: false }),
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
  const { alternatives = 0, maxTokens = 256, seed, stop: _, ...rest } = options;
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
    const { temperature, top_p, stop, ...rest } = sampling(options, dialect);
    const sampled = options.temperature ? { do_sample: true, temperature, ...rest } : { do_sample: false };
    return {
      path: stream ? "/generate_stream" : "/generate",
      reader: tgiReader,
      body: {
        inputs: prompt,
        parameters: {
          max_new_tokens: options.maxTokens ?? 256,
          ...sampled,
          ...(stop !== undefined && { stop }),
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
  const { temperature = 0, topK = 0, topP = 1, minP = 0, stop = [], seed } = options;
  const { repeatPenalty = 1, repeatLastN, frequencyPenalty = 0, presencePenalty = 0 } = options;
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
    ...(minP > 0 && { min_p: minP }),
    ...(repeatPenalty !== 1 && { repeat_penalty: repeatPenalty }),
    ...(frequencyPenalty !== 0 && { frequency_penalty: frequencyPenalty }),
    ...(presencePenalty !== 0 && { presence_penalty: presencePenalty }),
    ...(dialect.name === "llama-server" && repeatLastN !== undefined && { repeat_last_n: repeatLastN }),
    ...(stop.length > 0 && { stop: stop.slice(0, dialect.mostStops) }),
    ...(draws && dialect.takesSeed && { seed: seed ?? 0 }),
  };
}

function streaming(stream: boolean): Fields {
  return stream ? { stream, stream_options: { include_usage: true } } : {};
}

function unsupported(dialect: Dialect, what: string, wayOut: string): SurprisalError {
  return new SurprisalError({ code: "UNSUPPORTED_CAPABILITY", what: `${dialect.title} ${what}`, wayOut });
}
