/** Gemini: `generateContent`, and `streamGenerateContent?alt=sse`. */
import type { WireAnswer, WireEvent } from "../answer.ts";
import type { Json } from "../pick.ts";
import { spell, spellOne } from "../tokens.ts";
import {
  pieces,
  type SpokenAlternative,
  type SpokenToken,
  type Utterance,
  writtenText,
} from "../utterance.ts";

export interface GeminiRequest {
  logprobs: boolean;
  topLogprobs: number;
}

export interface GeminiStyle {
  id: string;
  version: string;
  /** Tokens per event of a stream. */
  tokensPerEvent: number;
}

export function geminiAnswer(said: Utterance, style: GeminiStyle, request: GeminiRequest): WireAnswer {
  const texts = spell(said.tokens, "carried");
  const one = (token: string, { id, logprob }: SpokenToken | SpokenAlternative) => ({
    token,
    tokenId: id,
    logProbability: logprob,
  });
  const result = (from: number, to: number): Json => {
    const tokens = said.tokens.slice(from, to);
    return {
      ...(request.topLogprobs > 0 && {
        topCandidates: tokens.map(({ alternatives }) => ({
          candidates: alternatives
            .slice(0, request.topLogprobs)
            .map((other) => one(spellOne(other, "decoded"), other)),
        })),
      }),
      chosenCandidates: tokens.map((token, i) => one(texts[from + i]!, token)),
    };
  };
  const finish = said.finish === "stop" ? "STOP" : "MAX_TOKENS";
  const counted = (tokens: number) => ({
    promptTokenCount: said.prompt.length,
    candidatesTokenCount: tokens,
    totalTokenCount: said.prompt.length + tokens,
  });
  const candidate = (text: string, from: number, to: number, last: boolean) => ({
    content: { parts: [{ text }], role: "model" },
    ...(last && { finishReason: finish }),
    index: 0,
    ...(last && request.logprobs && { avgLogprobs: average(said.tokens) }),
    ...(request.logprobs && { logprobsResult: result(from, to) }),
  });
  const response = (choice: Json, tokens: number) => ({
    candidates: [choice],
    usageMetadata: counted(tokens),
    modelVersion: style.version,
    responseId: style.id,
  });
  const count = said.tokens.length;
  const deltas = pieces(said.tokens);
  const events: WireEvent[] = [];
  for (let from = 0; from < count || from === 0; from += style.tokensPerEvent) {
    const to = Math.min(from + style.tokensPerEvent, count);
    events.push({
      data: response(candidate(deltas.slice(from, to).join(""), from, to, to === count), to),
    });
  }
  return { body: response(candidate(writtenText(said.tokens), 0, count, true), count), events };
}

/** Mean ln p, nats. */
function average(tokens: readonly SpokenToken[]): number {
  return tokens.reduce((sum, { logprob }) => sum + logprob!, 0) / Math.max(1, tokens.length);
}
