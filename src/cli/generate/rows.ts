/** The lines of `surprisal generate --jsonl`: an answer or an error each. Fields are only ever added. */
import { createHash } from "node:crypto";
import type { PolicyEvent, TokenRecord } from "../../core/index.ts";
import type { Choice, FinishReason, ModelIdentity, Provenance } from "../../models/index.ts";
import {
  type Answer,
  type AnswerOptions,
  type ErrorEvent,
  errorEvent,
  type JsonToken,
  jsonToken,
  type StopEvent,
  stopOf,
} from "../chat/index.ts";
import type { PromptRow } from "./prompts.ts";

/** What stands in every line. */
interface RowHead {
  /** Place of the prompt among the prompts, and of the answer among its samples, from 0. */
  prompt: number;
  /** The input row's own `id`; `null` = it has none. */
  id: string | number | null;
  sample: number;
  /** sha256 of the prompt as JSON. */
  promptSha256: string;
  /** What it was asked with: see `Request`. */
  request: Request;
}

/** What every answer of a file has in common: it is gone on with only if this is the same. */
export interface Request {
  model: Pick<ModelIdentity, "name" | "source" | "sha256">;
  /** As they were given or are by default; see GenerateOptions. */
  options: Readonly<Record<string, unknown>>;
  /** sha256 of the two. */
  sha256: string;
}

export interface AnswerRow extends RowHead {
  type: "answer";
  /** `null`: the server chose one. */
  seed: number | null;
  prefill?: string | undefined;
  /** The answer alone, without `prefill`. */
  text: string;
  reasoning: string | null;
  toolCall: string | null;
  finishReason: FinishReason | "policy";
  stop?: StopEvent | undefined;
  stoppedBy?: PolicyEvent | undefined;
  choice?: Choice | undefined;
  /** Tokens written; those that carry a number; some carry none. */
  tokens: number;
  scored: number;
  partial: boolean;
  /** exp of minus `meanLogprob`; `null` = no token carries a number. */
  perplexity: number | null;
  /** Mean ln p of the tokens that carry a number, nats. */
  meanLogprob: number | null;
  /** "written": each token of the answer, given prompt, prefill and the tokens before it; docs/generating.md. */
  recipe: "written";
  /**
   * `promptTokens`: of prompt and prefill, which all samples share. `sharedTokens`: those of them that were not run for this
   * answer, since another one had run them. `null` = the source does not say.
   */
  usage: { promptTokens: number | null; sharedTokens: number | null; tokens: number };
  provenance: Provenance | null;
  warnings: readonly string[];
  /** With --logprobs: the tokens; and those of the stop string, which are not the answer's. */
  logprobs?: JsonToken[] | undefined;
  stopLogprobs?: JsonToken[] | undefined;
}

export interface ErrorRow extends RowHead, ErrorEvent {}

export type Row = AnswerRow | ErrorRow;

/** @param options of the answers, as far as they change them. */
export function requestOf(
  { name, source, sha256 }: Request["model"],
  options: Readonly<Record<string, unknown>>,
): Request {
  const defined = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== false),
  );
  const request = { model: { name, source, sha256 }, options: defined };
  return { ...request, sha256: createHash("sha256").update(JSON.stringify(request)).digest("hex") };
}

/** An answer as it was written, and its place. */
export interface Written {
  row: PromptRow;
  sample: number;
  seed: number | null;
  promptTokens: number | null;
  sharedTokens: number | null;
  answer: Answer;
  records: readonly TokenRecord[];
}

export function answerRow(written: Written, options: AnswerOptions, request: Request): AnswerRow {
  const { row, sample, seed, promptTokens, sharedTokens, answer, records } = written;
  const { end, reading, stoppedBy, tokens } = answer;
  return {
    type: "answer",
    ...headOf(row, sample, request),
    seed,
    prefill: answer.prefill || undefined,
    text: answer.text,
    reasoning: answer.reasoning,
    toolCall: answer.toolCall,
    finishReason: stoppedBy ? "policy" : (end?.finishReason ?? "other"),
    stop: stopOf(answer),
    stoppedBy: stoppedBy ?? undefined,
    choice: end?.choice,
    tokens,
    scored: answer.scored,
    partial: answer.partial,
    perplexity: reading.perplexity,
    meanLogprob: reading.nll === null ? null : -reading.nll,
    recipe: "written",
    usage: { promptTokens, sharedTokens, tokens },
    provenance: end?.provenance ?? null,
    warnings: answer.warnings,
    ...(options.alternatives !== undefined && {
      logprobs: records.map(jsonToken),
      stopLogprobs: end?.stop?.records.map(jsonToken),
    }),
  };
}

export function errorRow(row: PromptRow, sample: number, request: Request, error: unknown): ErrorRow {
  const { type, ...said } = errorEvent(error);
  return { type, ...headOf(row, sample, request), ...said };
}

function headOf({ index, id, sha256 }: PromptRow, sample: number, request: Request): RowHead {
  return { prompt: index, id, sample, promptSha256: sha256, request };
}
