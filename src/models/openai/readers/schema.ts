/** What the fields of OpenAI-compatible answers must be. Fields that are not named here are let through. */
import { z } from "zod";
import { readFields, wireNumber } from "../../remote/index.ts";

type Maybe<Type> = Type | null | undefined;

interface AlternativeEntry {
  /** Left out by servers that name a token in another way (mlx_lm.server: by its id alone). */
  token?: string | undefined;
  bytes?: Maybe<number[]> | undefined;
  /** llama-server. */
  id?: Maybe<number> | undefined;
  logprob?: Maybe<number> | undefined;
}

/** An entry of `logprobs.content`. */
export interface TokenEntry extends AlternativeEntry {
  top_logprobs?: Maybe<AlternativeEntry[]> | undefined;
}

/** The four arrays of the first completions API. */
export interface FourArrays {
  tokens: string[];
  token_logprobs: (number | null)[];
  /** Keyed by text. */
  top_logprobs?: Maybe<(Record<string, number | null> | null)[]> | undefined;
  /** Where each token begins, characters. */
  text_offset?: Maybe<number[]> | undefined;
}

export interface Usage {
  completion_tokens?: Maybe<number> | undefined;
  prompt_tokens?: Maybe<number> | undefined;
  total_tokens?: Maybe<number> | undefined;
  completion_tokens_details?: Maybe<{ reasoning_tokens?: Maybe<number> | undefined }> | undefined;
}

export interface ChoiceFields {
  index?: Maybe<number> | undefined;
  finish_reason?: Maybe<string> | undefined;
  /** vLLM, with `return_token_ids`: one for each token of this choice or chunk. */
  token_ids?: Maybe<number[]> | undefined;
}

interface Answer<Choice> {
  id?: unknown;
  choices?: (Choice & ChoiceFields)[] | undefined;
  usage?: Maybe<Usage> | undefined;
  model?: Maybe<string> | undefined;
}

/** Mistral: `{type: "text", text}`, `{type: "thinking", thinking: [{type: "text", text}]}`, and others without text. */
export interface ContentPart {
  type: string;
  text?: Maybe<string> | undefined;
  thinking?: Maybe<Omit<ContentPart, "thinking">[]> | undefined;
}

interface ChatMessageFields {
  content?: Maybe<string | ContentPart[]> | undefined;
  refusal?: Maybe<string> | undefined;
  /** DeepSeek, older vLLM. */
  reasoning_content?: Maybe<string> | undefined;
  /** OpenRouter, Ollama, newer vLLM. */
  reasoning?: Maybe<string> | undefined;
  tool_calls?: Maybe<unknown[]> | undefined;
  function_call?: unknown;
  /** Together, of a chunk. */
  token_id?: unknown;
}

/** An entry per token of each text. */
export interface TokenLists {
  content?: Maybe<TokenEntry[]> | undefined;
  refusal?: Maybe<TokenEntry[]> | undefined;
  /** DeepSeek. */
  reasoning_content?: Maybe<TokenEntry[]> | undefined;
}

/** Together: the four arrays in a whole answer, the chunk's number in a stream. A list is a form that is not known. */
export type ChatLogprobs = Maybe<TokenLists | FourArrays | number | unknown[]>;

export type ChatAnswer = Answer<{
  /** Of a chunk. */
  delta?: Maybe<ChatMessageFields> | undefined;
  /** Of a whole answer. */
  message?: Maybe<ChatMessageFields> | undefined;
  logprobs?: ChatLogprobs | undefined;
}>;

/** A number or a list are forms that are not known. */
export type CompletionsLogprobs = Maybe<FourArrays | { content: TokenEntry[] | null } | number | unknown[]>;

export type CompletionsAnswer = Answer<{
  text?: Maybe<string> | undefined;
  logprobs?: CompletionsLogprobs | undefined;
  /** vLLM: one object per prompt token, keyed by token id. */
  prompt_logprobs?: Maybe<(Record<string, PromptLogprob> | null)[]> | undefined;
}>;

interface PromptLogprob {
  logprob?: Maybe<number> | undefined;
  rank?: Maybe<number> | undefined;
  decoded_token?: Maybe<string> | undefined;
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
