/** `/v1/responses`: named events, each number twice in a stream (`.delta`, then `.done`). */
import type { WireAnswer, WireEvent } from "../answer.ts";
import type { Json } from "../pick.ts";
import { spell, type TokenSpelling } from "../tokens.ts";
import { pieces, type Utterance, writtenText } from "../utterance.ts";
import { logprobEntry } from "./chat.ts";

export interface ResponsesStyle {
  id: string;
  item: string;
  created: number;
  spelling: TokenSpelling;
  /** `logprobs: []` whatever was asked for (Ollama, LM Studio). */
  mute?: boolean;
  countsEndOfText?: boolean;
}

export interface ResponsesRequest {
  logprobs: boolean;
  topLogprobs: number;
}

export function responsesAnswer(
  said: Utterance,
  style: ResponsesStyle,
  request: ResponsesRequest,
): WireAnswer {
  const { id, item, created, spelling, mute = false } = style;
  const texts = spell(said.tokens, spelling);
  const entries =
    mute || !request.logprobs
      ? []
      : said.tokens.map((token, i) =>
          logprobEntry(token, texts[i]!, { spelling, bytes: "exact" }, request.topLogprobs),
        );
  // In a stream the entries have no bytes (openai-node 6.49, ResponseTextDeltaEvent.Logprob).
  const streamed = entries.map((entry) => ({
    token: entry.token,
    logprob: entry.logprob,
    top_logprobs: (entry.top_logprobs as Json[]).map(({ token, logprob }) => ({ token, logprob })),
  }));
  const text = writtenText(said.tokens);
  const output = said.tokens.length + (style.countsEndOfText && said.endOfText ? 1 : 0);
  const incomplete = said.finish === "length";
  const part = (logprobs: Json[], content: string) => ({
    type: "output_text",
    annotations: [],
    logprobs,
    text: content,
  });
  const message = (status: string, content: Json[]) => ({
    id: item,
    type: "message",
    status,
    content,
    role: "assistant",
  });
  const response = (status: string, done: boolean, logprobs: Json[]) => ({
    id,
    object: "response",
    created_at: created,
    status,
    error: null,
    incomplete_details: done && incomplete ? { reason: "max_output_tokens" } : null,
    model: said.model,
    output: done ? [message(status, [part(logprobs, text)])] : [],
    top_logprobs: mute ? 0 : request.topLogprobs,
    usage: done
      ? {
          input_tokens: said.prompt.length,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: output,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: said.prompt.length + output,
        }
      : null,
  });
  const status = incomplete ? "incomplete" : "completed";
  let sequence = 0;
  const event = (type: string, fields: Json): WireEvent => ({
    event: type,
    data: { type, sequence_number: sequence++, ...fields },
  });
  const place = { item_id: item, output_index: 0, content_index: 0 };
  const deltas = pieces(said.tokens);
  const events = [
    event("response.created", { response: response("in_progress", false, []) }),
    event("response.in_progress", { response: response("in_progress", false, []) }),
    event("response.output_item.added", { output_index: 0, item: message("in_progress", []) }),
    event("response.content_part.added", { ...place, part: part([], "") }),
    ...deltas.map((delta, i) =>
      event("response.output_text.delta", { ...place, delta, logprobs: streamed.slice(i, i + 1) }),
    ),
    event("response.output_text.done", { ...place, text, logprobs: streamed }),
    event("response.content_part.done", { ...place, part: part(entries, text) }),
    event("response.output_item.done", { output_index: 0, item: message(status, [part(entries, text)]) }),
    event(`response.${status}`, { response: response(status, true, entries) }),
  ];
  return { body: response(status, true, entries), events };
}
