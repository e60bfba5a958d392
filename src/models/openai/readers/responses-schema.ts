/** What the fields of `/v1/responses` must be. Source: the types of openai-node 6. */
import { z } from "zod";
import { readFields } from "../../remote/index.ts";
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

const count = z.int().min(0);

const part = z.looseObject({
  type: z.string(),
  text: z.string().nullish(),
  refusal: z.string().nullish(),
  logprobs: tokenEntries,
});

const response = z.looseObject({
  status: z.string().nullish(),
  incomplete_details: z.looseObject({ reason: z.string().nullish() }).nullish(),
  output: z.array(z.looseObject({ type: z.string(), content: z.array(part).nullish() })).nullish(),
  usage: z
    .looseObject({
      output_tokens: count.nullish(),
      output_tokens_details: z.looseObject({ reasoning_tokens: count.nullish() }).nullish(),
    })
    .nullish(),
});

/** Events that carry what is read here. Of the others, `delta` and the like may be anything. */
const textEvent = z.looseObject({
  type: z.string(),
  sequence_number: count.nullish(),
  output_index: count.nullish(),
  content_index: count.nullish(),
  delta: z.string().nullish(),
  text: z.string().nullish(),
  refusal: z.string().nullish(),
  logprobs: tokenEntries,
  response: response.nullish(),
});
const otherEvent = z.looseObject({ type: z.string(), sequence_number: count.nullish() });

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
