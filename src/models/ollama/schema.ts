/** What Ollama's answers must be. Fields that are not named here are let through. Source: ollama/ollama, api/types.go. */
import { field, readFields } from "../remote/wire.ts";

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

const token = field.object({
  token: field.string,
  logprob: field.nullish(field.number),
  bytes: field.nullish(field.array(field.byte)),
});

const line: field.Field<OllamaLine> = field.object({
  response: field.nullish(field.string),
  thinking: field.nullish(field.string),
  message: field.nullish(
    field.object({
      content: field.nullish(field.string),
      thinking: field.nullish(field.string),
      tool_calls: field.nullish(field.array(field.unknown)),
    }),
  ),
  tool_calls: field.nullish(field.array(field.unknown)),
  done: field.boolean,
  done_reason: field.nullish(field.string),
  eval_count: field.nullish(field.count),
  logprobs: field.nullish(
    field.array(field.extend(token, { top_logprobs: field.nullish(field.array(token)) })),
  ),
});

const tags: field.Field<OllamaTags> = field.object({
  models: field.nullish(
    field.array(
      field.object({
        name: field.string,
        size: field.nullish(field.count),
        digest: field.nullish(field.string),
      }),
    ),
  ),
});

const show: field.Field<OllamaShow> = field.object({
  details: field.nullish(
    field.object({ family: field.nullish(field.string), quantization_level: field.nullish(field.string) }),
  ),
  model_info: field.nullish(field.record(field.unknown)),
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
