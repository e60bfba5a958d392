/** The forms in which servers write a chat's text and its numbers. */
import { type AnswerAssembler, logprobOf, type WireToken } from "../../remote/wire.ts";
import { clearTokens, tokensOfArrays } from "./completions.ts";
import { answerTokens, doubtForm } from "./reader.ts";
import {
  type ChatAnswer,
  type ChatLogprobs,
  type ContentPart,
  isFourArrays,
  type TokenLists,
} from "./schema.ts";

type ChatChoice = NonNullable<ChatAnswer["choices"]>[number];
type Content = string | readonly ContentPart[] | null | undefined;

const LISTS = ["reasoning_content", "content", "refusal"] as const;

/**
 * The tokens of a choice; none, and a doubt, where the numbers have a form that is not known.
 * @param text all of the choice's text.
 * @param where the server and the choice.
 */
export function chatTokens(
  choice: ChatChoice,
  text: string,
  where: string,
  answer: AnswerAssembler,
): WireToken[] {
  const { logprobs, delta, finish_reason: finish } = choice;
  const at = `${where}.logprobs`;
  if (logprobs === null || logprobs === undefined) return [];
  if (typeof logprobs === "number" && typeof delta?.token_id === "number") {
    // Together gives the end-of-text token too, which has no text.
    const special = text === "" && finish ? true : undefined;
    return [{ token: text, id: delta.token_id, logprob: logprobOf(logprobs, at), special }];
  }
  if (isFourArrays(logprobs)) return clearTokens(tokensOfArrays(logprobs, at), answer);
  if (!isTokenLists(logprobs)) {
    if (text !== "") doubtForm(answer, at);
    return [];
  }
  // All lists come in the order of the texts: what was thought, then what was said.
  return LISTS.flatMap((name) => answerTokens(logprobs[name], `${at}.${name}`, answer));
}

/** Also with none of the lists, where there is nothing else either. */
function isTokenLists(logprobs: NonNullable<ChatLogprobs>): logprobs is TokenLists {
  if (typeof logprobs === "number" || Array.isArray(logprobs)) return false;
  return LISTS.some((name) => name in logprobs) || !Object.values(logprobs).some((value) => value !== null);
}

/** What is said, of a text or of parts. */
export function textOf(content: Content): string {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ text }) => text ?? "").join("");
}

/** What is thought, of parts. */
export function thinkingOf(content: Content): string {
  if (typeof content === "string") return "";
  return (content ?? []).map(({ thinking }) => textOf(thinking)).join("");
}

/** Pictures, references, ...: the text does without them, and their tokens are not its tokens. */
export function otherParts(content: Content): readonly ContentPart[] {
  if (typeof content === "string") return [];
  return (content ?? []).filter(({ type }) => type !== "text" && type !== "thinking");
}
