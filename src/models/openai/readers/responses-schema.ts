/** What the fields of `/v1/responses` must be. Source: the types of openai-node 6. */
import { field, readFields } from "../../remote/wire.ts";
import { type TokenEntry, tokenEntries } from "./schema.ts";

type Maybe<Type> = Type | null | undefined;

/** The whole answer, also within the events that begin and end a stream. */
export interface ResponseFields {
  status?: Maybe<string> | undefined;
  error?: unknown;
  incomplete_details?: Maybe<{ reason?: Maybe<string> | undefined }> | undefined;
  output?: Maybe<OutputItem[]> | undefined;
  usage?:
    | Maybe<{
        output_tokens?: Maybe<number> | undefined;
        output_tokens_details?: Maybe<{ reasoning_tokens?: Maybe<number> | undefined }> | undefined;
      }>
    | undefined;
}

interface OutputItem {
  type: string;
  content?: Maybe<OutputPart[]> | undefined;
}

export interface OutputPart {
  type: string;
  text?: Maybe<string> | undefined;
  refusal?: Maybe<string> | undefined;
  logprobs?: Maybe<TokenEntry[]> | undefined;
}

/** An event, as far as it matters here. */
export interface ResponseEvent {
  type: string;
  sequence_number?: Maybe<number> | undefined;
  output_index?: Maybe<number> | undefined;
  content_index?: Maybe<number> | undefined;
  delta?: Maybe<string> | undefined;
  text?: Maybe<string> | undefined;
  refusal?: Maybe<string> | undefined;
  logprobs?: Maybe<TokenEntry[]> | undefined;
  response?: Maybe<ResponseFields> | undefined;
}

const part = field.object({
  type: field.string,
  text: field.nullish(field.string),
  refusal: field.nullish(field.string),
  logprobs: tokenEntries,
});

const response = field.object({
  status: field.nullish(field.string),
  incomplete_details: field.nullish(field.object({ reason: field.nullish(field.string) })),
  output: field.nullish(
    field.array(field.object({ type: field.string, content: field.nullish(field.array(part)) })),
  ),
  usage: field.nullish(
    field.object({
      output_tokens: field.nullish(field.count),
      output_tokens_details: field.nullish(field.object({ reasoning_tokens: field.nullish(field.count) })),
    }),
  ),
});

/** Events that carry what is read here. Of the others, `delta` and the like may be anything. */
const textEvent = field.object({
  type: field.string,
  sequence_number: field.nullish(field.count),
  output_index: field.nullish(field.count),
  content_index: field.nullish(field.count),
  delta: field.nullish(field.string),
  text: field.nullish(field.string),
  refusal: field.nullish(field.string),
  logprobs: tokenEntries,
  response: field.nullish(response),
});
const otherEvent = field.object({ type: field.string, sequence_number: field.nullish(field.count) });

/** @throws SurprisalError WIRE_MALFORMED. */
export function readResponse(json: unknown, where: string): ResponseFields {
  return readFields(response, json, where);
}

/** @throws SurprisalError WIRE_MALFORMED. */
export function readResponseEvent(json: unknown, where: string): ResponseEvent {
  const { type } = readFields(otherEvent, json, where);
  const isRead = /^response\.(output_text|refusal|created|completed|incomplete|failed)/.test(type);
  return isRead ? readFields(textEvent, json, where) : (json as ResponseEvent);
}
