/** What a fake server needs to know to speak like a certain real one. */
import type { ChatMessage, LanguageModel, TextOrIds } from "../../../src/models/index.ts";
import type { Framing, WireAnswer } from "../answer.ts";
import type { Misbehaviour } from "../misbehaviour.ts";
import { type Json, number, object, Refusal, text } from "../pick.ts";
import { type SpokenToken, speak, type Utterance, type Wish } from "../utterance.ts";

export interface Call {
  model: LanguageModel;
  body: Json;
  /** Named groups of the route's path. */
  path: Readonly<Record<string, string>>;
  misbehave: Misbehaviour;
  signal: AbortSignal;
}

/** Either JSON, or an answer that can be streamed. */
export type Reply =
  | { json: unknown; status?: number }
  | { answer: WireAnswer; stream: boolean; framing: Framing };

export interface Route {
  method: "GET" | "POST";
  /** Whole path, without the query. */
  path: RegExp;
  reply(call: Call): Promise<Reply> | Reply;
}

export interface Dialect {
  /** Where the API begins, "/v1" for example: the fake server's `url` ends with it. */
  base: string;
  routes: readonly Route[];
  /** An error as this server writes it. */
  error(status: number, message: string, parameter?: string): Json;
  /** An error in the middle of a stream. Default: as `error`. */
  errorEvent?: Json;
  /** Headers of every answer. */
  headers?: Readonly<Record<string, string>>;
  /** Name of the header with the key. Default "authorization". */
  keyHeader?: string;
}

/** A request that no server could read. */
export class Malformed extends Error {}

/** Fields that requests of most servers have in common. */
export function commonWish(body: Json): Omit<Wish, "prompt"> {
  return {
    maxTokens: number(body.max_completion_tokens) ?? number(body.max_tokens) ?? 16,
    // Every server samples unless told otherwise.
    temperature: number(body.temperature) ?? 1,
    topK: Math.max(0, number(body.top_k) ?? 0),
    topP: number(body.top_p) ?? 1,
    seed: number(body.seed) ?? 12345,
  };
}

export function messagesOf(body: Json): ChatMessage[] {
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0) throw new Malformed("messages");
  return messages.map((message) => ({
    role: text(object(message).role) ?? "",
    content: text(object(message).content) ?? "",
  }));
}

/** A text or token ids. */
export function promptOf(prompt: unknown): TextOrIds {
  if (typeof prompt === "string") return prompt;
  if (Array.isArray(prompt) && prompt.every((id) => typeof id === "number")) return prompt;
  throw new Malformed("prompt");
}

export function wantsStream(body: Json): boolean {
  return body.stream === true;
}

export function wantsUsage(body: Json): boolean {
  return object(body.stream_options).include_usage === true;
}

export function say(call: Call, wish: Wish): Promise<Utterance> {
  return speak(call.model, wish, call.signal);
}

/** Refuses what is out of range, as the dialect words it. */
export function within(
  dialectError: Dialect["error"],
  name: string,
  value: number,
  least: number,
  most: number,
): void {
  if (value < least || value > most)
    throw new Refusal(
      400,
      dialectError(400, `${name} must be between ${least} and ${most}, got ${value}`, name),
    );
}

/**
 * llama-cpp-python's echo: the number of each token is read one row too late, where the token itself has been run
 * already (shared/golden/README.md).
 */
export async function shifted(
  model: LanguageModel,
  tokens: readonly SpokenToken[],
  alternatives: number,
): Promise<SpokenToken[]> {
  const ids = tokens.map(({ id }) => id);
  const result: SpokenToken[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.logprob === null) {
      result.push(token);
      continue;
    }
    const request = { context: ids.slice(0, i + 1), continuation: [token.id] };
    for await (const { tokens: table } of model.score([request], { alternatives }))
      result.push({
        ...token,
        logprob: table.logprobs[0]!,
        rank: table.ranks[0]!,
        alternatives: await Promise.all(
          Array.from({ length: alternatives }, async (_, place) => ({
            id: table.alternatives!.ids[place]!,
            bytes: await model.detokenize([table.alternatives!.ids[place]!]),
            logprob: table.alternatives!.logprobs[place]!,
          })),
        ),
      });
  }
  return result;
}

/** `{"error": {...}}` as OpenAI writes it. */
export function openaiError(status: number, message: string, parameter?: string): Json {
  return {
    error: {
      message,
      type:
        status === 401 ? "authentication_error" : status >= 500 ? "server_error" : "invalid_request_error",
      param: parameter ?? null,
      code: null,
    },
  };
}
