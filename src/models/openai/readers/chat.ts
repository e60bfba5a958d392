/** Reads `/v1/chat/completions`: whole answers and chunks, of OpenAI and of every server that speaks like it. */
import {
  type AnswerAssembler,
  field,
  logprobOf,
  readFields,
  type WireReader,
  type WireToken,
} from "../../remote/wire.ts";
import { choiceReader } from "./choices.ts";
import { clearTokens, tokensOfArrays } from "./completions.ts";
import { answerTokens, doubtForm, type ReaderOptions } from "./reader.ts";
import {
  answerFields,
  choiceFields,
  fourArrays,
  isFourArrays,
  isNoFourArrays,
  tokenEntries,
} from "./schema.ts";
import { CallText } from "./tool-calls.ts";

/** Mistral: `{type: "text", text}`, `{type: "thinking", thinking: [{type: "text", text}]}`, and others without text. */
const textPart = field.object({ type: field.string, text: field.nullish(field.string) });
const part = field.extend(textPart, { thinking: field.nullish(field.array(textPart)) });

const message = field.object({
  content: field.nullish(field.union(field.string, field.array(part))),
  refusal: field.nullish(field.string),
  /** DeepSeek, older vLLM. */
  reasoning_content: field.nullish(field.string),
  /** OpenRouter, Ollama, newer vLLM. */
  reasoning: field.nullish(field.string),
  tool_calls: field.nullish(field.array(field.unknown)),
  function_call: field.unknown,
  /** Together, of a chunk. */
  token_id: field.unknown,
});

/** An entry per token of each text; `reasoning_content` is DeepSeek's. */
const tokenLists = field.refine(
  field.object({ content: tokenEntries, refusal: tokenEntries, reasoning_content: tokenEntries }),
  isNoFourArrays,
);
const chatChoice = field.extend(choiceFields, {
  /** Of a chunk. */
  delta: field.nullish(message),
  /** Of a whole answer. */
  message: field.nullish(message),
  /** Together: the four arrays in a whole answer, the chunk's number in a stream. A list is a form that is not known. */
  logprobs: field.nullish(field.union(tokenLists, fourArrays, field.number, field.array(field.unknown))),
});
const chatAnswer = field.extend(answerFields, { choices: field.optional(field.array(chatChoice)) });

type ContentPart = ReturnType<typeof part>;
type TokenLists = ReturnType<typeof tokenLists>;
type Content<Part = ContentPart> = string | readonly Part[] | null | undefined;

/** Source: the types of openai-node 6, and the servers' own (see test/fixtures/wire). */
export function chatReader(options: ReaderOptions = {}): WireReader {
  const read = (json: unknown, server: string) => readFields(chatAnswer, json, server);
  const calls = new CallText();
  return choiceReader(options, read, (choice, where, answer, usage) => {
    const said = choice.message ?? choice.delta;
    const thinking = said?.reasoning ?? said?.reasoning_content ?? thinkingOf(said?.content);
    const text = `${textOf(said?.content)}${said?.refusal ?? ""}`;
    const tokens = chatTokens(choice, thinking + text, where, answer);
    if (thinking !== "") usage.thinkingIsShown();
    const others = otherParts(said?.content);
    if (said?.tool_calls?.length || said?.function_call) answer.stopComparing("tool-call");
    else if (others.length > 0) answer.stopComparing();
    for (const { type } of others) answer.warn(`A part of the content is no text and is left out: ${type}.`);
    return { text, tokens, thinking, toolCall: calls.add(said?.tool_calls, said?.function_call) };
  });
}

const LISTS = ["reasoning_content", "content", "refusal"] as const;

/**
 * The tokens of a choice; none, and a doubt, where the numbers have a form that is not known.
 * @param text all of the choice's text.
 * @param where the server and the choice.
 */
function chatTokens(
  choice: ReturnType<typeof chatChoice>,
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
function isTokenLists(logprobs: object | number): logprobs is TokenLists {
  if (typeof logprobs === "number" || Array.isArray(logprobs)) return false;
  return LISTS.some((name) => name in logprobs) || !Object.values(logprobs).some((value) => value !== null);
}

/** What is said, of a text or of parts. */
function textOf(content: Content<ReturnType<typeof textPart>>): string {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ text }) => text ?? "").join("");
}

/** What is thought, of parts. */
function thinkingOf(content: Content): string {
  if (typeof content === "string") return "";
  return (content ?? []).map(({ thinking }) => textOf(thinking)).join("");
}

/** Pictures, references, ...: the text does without them, and their tokens are not its tokens. */
function otherParts(content: Content): readonly ContentPart[] {
  if (typeof content === "string") return [];
  return (content ?? []).filter(({ type }) => type !== "text" && type !== "thinking");
}
