/** What the readers of OpenAI-compatible formats have in common. */
import type { SurprisalError } from "../../../core/index.ts";
import type { FinishReason } from "../../language-model.ts";
import {
  type AnswerAssembler,
  type AnswerReaderOptions,
  logprobOf,
  malformed,
  reportedError,
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

/** In lower case: gateways give on Gemini's and Cohere's own words (STOP, MAX_TOKENS, COMPLETE, SAFETY). */
const FINISH_REASONS: Record<string, FinishReason> = {
  stop: "stop",
  complete: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  length: "length",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  content_filter: "content-filter",
  sensitive: "content-filter", // Zhipu
  safety: "content-filter",
  tool_calls: "tool-calls",
  function_call: "tool-calls",
};

/** Reasons of a server that gave up; the last two are Zhipu's and DeepSeek's (their API references). */
const FAILURES = ["error", "abort", "network_error", "insufficient_system_resource"];

/** @throws SurprisalError SERVER_ERROR when the server gave up. */
export function finishReasonOf(reason: string, server: string): FinishReason {
  if (isFailure(reason)) throw gaveUp(reason, server);
  return FINISH_REASONS[reason.toLowerCase()] ?? "other";
}

/**
 * The error of a choice, in the server's words where it has any: in the choice, or beside what it says; `null` = none.
 * OpenRouter: `choices[0].error`.
 */
export function errorOf(choice: ChoiceFields, server: string): SurprisalError | null {
  const { delta, message } = choice as { delta?: unknown; message?: unknown };
  for (const place of [choice, delta, message]) {
    const { error } = (place ?? {}) as { error?: unknown };
    const complaint = error ? reportedError({ error, choices: [] }) : null;
    if (complaint) return serverError(complaint, server);
  }
  const { finish_reason: reason } = choice;
  return reason && isFailure(reason) ? gaveUp(reason, server) : null;
}

const isFailure = (reason: string): boolean => FAILURES.includes(reason.toLowerCase());

function gaveUp(reason: string, server: string): SurprisalError {
  return serverError({ message: `it stopped writing (finish reason "${reason}")`, field: null }, server);
}

/**
 * The choice that is read, if it is among those of an answer or a chunk; its place is for errors. What says nothing is
 * passed over, a chunk or a choice: servers and gateways send such to keep the connection (LiteLLM: `{"index": 0}`).
 * @param doubt called for what makes it uncertain whose the pieces are.
 */
export function* choicesOf<Choice extends ChoiceFields>(
  { choices }: { choices?: readonly (Choice | null)[] | null | undefined },
  { server = "the server", choice: wanted = 0, choices: asked = 1 }: ReaderOptions,
  doubt: (warning: string) => void,
): Generator<{ choice: Choice; where: string }> {
  const seen = new Set<number>();
  for (const [i, choice] of (choices ?? []).entries()) {
    if (choice === null) continue;
    const where = `${server}, choices[${i}]`;
    let index = choice.index ?? 0;
    if (index >= asked) throw malformed(`Choice ${index} was not asked for`, `${where}.index`);
    if (seen.has(index)) {
      if (asked === 1) throw malformed(`Choice ${index} is there twice`, `${where}.index`);
      doubt(MIXED);
      index = i; // in one piece they stand in order
    }
    seen.add(index);
    if (index === wanted) yield { choice, where };
  }
}

/** Several choices were asked for, and their pieces do not say whose they are. */
export const MIXED =
  "Several choices were asked for and come under one index: what is read may be of more than one of them.";

/** Something may be lost. */
export const LACKING = "A chunk lacks what it should say, or says it in a form that is not known here.";

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
