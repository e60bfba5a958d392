/**
 * What Gemini's answers must be. Fields that are not named here are let through.
 * Source: googleapis/js-genai, src/types.ts (GenerateContentResponse, Candidate, LogprobsResult).
 */
import { field, readFields } from "../remote/wire.ts";

export interface GeminiToken {
  token?: string | null | undefined;
  tokenId?: number | null | undefined;
  logProbability?: number | null | undefined;
}

export interface LogprobsResult {
  chosenCandidates?: GeminiToken[] | null | undefined;
  topCandidates?: { candidates?: GeminiToken[] | null | undefined }[] | null | undefined;
}

interface GeminiCandidate {
  index?: number | null | undefined;
  content?: { parts?: GeminiPart[] | null | undefined } | null | undefined;
  finishReason?: string | null | undefined;
  logprobsResult?: LogprobsResult | null | undefined;
}

/** A text, or something else, which is then in a field of its own: `functionCall`, `inlineData`, ... */
export interface GeminiPart {
  text?: string | null | undefined;
  thought?: boolean | null | undefined;
  [other: string]: unknown;
}

/** The whole answer, or an event of a stream. */
export interface GeminiResponse {
  candidates?: GeminiCandidate[] | null | undefined;
  promptFeedback?: { blockReason?: string | null | undefined } | null | undefined;
  usageMetadata?: { candidatesTokenCount?: number | null | undefined } | null | undefined;
}

/** `models/NAME`. */
export interface GeminiDescription {
  name: string;
  version?: string | null | undefined;
  inputTokenLimit?: number | null | undefined;
}

const token = field.object({
  token: field.nullish(field.string),
  tokenId: field.nullish(field.int),
  logProbability: field.nullish(field.number),
});
const candidate = field.object({
  index: field.nullish(field.count),
  content: field.nullish(
    field.object({
      parts: field.nullish(
        field.array(
          field.object({ text: field.nullish(field.string), thought: field.nullish(field.boolean) }),
        ),
      ),
    }),
  ),
  finishReason: field.nullish(field.string),
  logprobsResult: field.nullish(
    field.object({
      chosenCandidates: field.nullish(field.array(token)),
      topCandidates: field.nullish(
        field.array(field.object({ candidates: field.nullish(field.array(token)) })),
      ),
    }),
  ),
});

const response: field.Field<GeminiResponse> = field.object({
  candidates: field.nullish(field.array(candidate)),
  promptFeedback: field.nullish(field.object({ blockReason: field.nullish(field.string) })),
  usageMetadata: field.nullish(field.object({ candidatesTokenCount: field.nullish(field.count) })),
});

const description: field.Field<GeminiDescription> = field.object({
  name: field.string,
  version: field.nullish(field.string),
  inputTokenLimit: field.nullish(field.count),
});

/** @throws SurprisalError WIRE_MALFORMED. */
export function readResponse(json: unknown, where: string): GeminiResponse {
  return readFields(response, json, where);
}

/** @throws SurprisalError WIRE_MALFORMED. */
export function readDescription(json: unknown, where: string): GeminiDescription {
  return readFields(description, json, where);
}
