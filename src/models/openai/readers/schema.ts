/** What the fields of OpenAI-compatible answers must be. Fields that are not named here are let through. */
import { field, readFields } from "../../remote/wire.ts";

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
  /** Moonshot counts here, in the last chunk. */
  usage?: Maybe<Usage> | undefined;
  index?: Maybe<number> | undefined;
  finish_reason?: Maybe<string> | undefined;
  /** vLLM, with `return_token_ids`: one for each token of this choice or chunk. */
  token_ids?: Maybe<number[]> | undefined;
}

/** Of an answer or a chunk, besides its choices. */
export interface AnswerFields {
  id?: unknown;
  usage?: Maybe<Usage> | undefined;
  /** Groq counts here, in the last chunk of a stream. */
  x_groq?: Maybe<{ usage?: Maybe<Usage> | undefined }> | undefined;
  model?: Maybe<string> | undefined;
}

/** A number or a list are forms that are not known. */
export type CompletionsLogprobs = Maybe<FourArrays | { content: TokenEntry[] | null } | number | unknown[]>;

interface CompletionsChoice extends ChoiceFields {
  text?: Maybe<string> | undefined;
  /** As chats have them, of some servers. */
  delta?: Maybe<{ content?: Maybe<string> | undefined }> | undefined;
  message?: Maybe<{ content?: Maybe<string> | undefined }> | undefined;
  logprobs?: CompletionsLogprobs | undefined;
  /** vLLM: one object per prompt token, keyed by token id. */
  prompt_logprobs?: Maybe<(Record<string, PromptLogprob> | null)[]> | undefined;
}

export interface CompletionsAnswer extends AnswerFields {
  choices?: Maybe<(CompletionsChoice | null)[]> | undefined;
}

interface PromptLogprob {
  logprob?: Maybe<number> | undefined;
  rank?: Maybe<number> | undefined;
  decoded_token?: Maybe<string> | undefined;
}

const alternativeFields = field.object({
  token: field.optional(field.string),
  bytes: field.nullish(field.array(field.byte)),
  id: field.nullish(field.int),
  logprob: field.nullish(field.number),
});
const alternatives = field.array(field.refine(alternativeFields, isNamed, "token"));
const tokenFields = field.extend(alternativeFields, { top_logprobs: field.nullish(alternatives) });
const tokenList = field.nullable(field.array(field.refine(tokenFields, isNamed, "token")));
/** A list of tokens, `null`, or left out. */
export const tokenEntries: field.Field<Maybe<TokenEntry[]>> = field.optional(tokenList);

export const fourArrays: field.Field<FourArrays> = field.object({
  tokens: field.array(field.string),
  token_logprobs: field.array(field.nullable(field.number)),
  top_logprobs: field.nullish(field.array(field.nullable(field.record(field.nullable(field.number))))),
  text_offset: field.nullish(field.array(field.int)),
  content: field.refine(field.nullish(field.array(field.unknown)), (list) => !list?.length),
});

/** The four arrays, and no list that says the same; an empty one says nothing. */
export function isFourArrays(logprobs: object | number): logprobs is FourArrays {
  const { tokens, content } = logprobs as { tokens?: unknown; content?: unknown };
  const isEmpty =
    Array.isArray(content) && content.length === 0 && Array.isArray(tokens) && tokens.length > 0;
  return (tokens ?? null) !== null && ((content ?? null) === null || isEmpty);
}
export const isNoFourArrays = (logprobs: object): boolean => !isFourArrays(logprobs);

/** A token has a text; or its bytes, which do not come without it, are missing too, and something else names it. */
function isNamed({ token, bytes, logprob, top_logprobs: _, ...other }: Record<string, unknown>): boolean {
  return token !== undefined || (bytes === undefined && Object.keys(other).length > 0);
}

/** A count that is none is as if it were not there: the text is good without it. */
const count = field.fallback(field.nullish(field.count), null);
const usage = field.fallback(
  field.nullish(
    field.object({
      completion_tokens: count,
      prompt_tokens: count,
      total_tokens: count,
      completion_tokens_details: field.fallback(
        field.nullish(field.object({ reasoning_tokens: count })),
        null,
      ),
    }),
  ),
  null,
);

export const answerFields: field.Field<AnswerFields> = field.object({
  model: field.nullish(field.string),
  usage,
  x_groq: field.fallback(field.nullish(field.object({ usage })), null),
});
export const choiceFields: field.Field<ChoiceFields> = field.object({
  usage,
  index: field.nullish(field.count),
  finish_reason: field.nullish(field.string),
  token_ids: field.nullish(field.array(field.count)),
});

const promptLogprob = field.object({
  logprob: field.nullish(field.number),
  rank: field.nullish(field.int),
  decoded_token: field.nullish(field.string),
});
const completionsList = field.refine(field.object({ content: tokenList }), isNoFourArrays);
const said = field.fallback(field.nullish(field.object({ content: field.nullish(field.string) })), null);
const completionsChoice = field.extend(choiceFields, {
  text: field.nullish(field.string),
  delta: said,
  message: said,
  logprobs: field.nullish(field.union(fourArrays, completionsList, field.number, field.array(field.unknown))),
  prompt_logprobs: field.nullish(field.array(field.nullable(field.record(promptLogprob)))),
});
const completionsAnswer = field.extend(answerFields, { choices: choicesField(completionsChoice) });

/** A list of choices. What says nothing is none: left out, `null`, an empty object, or `null` in the list. */
export function choicesField<Choice>(choice: field.Field<Choice>): field.Field<Maybe<(Choice | null)[]>> {
  const choices = field.nullish(field.array(field.nullable(choice)));
  return (value) => (isEmptyObject(value) ? null : choices(value));
}

/** `{}`, and what PHP writes for it: `[]`. */
export function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** @throws SurprisalError WIRE_MALFORMED. */
export function readCompletionsAnswer(json: unknown, where: string): CompletionsAnswer {
  return readFields(completionsAnswer, json, where);
}
