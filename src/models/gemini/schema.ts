/**
 * What Gemini's answers must be. Fields that are not named here are let through.
 * Source: googleapis/js-genai, src/types.ts (GenerateContentResponse, Candidate, LogprobsResult).
 */
import { z } from "zod";
import { readFields, wireNumber } from "../remote/index.ts";

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

const count = z.int().min(0);
const token = z.looseObject({
  token: z.string().nullish(),
  tokenId: z.int().nullish(),
  logProbability: wireNumber.nullish(),
});
const candidate = z.looseObject({
  index: count.nullish(),
  content: z
    .looseObject({
      parts: z.array(z.looseObject({ text: z.string().nullish(), thought: z.boolean().nullish() })).nullish(),
    })
    .nullish(),
  finishReason: z.string().nullish(),
  logprobsResult: z
    .looseObject({
      chosenCandidates: z.array(token).nullish(),
      topCandidates: z.array(z.looseObject({ candidates: z.array(token).nullish() })).nullish(),
    })
    .nullish(),
});

const response: z.ZodType<GeminiResponse> = z.looseObject({
  candidates: z.array(candidate).nullish(),
  promptFeedback: z.looseObject({ blockReason: z.string().nullish() }).nullish(),
  usageMetadata: z.looseObject({ candidatesTokenCount: count.nullish() }).nullish(),
});

const description: z.ZodType<GeminiDescription> = z.looseObject({
  name: z.string(),
  version: z.string().nullish(),
  inputTokenLimit: count.nullish(),
});

/** @throws SurprisalError WIRE_MALFORMED. */
export function readResponse(json: unknown, where: string): GeminiResponse {
  return readFields(response, json, where);
}

/** @throws SurprisalError WIRE_MALFORMED. */
export function readDescription(json: unknown, where: string): GeminiDescription {
  return readFields(description, json, where);
}
