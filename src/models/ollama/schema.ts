/** What Ollama's answers must be. Fields that are not named here are let through. Source: ollama/ollama, api/types.go. */
import { z } from "zod";
import { readFields, wireNumber } from "../remote/index.ts";

interface OllamaToken {
  token: string;
  logprob?: number | null | undefined;
  bytes?: number[] | null | undefined;
}

export interface OllamaEntry extends OllamaToken {
  top_logprobs?: OllamaToken[] | null | undefined;
}

/** A line of `/api/generate` or `/api/chat`, or their whole answers. */
export interface OllamaLine {
  response?: string | null | undefined;
  thinking?: string | null | undefined;
  message?:
    | {
        content?: string | null | undefined;
        thinking?: string | null | undefined;
        tool_calls?: unknown[] | null | undefined;
      }
    | null
    | undefined;
  tool_calls?: unknown[] | null | undefined;
  done: boolean;
  done_reason?: string | null | undefined;
  eval_count?: number | null | undefined;
  logprobs?: OllamaEntry[] | null | undefined;
}

/** `/api/tags`. */
export interface OllamaTags {
  models?:
    | { name: string; size?: number | null | undefined; digest?: string | null | undefined }[]
    | null
    | undefined;
}

/** `/api/show`. */
export interface OllamaShow {
  details?:
    | { family?: string | null | undefined; quantization_level?: string | null | undefined }
    | null
    | undefined;
  model_info?: Record<string, unknown> | null | undefined;
}

const token = z.looseObject({
  token: z.string(),
  logprob: wireNumber.nullish(),
  bytes: z.array(z.int().min(0).max(255)).nullish(),
});

const line: z.ZodType<OllamaLine> = z.looseObject({
  response: z.string().nullish(),
  thinking: z.string().nullish(),
  message: z
    .looseObject({
      content: z.string().nullish(),
      thinking: z.string().nullish(),
      tool_calls: z.array(z.unknown()).nullish(),
    })
    .nullish(),
  tool_calls: z.array(z.unknown()).nullish(),
  done: z.boolean(),
  done_reason: z.string().nullish(),
  eval_count: z.int().min(0).nullish(),
  logprobs: z.array(token.extend({ top_logprobs: z.array(token).nullish() })).nullish(),
});

const tags: z.ZodType<OllamaTags> = z.looseObject({
  models: z
    .array(z.looseObject({ name: z.string(), size: z.number().nullish(), digest: z.string().nullish() }))
    .nullish(),
});

const show: z.ZodType<OllamaShow> = z.looseObject({
  details: z
    .looseObject({ family: z.string().nullish(), quantization_level: z.string().nullish() })
    .nullish(),
  model_info: z.record(z.string(), z.unknown()).nullish(),
});

/** @throws SurprisalError WIRE_MALFORMED. */
export function readLine(json: unknown, where: string): OllamaLine {
  return readFields(line, json, where);
}

/** @throws SurprisalError WIRE_MALFORMED. */
export function readTags(json: unknown, where: string): OllamaTags {
  return readFields(tags, json, where);
}

/** @throws SurprisalError WIRE_MALFORMED. */
export function readShow(json: unknown, where: string): OllamaShow {
  return readFields(show, json, where);
}
