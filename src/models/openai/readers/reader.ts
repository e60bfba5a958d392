/** What the readers of OpenAI-compatible formats have in common. */
import type { FinishReason } from "../../language-model.ts";
import {
  type AnswerAssembler,
  type AnswerReaderOptions,
  logprobOf,
  malformed,
  serverError,
  type WireAlternative,
  type WireToken,
} from "../../remote/wire.ts";
import type { ChoiceFields, TokenEntry } from "./schema.ts";

export interface ReaderOptions extends AnswerReaderOptions {
  /** Which of several choices to read: a record is about one of them. Default 0. */
  choice?: number | undefined;
  /** Choices that were asked for (`n`). Default 1: an answer with another is malformed. */
  choices?: number | undefined;
}

const FINISH_REASONS: Record<string, FinishReason> = {
  stop: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  content_filter: "content-filter",
  tool_calls: "tool-calls",
  function_call: "tool-calls",
};

/** @throws SurprisalError SERVER_ERROR when the server gave up. */
export function finishReasonOf(reason: string, server: string): FinishReason {
  if (reason === "error" || reason === "abort")
    throw serverError({ message: `it stopped writing (finish reason "${reason}")`, field: null }, server);
  return FINISH_REASONS[reason] ?? "other";
}

/** Of a choice that says nothing and does not end: Azure's verdicts come apart from the text that they are about. */
const VERDICTS = ["content_filter_results", "content_filter_offsets"];

/**
 * The choice that is read, if it is among those of an answer or a chunk; its place is for errors.
 * @param ended the server has said why the answer ended: a count may follow, without choices.
 */
export function* choicesOf<Choice extends ChoiceFields>(
  { choices, usage }: { choices?: readonly Choice[] | undefined; usage?: unknown },
  { server = "the server", choice: wanted = 0, choices: asked = 1 }: ReaderOptions,
  ended: boolean,
): Generator<{ choice: Choice; where: string }> {
  if (!choices && !(usage && ended))
    throw malformed("A field of the answer is wrong: it is missing", `${server}, choices`);
  const seen = new Set<number>();
  for (const [i, choice] of (choices ?? []).entries()) {
    const where = `${server}, choices[${i}]`;
    const index = choice.index ?? 0;
    if (index >= asked) throw malformed(`Choice ${index} was not asked for`, `${where}.index`);
    if (seen.has(index)) throw malformed(`Choice ${index} is there twice`, `${where}.index`);
    seen.add(index);
    const says = ["delta", "message", "text"].some(
      (name) => (choice as Record<string, unknown>)[name] != null,
    );
    if (!says && !choice.finish_reason && !VERDICTS.some((name) => name in choice))
      throw malformed("A choice that says nothing", where);
    if (index === wanted) yield { choice, where };
  }
}

/** The tokens with their ids, where the server lists those apart. */
export function withIds(tokens: readonly WireToken[], { token_ids: ids }: ChoiceFields): WireToken[] {
  if (ids?.length !== tokens.length) return [...tokens];
  return tokens.map((token, i) => ({ ...token, id: ids[i] }));
}

/**
 * The tokens of an answer; none, and a doubt, where the server names them in a way that is not known.
 * @param where the server and the list.
 */
export function answerTokens(
  entries: readonly TokenEntry[] | null | undefined,
  where: string,
  answer: AnswerAssembler,
): WireToken[] {
  if (!entries || entries.every(hasText)) return wireTokens(entries, where);
  doubtForm(answer, where);
  return [];
}

/** @param where the server and the field. */
export function doubtForm(answer: AnswerAssembler, where: string): void {
  answer.doubt(`The form of ${where} is not known here: its numbers are left out.`);
}

/**
 * @param where the server and the list.
 * @throws SurprisalError WIRE_MALFORMED for a token without text.
 */
export function wireTokens(entries: readonly TokenEntry[] | null | undefined, where: string): WireToken[] {
  return (entries ?? []).map((entry, i) => {
    if (!hasText(entry))
      throw malformed("A field of the answer is wrong: it is missing", `${where}[${i}].token`);
    const others = entry.top_logprobs;
    return {
      ...alternativeOf(entry, `${where}[${i}]`),
      alternatives: others?.every(hasText)
        ? others.map((other, j) => alternativeOf(other, `${where}[${i}].top_logprobs[${j}]`))
        : null,
    };
  });
}

function alternativeOf(entry: TokenEntry & { token: string }, where: string): WireAlternative {
  const { token, bytes, id, logprob } = entry;
  return { token, bytes, id, logprob: logprobOf(logprob, `${where}.logprob`) };
}

function hasText<Entry extends { token?: string | undefined }>(
  entry: Entry,
): entry is Entry & { token: string } {
  return entry.token !== undefined;
}
