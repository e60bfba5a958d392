/** What every reader of a wire format has in common. */
import type { TokenRecord } from "../../../core/index.ts";
import type { FinishReason, GenerationEnd, Provenance } from "../../language-model.ts";
import {
  type AnswerAssembler,
  type AnswerOptions,
  complaintIn,
  logprobOf,
  malformed,
  serverError,
  streamCut,
  type WireToken,
} from "../../remote/index.ts";
import type { ChoiceFields, TokenEntry } from "./schema.ts";

export interface ReaderOptions extends AnswerOptions {
  /** Names the server in errors. Default "the server". */
  server?: string | undefined;
  /** Which of several choices to read. Default 0. */
  choice?: number | undefined;
  /** Choices that were asked for (`n`). Default 1: an answer with another is malformed. */
  choices?: number | undefined;
}

/** Reads one answer: give it the whole answer, or the events of a stream one by one, as parsed JSON; then `finish`. */
export interface WireReader {
  /**
   * @returns the records that are complete with this.
   * @throws SurprisalError WIRE_MALFORMED; SERVER_ERROR for an error the server reports in its answer.
   */
  push(json: unknown): TokenRecord[];
  /**
   * @returns the last records, and what is known at the end.
   * @throws SurprisalError STREAM_CUT when the answer was not complete.
   */
  finish(): FinishedAnswer;
}

export interface FinishedAnswer {
  records: TokenRecord[];
  end: Omit<GenerationEnd, "provenance">;
  /** Left out where the format does not say. */
  probabilities?: Provenance["probabilities"];
}

/** @throws SurprisalError SERVER_ERROR */
export function throwComplaint(json: unknown, server: string): void {
  if (typeof json !== "object" || json === null) return;
  const { error, object } = json as Record<string, unknown>;
  if ((error === undefined || error === null) && object !== "error") return; // vLLM once wrote {object: "error"}
  throw serverError(complaintIn(json) ?? { message: JSON.stringify(error), field: null }, server);
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

/** The end of an answer that says why it ended. */
export function finishAnswer(
  answer: AnswerAssembler,
  finishReason: FinishReason | null,
  tokens: number | null,
  server: string,
): FinishedAnswer {
  if (finishReason === null)
    throw streamCut("The answer ended before it was complete: it has no finish reason", server);
  return answer.finish({ finishReason, tokens });
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

/** @param where the server and the list. */
export function wireTokens(entries: readonly TokenEntry[] | null | undefined, where: string): WireToken[] {
  return (entries ?? []).map((entry, i) => ({
    token: entry.token,
    bytes: entry.bytes,
    id: entry.id,
    logprob: logprobOf(entry.logprob, `${where}[${i}].logprob`),
    alternatives: entry.top_logprobs?.map((other, j) => ({
      token: other.token,
      bytes: other.bytes,
      id: other.id,
      logprob: logprobOf(other.logprob, `${where}[${i}].top_logprobs[${j}].logprob`),
    })),
  }));
}
