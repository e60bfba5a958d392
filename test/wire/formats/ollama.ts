/** Ollama's own `/api/generate` and `/api/chat`: a line of JSON per event. */
import type { WireAnswer, WireEvent } from "../answer.ts";
import { compact, type Json } from "../pick.ts";
import { bytesOf, merged, spellOne } from "../tokens.ts";
import {
  lossy,
  type SpokenAlternative,
  type SpokenToken,
  type Utterance,
  writtenText,
} from "../utterance.ts";

export interface OllamaRequest {
  route: "generate" | "chat";
  logprobs: boolean;
  topLogprobs: number;
}

export function ollamaAnswer(said: Utterance, createdAt: string, request: OllamaRequest): WireAnswer {
  // Ollama asks llama-server, so a character of several tokens has one record, and its bytes are those of the string.
  const records = merged(said.tokens);
  const one = (each: SpokenToken | SpokenAlternative) => {
    const token = spellOne(each, "cut");
    return compact({ token, logprob: each.logprob, bytes: token === "" ? undefined : bytesOf(token) });
  };
  const entry = (token: SpokenToken): Json => ({
    ...one(token),
    ...(request.topLogprobs > 0 && {
      top_logprobs: token.alternatives.slice(0, request.topLogprobs).map(one),
    }),
  });
  const content = (text: string) =>
    request.route === "chat" ? { message: { role: "assistant", content: text } } : { response: text };
  const evaluated = said.tokens.length + (said.endOfText ? 1 : 0);
  const done = (text: string) => ({
    model: said.model,
    created_at: createdAt,
    ...content(text),
    done: true,
    done_reason: said.finish,
    total_duration: 79242629,
    load_duration: 943273,
    prompt_eval_count: said.prompt.length,
    prompt_eval_duration: 25539000,
    eval_count: evaluated,
    eval_duration: 50401000,
  });
  const entries = records.map(entry);
  return {
    body: {
      ...done(writtenText(said.tokens)),
      ...(request.logprobs && entries.length > 0 && { logprobs: entries }),
    },
    events: [
      ...records.map(
        (record, i): WireEvent => ({
          data: {
            model: said.model,
            created_at: createdAt,
            ...content(lossy(record.bytes)),
            done: false,
            ...(request.logprobs && { logprobs: [entries[i]!] }),
          },
        }),
      ),
      { data: done("") },
    ],
  };
}
