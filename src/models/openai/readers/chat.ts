/** Reads `/v1/chat/completions`: whole answers and chunks, of OpenAI and of every server that speaks like it. */
import {
  type AnswerAssembler,
  type AnswerPiece,
  aNumber,
  anything,
  aString,
  callText,
  extended,
  type Field,
  holding,
  listOf,
  logprobOf,
  objectOf,
  oneOf,
  orElse,
  orNothing,
  readFields,
  type WireReader,
  type WireToken,
} from "../../remote/wire.ts";
import { type ChoicePieces, choiceReader } from "./choices.ts";
import { clearTokens, tokensOfArrays } from "./completions.ts";
import { answerTokens, doubtForm, type ReaderOptions } from "./reader.ts";
import {
  answerFields,
  choiceFields,
  choicesField,
  fourArrays,
  isEmptyObject,
  isFourArrays,
  isNoFourArrays,
  orNoNumbers,
  tokenEntries,
} from "./schema.ts";
import { Spoken } from "./spoken.ts";
import type { UsageCount } from "./usage.ts";

const textPart = objectOf({ type: aString, text: orNothing(aString) });
const textParts = orNothing(oneOf(aString, listOf(textPart)));
/**
 * `{type: "text", text}`; `{type: "thinking", thinking}`, with parts (Mistral) or a text (Anthropic's form); `{type:
 * "reasoning", summary: [{type: "summary_text", text}]}` (Databricks: aaif-goose/goose issue 8077); and others without text.
 */
const part = extended(textPart, { thinking: textParts, summary: textParts });

/** A text in what is around it: a list, `{text}` (Bedrock's: envoyproxy/ai-gateway pull request 1222), `{content}`. */
function wordsIn(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(wordsIn).join("");
  if (typeof value !== "object" || value === null) return "";
  const { text, content } = value as { text?: unknown; content?: unknown };
  return wordsIn(text ?? content);
}

/** OpenRouter, MiniMax: `{type: "reasoning.text", text}`, and others without text. */
const detail = orElse(objectOf({ text: orNothing(aString) }), { text: null });

/** An entry per token of each text; `reasoning_content` is DeepSeek's. */
const tokenLists = holding(
  objectOf({ content: tokenEntries, refusal: tokenEntries, reasoning_content: tokenEntries }),
  isNoFourArrays,
);
/** Together: the four arrays in a whole answer, the chunk's number in a stream. A list is a form that is not known. */
const numbers = orNoNumbers(oneOf(tokenLists, fourArrays, aNumber, listOf(anything)));

/** A whole answer, or a piece of it. */
const messageFields = objectOf({
  content: orNothing(oneOf(aString, listOf(part), (value) => [part(value)])),
  refusal: orNothing(aString),
  /** DeepSeek, older vLLM. */
  reasoning_content: wordsIn,
  /** OpenRouter, Ollama, newer vLLM. */
  reasoning: wordsIn,
  /** Some gateways to Ollama and Claude. */
  thinking: wordsIn,
  reasoning_details: orElse(orNothing(listOf(detail)), null),
  /** A list; some servers write a call alone, or an empty object. */
  tool_calls: (value): unknown[] =>
    Array.isArray(value) ? value : isEmptyObject(value) || value == null ? [] : [value],
  function_call: anything,
  /** Together, of a chunk. */
  token_id: anything,
  /** Beside the choice's own, of some gateways. */
  logprobs: numbers,
});
const message: Field<Message | null | undefined> = (value) =>
  isEmptyObject(value) ? null : orNothing(messageFields)(value);

const chatChoice = extended(choiceFields, {
  /** Of a chunk. */
  delta: message,
  /** Of a whole answer. */
  message,
  /** Of completions, which some servers write here too. */
  text: orElse(orNothing(aString), null),
  logprobs: numbers,
});
const chatAnswer = extended(answerFields, { choices: choicesField(chatChoice) });

type ContentPart = ReturnType<typeof part>;
type Message = ReturnType<typeof messageFields>;
type Numbers = ReturnType<typeof numbers>;
type TokenLists = ReturnType<typeof tokenLists>;
type Content = Message["content"];

/** Source: the types of openai-node 6, and the servers' own (see test/fixtures/wire). */
export function chatReader(options: ReaderOptions = {}): WireReader {
  const read = (json: unknown, server: string) => readFields(chatAnswer, json, server);
  return choiceReader(options, read, new ChatPieces());
}

/** What the chunks of a chat say, each text of it once. */
class ChatPieces implements ChoicePieces<ReturnType<typeof chatChoice>> {
  readonly #answer = new Spoken();
  readonly #thinking = new Spoken();
  /** Some delta had tool calls: a message repeats them. */
  #called = false;

