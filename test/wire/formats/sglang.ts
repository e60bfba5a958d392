/** SGLang `/generate`: triples [ln p, id, text or null]; a stream repeats everything so far in each event. */
import type { WireAnswer, WireEvent } from "../answer.ts";
import type { Json } from "../pick.ts";
import { spellOne } from "../tokens.ts";
import { pieces, type SpokenAlternative, type SpokenToken, type Utterance } from "../utterance.ts";

export interface SglangRequest {
  returnLogprob: boolean;
  /** First prompt token to give a number for; -1 = none. */
  startLength: number;
  topLogprobs: number;
  textInLogprobs: boolean;
}

export interface SglangStyle {
  id: string;
  /** `--incremental-streaming-output`: each event holds what is new. */
  incremental?: boolean;
}

export function sglangAnswer(said: Utterance, style: SglangStyle, request: SglangRequest): WireAnswer {
  const written = [...said.tokens, ...(said.endOfText ? [said.endOfText] : [])];
  const texts = [...pieces(said.tokens), ...(said.endOfText ? [""] : [])];
  const triple = (each: SpokenToken | SpokenAlternative) => [
    each.logprob,
    each.id,
    request.textInLogprobs ? spellOne(each, "decoded") : null,
  ];
  const tops = ({ logprob, alternatives }: SpokenToken) =>
    logprob === null ? null : alternatives.slice(0, request.topLogprobs).map(triple);
  const start = request.startLength;
  // The entry at the start is without a number: nothing before it was run for this request.
  const input =
    start < 0 ? [] : said.prompt.slice(start).map((token, i) => (i === 0 ? unscored(token) : token));
  const finishReason = said.endOfText
    ? { type: "stop", matched: said.endOfText.id }
    : { type: "length", length: said.tokens.length };
  const at = (count: number, from: number, finished: boolean): Json => {
    const shown = written.slice(from, count);
    return {
      text: texts.slice(from, count).join(""),
      output_ids: shown.map(({ id }) => id),
      meta_info: {
        id: style.id,
        finish_reason: finished ? finishReason : null,
        prompt_tokens: said.prompt.length,
        weight_version: "default",
        total_retractions: 0,
        ...(request.returnLogprob && {
          input_token_logprobs: input.map(triple),
          output_token_logprobs: shown.map(triple),
          output_token_logprobs_length: count,
          ...(request.topLogprobs > 0 && {
            input_top_logprobs: input.map(tops),
            output_top_logprobs: shown.map(tops),
          }),
        }),
        completion_tokens: count,
        cached_tokens: 0,
      },
    };
  };
  const events: WireEvent[] = written.map((_, i) => ({
    data: at(i + 1, style.incremental ? i : 0, i === written.length - 1),
  }));
  return {
    body: at(written.length, 0, true),
    events: [...(events.length > 0 ? events : [{ data: at(0, 0, true) }]), { data: "[DONE]" }],
  };
}

function unscored(token: SpokenToken): SpokenToken {
  return { ...token, logprob: null, alternatives: [] };
}
