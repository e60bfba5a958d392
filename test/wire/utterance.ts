/** What a model said, before a wire format takes some of it away. */
import type { Alternative } from "../../src/core/index.ts";
import { isChat } from "../../src/models/generation.ts";
import type { ChatMessage, LanguageModel, TextOrIds } from "../../src/models/index.ts";

/** A token as the model knows it. */
export interface SpokenToken {
  id: number;
  bytes: Uint8Array;
  /** ln p, nats; `null` for the first token of a prompt. */
  logprob: number | null;
  /** 1 = the model's first choice. */
  rank: number;
  /** Best first. */
  alternatives: readonly SpokenAlternative[];
}

export interface SpokenAlternative {
  id: number;
  bytes: Uint8Array;
  logprob: number;
}

/** A prompt and what the model wrote after it. */
export interface Utterance {
  /** Name of the model, as the server calls it. */
  model: string;
  promptText: string;
  prompt: readonly SpokenToken[];
  /** Without the end-of-text token. */
  tokens: readonly SpokenToken[];
  /** The end-of-text token, when the model stopped by itself. */
  endOfText: SpokenToken | null;
  finish: "stop" | "length";
}

/** What a request asks of the model, whatever its format. */
export interface Wish {
  prompt: TextOrIds | readonly ChatMessage[];
  maxTokens: number;
  temperature?: number | undefined;
  topK?: number | undefined;
  topP?: number | undefined;
  seed?: number | undefined;
  /** Alternatives per token. */
  alternatives?: number | undefined;
  /** Score the prompt too. */
  scorePrompt?: boolean | undefined;
  /** Put BOS in front of a text. Default true. */
  addSpecial?: boolean | undefined;
}

/** Lets `model` say it. */
export async function speak(model: LanguageModel, wish: Wish, signal?: AbortSignal): Promise<Utterance> {
  const { alternatives = 0 } = wish;
  const promptText =
    typeof wish.prompt === "string" ? wish.prompt : isChat(wish.prompt) ? chatText(wish.prompt) : "";
  const ids =
    typeof wish.prompt === "string" || isChat(wish.prompt)
      ? Array.from(
          (await model.tokenize(promptText, { addSpecial: wish.addSpecial ?? true, parseSpecial: true })).ids,
        )
      : Array.from(wish.prompt as ArrayLike<number>);
  const tokens: SpokenToken[] = [];
  const writing = model.generate(ids, {
    maxTokens: wish.maxTokens,
    alternatives,
    ...(wish.temperature !== undefined && { temperature: wish.temperature }),
    ...(wish.topK !== undefined && { topK: wish.topK }),
    ...(wish.topP !== undefined && { topP: wish.topP }),
    ...(wish.seed !== undefined && { seed: wish.seed }),
    ...(signal && { signal }),
  });
  // A record has `bytes` where its text does not say them.
  const bytesOf = (record: Alternative) => record.bytes ?? new TextEncoder().encode(record.text);
  for await (const record of writing)
    tokens.push({
      id: record.id!,
      bytes: bytesOf(record),
      logprob: record.logprob,
      rank: record.rank ?? 0,
      alternatives: (record.alternatives ?? []).map((other) => ({
        id: other.id!,
        bytes: bytesOf(other),
        logprob: other.logprob!,
      })),
    });
  const stopped = writing.end?.finishReason === "stop";
  const { eos } = model.vocabulary;
  const whole = [...ids, ...tokens.map(({ id }) => id)];
  return {
    model: model.identity.name,
    promptText: promptText === "" ? lossy(await model.detokenize(ids)) : promptText,
    prompt: await scored(model, ids.slice(0, 1), ids.slice(1), wish.scorePrompt ? alternatives : 0, true),
    tokens,
    endOfText:
      stopped && eos !== null ? (await scored(model, whole, [eos], alternatives, false)).at(-1)! : null,
    finish: stopped ? "stop" : "length",
  };
}

/** The tokens of `context`, without numbers, when asked for; then those of `continuation`. */
async function scored(
  model: LanguageModel,
  context: number[],
  continuation: number[],
  alternatives: number,
  withContext: boolean,
): Promise<SpokenToken[]> {
  const result: SpokenToken[] = [];
  if (withContext)
    for (const id of context)
      result.push({ id, bytes: await model.detokenize([id]), logprob: null, rank: 0, alternatives: [] });
  if (continuation.length === 0) return result;
  for await (const { tokens } of model.score([{ context, continuation }], { alternatives })) {
    for (const [i, id] of continuation.entries()) {
      const others: SpokenAlternative[] = [];
      for (let place = 0; place < alternatives; place++) {
        const other = tokens.alternatives!.ids[i * alternatives + place]!;
        if (other >= 0)
          others.push({
            id: other,
            bytes: await model.detokenize([other]),
            logprob: tokens.alternatives!.logprobs[i * alternatives + place]!,
          });
      }
      result.push({
        id,
        bytes: await model.detokenize([id]),
        logprob: tokens.logprobs[i]!,
        rank: tokens.ranks[i]!,
        alternatives: others,
      });
    }
  }
  return result;
}

/** A chat template as plain as can be; the server's own business. */
export function chatText(messages: readonly ChatMessage[]): string {
  return `${messages.map(({ role, content }) => `${role}: ${content}\n`).join("")}assistant:`;
}

/** Bytes as text; what is no UTF-8 becomes U+FFFD. */
export function lossy(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** The written bytes. */
export function writtenBytes(tokens: readonly { bytes: Uint8Array }[]): Uint8Array {
  return Uint8Array.from(tokens.flatMap(({ bytes }) => Array.from(bytes)));
}

/** The written text, as every server puts it into its answer. */
export function writtenText(tokens: readonly { bytes: Uint8Array }[]): string {
  return lossy(writtenBytes(tokens));
}

/**
 * The text that becomes known with each token: nothing while a character is incomplete, all of it with its last
 * byte. Their concatenation is the written text.
 */
export function pieces(tokens: readonly { bytes: Uint8Array }[]): string[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts = tokens.map(({ bytes }) => decoder.decode(bytes, { stream: true }));
  const rest = decoder.decode();
  if (rest !== "" && texts.length > 0) texts[texts.length - 1] += rest;
  return texts;
}