  next(
    choice: ReturnType<typeof chatChoice>,
    where: string,
    answer: AnswerAssembler,
    usage: UsageCount,
  ): AnswerPiece {
    const { delta, message } = choice;
    const pieces = [this.#thinking, this.#answer];
    const written = [thoughtIn(delta), saidIn(delta) || (saidIn(message) ? "" : (choice.text ?? ""))];
    const whole = [thoughtIn(message), saidIn(message)];
    let tokens = chatTokens(choice, written.join("") || whole.join(""), where, answer);
    const spelled = tokens.map(({ token }) => token).join("");
    // Numbers of all the text, beside a message that says it again: they came with the deltas, or too late.
    const again =
      written.join("") === "" && whole.join("") !== "" && spelled.trim() === whole.join("").trim();
    const news = pieces.map((piece, i) => piece.next({ delta: written[i]!, message: whole[i]!, spelled }));
    const [thinking, text] = news.map(({ text }) => text);
    if (again && thinking + text! === "" && answer.tokens + tokens.length > 0) tokens = [];
    if (news.some(({ differs }) => differs)) answer.doubt(Spoken.DIFFERS);
    if (thinking !== "") usage.thinkingIsShown();
    for (const { type } of [...otherParts(delta?.content), ...otherParts(message?.content)]) {
      answer.stopComparing();
      answer.warn(`A part of the content is no text and is left out: ${type}.`);
    }
    return { text: text!, thinking, tokens, calls: this.#callsIn(delta, message) };
  }

  rest(): AnswerPiece {
    return { text: this.#answer.rest(), thinking: this.#thinking.rest(), tokens: [] };
  }

  #callsIn(delta: Message | null | undefined, message: Message | null | undefined): string {
    const calls = callsOf(delta);
    this.#called ||= calls !== "";
    return this.#called ? calls : callsOf(message);
  }
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
  const { delta, message, finish_reason: finish } = choice;
  const places = {
    logprobs: choice.logprobs,
    "delta.logprobs": delta?.logprobs,
    "message.logprobs": message?.logprobs,
  };
  const [name, logprobs] = Object.entries(places).find(([, numbers]) => hasNumbers(numbers)) ?? [];
  const at = `${where}.${name}`;
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

/** Whether there is anything in them; lists that are empty are none. */
function hasNumbers(numbers: Numbers): boolean {
  if (numbers === null || numbers === undefined) return false;
  if (typeof numbers !== "object") return true;
  return Object.values(numbers).some(
    (value) => value !== null && !(Array.isArray(value) && value.length === 0),
  );
}

/** Also with none of the lists, where there is nothing else either. */
function isTokenLists(logprobs: object | number): logprobs is TokenLists {
  if (typeof logprobs === "number" || Array.isArray(logprobs)) return false;
  return LISTS.some((name) => name in logprobs) || !Object.values(logprobs).some((value) => value !== null);
}

/** What a message or a piece of one says. */
function saidIn(message: Message | null | undefined): string {
  return `${textOf(message?.content)}${message?.refusal ?? ""}`;
}

/** What it thought: in one of several fields, some of which may be there and empty; the longest where they differ. */
function thoughtIn(message: Message | null | undefined): string {
  if (!message) return "";
  const { reasoning, reasoning_content, thinking, reasoning_details: details, content } = message;
  const told = (details ?? []).map(({ text }) => text ?? "").join("");
  const all = [reasoning, reasoning_content, thinking, told, thinkingOf(content)];
  return all.reduce((longest, one) => (one.length > longest.length ? one : longest));
}

/** Names and arguments of the calls, which a server writes as a text, or as the object itself. */
function callsOf(message: Message | null | undefined): string {
  const calls: unknown[] = [...(message?.tool_calls ?? []), message?.function_call];
  return calls
    .map((call) => callText((call as { function?: unknown } | null | undefined)?.function ?? call))
    .join("");
}

const isThought = ({ type }: ContentPart): boolean => /^(thinking|reasoning)/.test(type);

/** What is said, of a text or of parts. */
function textOf(content: Content): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => (isThought(part) ? "" : (part.text ?? ""))).join("");
}

/** What is thought, of parts. */
function thinkingOf(content: Content): string {
  if (typeof content === "string") return "";
  return (content ?? [])
    .filter(isThought)
    .map(({ text, thinking, summary }) => wordsIn(thinking ?? summary ?? text))
    .join("");
}

/** Pictures, references, ...: the text does without them, and their tokens are not its tokens. */
function otherParts(content: Content): readonly ContentPart[] {
  if (typeof content === "string") return [];
  return (content ?? []).filter((part) => part.type !== "text" && !part.text && !isThought(part));
}
