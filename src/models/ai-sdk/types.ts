/**
 * The AI SDK's types, as far as they matter here. Our own, so that no package is needed to use this one; that they fit
 * those of ai 6 (LanguageModelV3) and of ai 7 (V4) is what test/ai-sdk.types.test.ts compiles.
 */

type JsonValue = null | string | number | boolean | JsonValue[] | { [field: string]: JsonValue | undefined };
/** Options and metadata as they are written: JSON. */
export type Metadata = Record<string, { [field: string]: JsonValue | undefined }>;

/** Options and metadata as they come in, whatever they hold. */
export type GivenMetadata = Record<string, { [field: string]: unknown }>;

/** A call, with what the middleware reads and changes of it. */
export interface CallFields {
  includeRawChunks?: boolean | undefined;
  providerOptions?: GivenMetadata | undefined;
}

/** The model that a middleware stands before. */
export interface ModelName {
  readonly provider: string;
  readonly modelId: string;
}

/** That model, as the AI SDK hands it to a middleware: it can be asked again with another call. */
export interface InnerModel<Generated = unknown, Streamed = unknown> extends ModelName {
  doGenerate?(params: never): PromiseLike<Generated>;
  doStream?(params: never): PromiseLike<Streamed>;
}

/** Any part of a stream. */
export interface PartFields {
  type: string;
}

export interface StreamFields {
  stream: ReadableStream<PartFields>;
}

export interface GenerateFields {
  warnings?: readonly unknown[] | undefined;
  response?: { body?: unknown } | undefined;
  providerMetadata?: GivenMetadata | undefined;
}

/** Fits `wrapLanguageModel` of ai 6 and of ai 7. */
export interface SurprisalMiddleware {
  readonly specificationVersion: "v3";
  transformParams<Params extends CallFields>(options: {
    type: "generate" | "stream";
    params: Params;
    model: ModelName;
  }): Promise<Params>;
  wrapGenerate<Result extends GenerateFields>(options: {
    doGenerate: () => PromiseLike<Result>;
    params?: CallFields | undefined;
    model: InnerModel<Result>;
  }): Promise<Result>;
  wrapStream<Result extends StreamFields>(options: {
    doStream: () => PromiseLike<Result>;
    params: CallFields;
    model: InnerModel<unknown, Result>;
  }): Promise<Result>;
}

export interface Usage {
  inputTokens: {
    total: number | undefined;
    noCache: number | undefined;
    cacheRead: number | undefined;
    cacheWrite: number | undefined;
  };
  outputTokens: { total: number | undefined; text: number | undefined; reasoning: number | undefined };
}

/** Counts of tokens; `null` = unknown. @param reasoning those of `output` that were thought. */
export function usageOf(input: number | null, output: number | null, reasoning: number | null = null): Usage {
  return {
    inputTokens: {
      total: input ?? undefined,
      noCache: undefined,
      cacheRead: undefined,
      cacheWrite: undefined,
    },
    outputTokens: {
      total: output ?? undefined,
      text: output === null ? undefined : output - (reasoning ?? 0),
      reasoning: reasoning ?? undefined,
    },
  };
}

interface FinishReasonFields {
  unified: "stop" | "length" | "content-filter" | "tool-calls" | "error" | "other";
  raw: string | undefined;
}

export type Warning =
  | { type: "unsupported" | "compatibility"; feature: string; details?: string }
  | { type: "other"; message: string };

/** The parts that are written here. */
export type WrittenPart =
  | { type: "stream-start"; warnings: Warning[] }
  | { type: "text-start" | "text-end" | "reasoning-start" | "reasoning-end"; id: string }
  | { type: "text-delta" | "reasoning-delta"; id: string; delta: string }
  | { type: "raw"; rawValue: unknown }
  | { type: "response-metadata"; modelId: string }
  | { type: "finish"; usage: Usage; finishReason: FinishReasonFields; providerMetadata: Metadata };

interface PromptPart {
  type: string;
  text?: string;
}

/** A call of our own model. */
export interface ModelCall extends CallFields {
  prompt: readonly { role: string; content: string | readonly PromptPart[] }[];
  maxOutputTokens?: number | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  topK?: number | undefined;
  seed?: number | undefined;
  abortSignal?: AbortSignal | undefined;
  stopSequences?: readonly string[] | undefined;
  presencePenalty?: number | undefined;
  frequencyPenalty?: number | undefined;
  responseFormat?: { type: string } | undefined;
  tools?: readonly unknown[] | undefined;
  /** ai 7. */
  reasoning?: string | undefined;
}

export interface GenerateResult {
  content: { type: "text" | "reasoning"; text: string }[];
  finishReason: FinishReasonFields;
  usage: Usage;
  providerMetadata: Metadata;
  response: { modelId: string; body: unknown };
  warnings: Warning[];
}

/** A LanguageModelV3, which ai 6 and ai 7 take. */
export interface SurprisalLanguageModel extends ModelName {
  readonly specificationVersion: "v3";
  readonly supportedUrls: Record<string, RegExp[]>;
  doGenerate(options: ModelCall): Promise<GenerateResult>;
  doStream(options: ModelCall): Promise<{ stream: ReadableStream<WrittenPart> }>;
}

/** A token in `providerMetadata.surprisal.logprobs`, in the words of OpenAI's API. */
export type LogprobEntry = {
  token: string;
  /** Where `token` does not say them: a piece of a character. */
  bytes?: number[];
  /** ln p, nats; `null` = not known, or of probability 0. */
  logprob: number | null;
  top_logprobs: { token: string; bytes?: number[]; logprob: number | null }[];
};
