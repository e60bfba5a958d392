/** What the fields of OpenAI-compatible answers must be. Fields that are not named here are let through. */
import {
  aByte,
  aCount,
  aNumber,
  anInt,
  anything,
  aString,
  extended,
  type Field,
  holding,
  listOf,
  objectOf,
  oneOf,
  orElse,
  orLeftOut,
  orNothing,
  orNull,
  readFields,
  recordOf,
} from "../../remote/wire.ts";

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
  /** Groq counts here, in the last chunk of a stream, and says why it stopped one early. */
  x_groq?: Maybe<{ usage?: Maybe<Usage> | undefined; error?: unknown }> | undefined;
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
}

export interface CompletionsAnswer extends AnswerFields {
  choices?: Maybe<(CompletionsChoice | null)[]> | undefined;
}

const alternativeFields = objectOf({
  token: orLeftOut(aString),
  bytes: orNothing(listOf(aByte)),
  id: orNothing(anInt),
  logprob: orNothing(aNumber),
});
const alternatives = listOf(holding(alternativeFields, isNamed, "token"));
const tokenFields = extended(alternativeFields, { top_logprobs: orNothing(alternatives) });
const tokenList = orNull(listOf(holding(tokenFields, isNamed, "token")));
/** A list of tokens, `null`, or left out. */
export const tokenEntries: Field<Maybe<TokenEntry[]>> = orLeftOut(tokenList);

/** Numbers, or what says that there are none: left out, `null`, `false` as in the request, "". */
export function orNoNumbers<Type>(numbers: Field<Type>): Field<Maybe<Type>> {
  const field = orNothing(numbers);
  return (value) => (value === false || value === "" ? null : field(value));
}

const tokenNumbers = listOf(orNull(aNumber));

export const fourArrays: Field<FourArrays> = objectOf({
  tokens: listOf(aString),
  token_logprobs: (value) => (value === null ? [] : tokenNumbers(value)),
  top_logprobs: orNothing(listOf(orNull(recordOf(orNull(aNumber))))),
  text_offset: orNothing(listOf(anInt)),
  content: holding(orNothing(listOf(anything)), (list) => !list?.length),
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
const count = orElse(orNothing(aCount), null);
const usage = orElse(
  orNothing(
    objectOf({
      completion_tokens: count,
      prompt_tokens: count,
      total_tokens: count,
      completion_tokens_details: orElse(orNothing(objectOf({ reasoning_tokens: count })), null),
    }),
  ),
  null,
);

export const answerFields: Field<AnswerFields> = objectOf({
  model: orElse(orNothing(aString), null),
  usage,
  x_groq: orElse(orNothing(objectOf({ usage, error: anything })), null),
});
export const choiceFields: Field<ChoiceFields> = objectOf({
  usage,
  index: orNothing(aCount),
  finish_reason: orNothing(aString),
  token_ids: orNothing(listOf(aCount)),
});

const completionsList = holding(objectOf({ content: tokenList }), isNoFourArrays);
const said = orElse(orNothing(objectOf({ content: orNothing(aString) })), null);
const completionsChoice = extended(choiceFields, {
  text: orNothing(aString),
  delta: said,
  message: said,
  logprobs: orNoNumbers(oneOf(fourArrays, completionsList, aNumber, listOf(anything))),
});
const completionsAnswer = extended(answerFields, { choices: choicesField(completionsChoice) });

/** A list of choices. What says nothing is none: left out, `null`, an empty object, or `null` in the list. */
export function choicesField<Choice>(choice: Field<Choice>): Field<Maybe<(Choice | null)[]>> {
  const choices = orNothing(listOf(orNull(choice)));
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
