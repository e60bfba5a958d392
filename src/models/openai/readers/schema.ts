/** What the fields of OpenAI-compatible answers must be. Fields that are not named here are let through. */
import { z } from "zod";
import { readFields, wireNumber } from "../../remote/index.ts";

type Maybe<Type> = Type | null | undefined;

interface AlternativeEntry {
  /** Left out by servers that name a token in another way (mlx_lm.server: by its id alone). */
  token?: string | undefined;
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

/** Mistral: `{type: "text", text}`, `{type: "thinking", thinking: [{type: "text", text}]}`, and others without text. */
export interface ContentPart {
  type: string;
  text?: Maybe<string>;
  thinking?: Maybe<Omit<ContentPart, "thinking">[]>;
}

interface ChatMessageFields {
  content?: Maybe<string | ContentPart[]>;
  refusal?: Maybe<string>;
  /** DeepSeek, older vLLM. */
  reasoning_content?: Maybe<string>;
  /** OpenRouter, Ollama, newer vLLM. */
  reasoning?: Maybe<string>;
  tool_calls?: Maybe<unknown[]>;
  function_call?: unknown;
  /** Together, of a chunk. */
  token_id?: unknown;
}

/** An entry per token of each text. */
export interface TokenLists {
  content?: Maybe<TokenEntry[]>;
  refusal?: Maybe<TokenEntry[]>;
  /** DeepSeek. */
  reasoning_content?: Maybe<TokenEntry[]>;
}

/** Together: the four arrays in a whole answer, the chunk's number in a stream. A list is a form that is not known. */
export type ChatLogprobs = Maybe<TokenLists | FourArrays | number | unknown[]>;

export type ChatAnswer = Answer<{
  /** Of a chunk. */
  delta?: Maybe<ChatMessageFields>;
  /** Of a whole answer. */
  message?: Maybe<ChatMessageFields>;
  logprobs?: ChatLogprobs;
}>;

/** A number or a list are forms that are not known. */
export type CompletionsLogprobs = Maybe<FourArrays | { content: TokenEntry[] | null } | number | unknown[]>;

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

const alternativeFields = z.looseObject({
  token: z.string().optional(),
  bytes: z.array(z.int().min(0).max(255)).nullish(),
  id: z.int().nullish(),
  logprob: wireNumber.nullish(),
});
const unnamed = { path: ["token"], error: "it is missing" };
const alternatives = z.array(alternativeFields.refine(isNamed, unnamed));
const tokenFields = alternativeFields.extend({ top_logprobs: alternatives.nullish() });
const tokenList = z.array(tokenFields.refine(isNamed, unnamed)).nullable();
/** A list of tokens, `null`, or left out. */
export const tokenEntries: z.ZodType<Maybe<TokenEntry[]>> = tokenList.optional();

const fourArrays = z.looseObject({
  tokens: z.array(z.string()),
  token_logprobs: z.array(wireNumber.nullable()),
  top_logprobs: z.array(z.record(z.string(), wireNumber.nullable()).nullable()).nullish(),
  text_offset: z.array(z.int()).nullish(),
  content: z.null().optional(),
});

/** The four arrays, and no list that says the same. */
export function isFourArrays(logprobs: object | number): logprobs is FourArrays {
  const { tokens, content } = logprobs as { tokens?: unknown; content?: unknown };
  return (tokens ?? null) !== null && (content ?? null) === null;
}
const isNoFourArrays = (logprobs: object) => !isFourArrays(logprobs);

/** A token has a text; or its bytes, which do not come without it, are missing too, and something else names it. */
function isNamed({ token, bytes, logprob, top_logprobs: _, ...other }: Record<string, unknown>): boolean {
  return token !== undefined || (bytes === undefined && Object.keys(other).length > 0);
}

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

const textPart = z.looseObject({ type: z.string(), text: z.string().nullish() });
const part = textPart.extend({ thinking: z.array(textPart).nullish() });

const message = z.looseObject({
  content: z.union([z.string(), z.array(part)]).nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  tool_calls: z.array(z.unknown()).nullish(),
});

const tokenLists = z
  .looseObject({ content: tokenEntries, refusal: tokenEntries, reasoning_content: tokenEntries })
  .refine(isNoFourArrays, { abort: true });
const chatChoice = choice.extend({
  delta: message.nullish(),
  message: message.nullish(),
  logprobs: z.union([tokenLists, fourArrays, wireNumber, z.array(z.unknown())]).nullish(),
});
const chatAnswer: z.ZodType<ChatAnswer> = answer.extend({ choices: z.array(chatChoice).optional() });

const promptLogprob = z.looseObject({
  logprob: wireNumber.nullish(),
  rank: z.int().nullish(),
  decoded_token: z.string().nullish(),
});
const completionsList = z.looseObject({ content: tokenList }).refine(isNoFourArrays, { abort: true });
const completionsChoice = choice.extend({
  text: z.string().nullish(),
  logprobs: z.union([fourArrays, completionsList, wireNumber, z.array(z.unknown())]).nullish(),
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
