/** What the fields of OpenAI-compatible answers must be. Fields that are not named here are let through. */
import { z } from "zod";
import { readFields, wireNumber } from "../../remote/index.ts";

type Maybe<Type> = Type | null | undefined;

interface AlternativeEntry {
  token: string;
  bytes?: Maybe<number[]>;
  /** llama-server. */
  id?: Maybe<number>;
  logprob?: Maybe<number>;
}

/** An entry of `logprobs.content`. */
export interface TokenEntry extends AlternativeEntry {
  top_logprobs?: Maybe<AlternativeEntry[]>;
}

/** The four arrays of the first completions API. */
export interface FourArrays {
  tokens: string[];
  token_logprobs: (number | null)[];
  /** Keyed by text. */
  top_logprobs?: Maybe<(Record<string, number | null> | null)[]>;
  /** Where each token begins, characters. */
  text_offset?: Maybe<number[]>;
}

export interface Usage {
  completion_tokens?: Maybe<number>;
  prompt_tokens?: Maybe<number>;
  total_tokens?: Maybe<number>;
  completion_tokens_details?: Maybe<{ reasoning_tokens?: Maybe<number> }>;
}

export interface ChoiceFields {
  index?: Maybe<number>;
  finish_reason?: Maybe<string>;
  /** vLLM, with `return_token_ids`: one for each token of this choice or chunk. */
  token_ids?: Maybe<number[]>;
}

interface Answer<Choice> {
  id?: unknown;
  choices?: (Choice & ChoiceFields)[] | undefined;
  usage?: Maybe<Usage>;
  model?: Maybe<string>;
}

interface ChatMessageFields {
  content?: Maybe<string>;
  refusal?: Maybe<string>;
  /** DeepSeek, older vLLM. */
  reasoning_content?: Maybe<string>;
  /** OpenRouter, Ollama, newer vLLM. */
  reasoning?: Maybe<string>;
  tool_calls?: Maybe<unknown[]>;
  function_call?: unknown;
}

export type ChatAnswer = Answer<{
  /** Of a chunk. */
  delta?: Maybe<ChatMessageFields>;
  /** Of a whole answer. */
  message?: Maybe<ChatMessageFields>;
  logprobs?: Maybe<{
    content?: Maybe<TokenEntry[]>;
    refusal?: Maybe<TokenEntry[]>;
    /** DeepSeek. */
    reasoning_content?: Maybe<TokenEntry[]>;
  }>;
}>;

export type CompletionsLogprobs = Maybe<FourArrays | { content: TokenEntry[] | null }>;

export type CompletionsAnswer = Answer<{
  text?: Maybe<string>;
  logprobs?: CompletionsLogprobs;
  /** vLLM: one object per prompt token, keyed by token id. */
  prompt_logprobs?: Maybe<(Record<string, PromptLogprob> | null)[]>;
}>;

interface PromptLogprob {
  logprob?: Maybe<number>;
  rank?: Maybe<number>;
  decoded_token?: Maybe<string>;
}

const count = z.int().min(0);

const alternative = z.looseObject({
  token: z.string(),
  bytes: z.array(z.int().min(0).max(255)).nullish(),
  id: z.int().nullish(),
  logprob: wireNumber.nullish(),
});

const tokenList = z.array(alternative.extend({ top_logprobs: z.array(alternative).nullish() })).nullable();
/** A list of tokens, `null`, or left out. */
export const tokenEntries: z.ZodType<Maybe<TokenEntry[]>> = tokenList.optional();

const fourArrays = z.looseObject({
  tokens: z.array(z.string()),
  token_logprobs: z.array(wireNumber.nullable()),
  top_logprobs: z.array(z.record(z.string(), wireNumber.nullable()).nullable()).nullish(),
  text_offset: z.array(z.int()).nullish(),
});

const usage = z.looseObject({
  completion_tokens: count.nullish(),
  prompt_tokens: count.nullish(),
  total_tokens: count.nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: count.nullish() }).nullish(),
});

const answer = z.looseObject({ model: z.string().nullish(), usage: usage.nullish() });
const choice = z.looseObject({
  index: count.nullish(),
  finish_reason: z.string().nullish(),
  token_ids: z.array(count).nullish(),
});

const message = z.looseObject({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  tool_calls: z.array(z.unknown()).nullish(),
});

const chatChoice = choice.extend({
  delta: message.nullish(),
  message: message.nullish(),
  logprobs: z
    .looseObject({ content: tokenEntries, refusal: tokenEntries, reasoning_content: tokenEntries })
    .nullish(),
});
const chatAnswer: z.ZodType<ChatAnswer> = answer.extend({ choices: z.array(chatChoice).optional() });

const promptLogprob = z.looseObject({
  logprob: wireNumber.nullish(),
  rank: z.int().nullish(),
  decoded_token: z.string().nullish(),
});
const completionsChoice = choice.extend({
  text: z.string().nullish(),
  logprobs: z.union([fourArrays, z.looseObject({ content: tokenList })]).nullish(),
  prompt_logprobs: z.array(z.record(z.string(), promptLogprob).nullable()).nullish(),
});
const completionsAnswer = answer.extend({ choices: z.array(completionsChoice).optional() });

/** @throws SurprisalError WIRE_MALFORMED. */
export function readChatAnswer(json: unknown, where: string): ChatAnswer {
  return readFields(chatAnswer, json, where);
}

/** @throws SurprisalError WIRE_MALFORMED. */
export function readCompletionsAnswer(json: unknown, where: string): CompletionsAnswer {
  return readFields(completionsAnswer, json, where) as CompletionsAnswer;
}
