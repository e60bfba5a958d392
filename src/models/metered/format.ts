/** Which wire format an answer is in, and who reads it. */
import type { TokenRecord } from "../../core/index.ts";
import type { GenerationEnd } from "../language-model.ts";
import {
  chatReader,
  completionsReader,
  type ReaderOptions,
  responsesReader,
} from "../openai/readers/index.ts";
import { streamCut, type WireReader } from "../remote/wire.ts";

/** "surprisal" is a model of this package; the others are OpenAI's three. */
export type AnswerFormat = "chat" | "completions" | "responses" | "surprisal";

/** What a model of this package gives on in the place of a server's chunks. */
export type TokenEvent =
  | { object: "surprisal.token"; record: TokenRecord }
  | { object: "surprisal.end"; end: Omit<GenerationEnd, "provenance"> };

/** Its whole answer. */
interface TokenAnswer {
  object: "surprisal.answer";
  events: readonly TokenEvent[];
}

export function wholeAnswer(events: readonly TokenEvent[]): TokenAnswer {
  return { object: "surprisal.answer", events };
}

/** @returns `null` where this alone does not say: Azure begins a stream with a chunk that is of no kind. */
export function formatOf(json: unknown): AnswerFormat | null {
  if (typeof json !== "object" || json === null) return null;
  const { object, type, choices } = json as { object?: unknown; type?: unknown; choices?: unknown };
  if (typeof object === "string") {
    if (object.startsWith("chat.completion")) return "chat";
    if (object.startsWith("text_completion")) return "completions";
    if (object === "response") return "responses";
    if (object.startsWith("surprisal.")) return "surprisal";
  }
  if (typeof type === "string" && type.startsWith("response.")) return "responses";
  const choice: unknown = Array.isArray(choices) ? choices[0] : null;
  if (typeof choice !== "object" || choice === null) return null;
  if ("delta" in choice || "message" in choice) return "chat";
  return "text" in choice ? "completions" : null;
}

export function readerOf(format: AnswerFormat, options: ReaderOptions): WireReader {
  if (format === "chat") return chatReader(options);
  if (format === "completions") return completionsReader(options);
  return format === "responses" ? responsesReader(options) : tokenReader();
}

function tokenReader(): WireReader {
  let end: Omit<GenerationEnd, "provenance"> | null = null;
  function push(json: unknown): TokenRecord[] {
    const event = json as TokenEvent | TokenAnswer;
    if (event.object === "surprisal.answer") return event.events.flatMap(push);
    if (event.object === "surprisal.token") return [event.record];
    end = event.end;
    return [];
  }
  return {
    push,
    finish() {
      if (!end) throw streamCut("The answer ended before it was complete", "the model");
      return { records: [], end };
    },
    doubts: { partial: false, warnings: [] },
  };
}

/** How to ask for log-probabilities, in the words of the request. */
export const HOW_TO_ASK: Readonly<Record<AnswerFormat, string>> = {
  chat: "ask with `logprobs: true, top_logprobs: 5`",
  completions: "ask with `logprobs: 5`",
  responses: 'ask with `include: ["message.output_text.logprobs"], top_logprobs: 5`',
  surprisal: "the model gave none",
};
