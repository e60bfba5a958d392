/** The event lines of `surprisal chat --json`: one JSON object a line. Fields are only ever added. */
import type { PartReading, PolicyEvent, TokenPart, TokenRecord } from "../../core/index.ts";
import type { Choice, FinishReason, Provenance } from "../../models/index.ts";
import { partsOf } from "../errors.ts";
import type { Answer, AnsweredToken } from "./answer.ts";
import type { Flag } from "./flags.ts";

type JsonRecord = Omit<TokenRecord, "bytes" | "alternatives"> & { bytes?: number[] | undefined };
export type JsonToken = JsonRecord & { alternatives?: JsonRecord[] | undefined };

export interface TokenEvent extends JsonRecord {
  type: "token";
  /** The characters this token completes; the texts of all tokens of the part "answer", joined, are the answer. */
  text: string;
  /** What it was written for: "answer", "reasoning" (thought before the answer) or "tool-call". */
  part: TokenPart;
  /** The token's own bytes, where they are not `text`: it is a part of a character. */
  bytes?: number[] | undefined;
  /** ln p, nats; `null` when the source did not say. */
  logprob: number | null;
  /** Of all tokens so far; `null` while none carries a number. */
  perplexity: number | null;
  alternatives?: JsonRecord[] | undefined;
}

/** What is said of one part. */
interface PartOfDone {
  /** Tokens of it, as they came. */
  tokens: number;
  /** Those that carry a number. */
  scored: number;
  perplexity: number | null;
}

export interface DoneEvent {
  type: "done";
  /** What the answer was given to begin with: stands before `text`, and has no tokens here. */
  prefill?: string | undefined;
  /** The answer alone. */
  text: string;
  /** What was thought before it; `null` = nothing was, or the source does not show it. */
  reasoning: string | null;
  /** Names and arguments of called tools; `null` = none. */
  toolCall: string | null;
  /** Tokens written, as the source counts them. */
  tokens: number;
  /** Tokens that carry a number. */
  scored: number;
  /** Some token carries no number, so the perplexity is that of the others. */
  partial: boolean;
  /** Of all tokens that carry a number, whatever their part. */
  perplexity: number | null;
  /** Each part for itself; `null` = no token belongs to it. */
  parts: Record<TokenPart, PartOfDone | null>;
  /** "policy": see `stoppedBy`. */
  finishReason: FinishReason | "policy";
  stoppedBy?: PolicyEvent | undefined;
  /** The stop string that ended it, and what its last token held behind it. */
  stop?: StopEvent | undefined;
  /** What `oneOf` came to. */
  choice?: Choice | undefined;
  warnings: readonly string[];
  /** `null` when the answer was stopped: the source says it at the end. */
  provenance: Provenance | null;
}

/** How a stop string ended an answer. */
export interface StopEvent {
  text: string;
  behind: string;
}

/** With --detect: a place of the answer that is suspected, as soon as that is sure. */
export interface FlagEvent extends Flag {
  type: "flag";
}

export const flagEvent = (flag: Flag): FlagEvent => ({ type: "flag", ...flag });

export interface ErrorEvent {
  type: "error";
  /** See docs/errors.md. */
  code: string;
  message: string;
  where?: string | undefined;
  wayOut?: string | undefined;
}

export function tokenEvent({ record, part, bytes, text, reading }: AnsweredToken): TokenEvent {
  const { alternatives, bytes: _, text: __, part: ___, ...rest } = record;
  return {
    type: "token",
    text,
    part,
    bytes: isText(bytes, text) ? undefined : [...bytes],
    ...rest,
    perplexity: reading.perplexity,
    alternatives: alternatives?.map(jsonRecord),
  };
}

/** @param answer one without a failure. */
export function doneEvent(answer: Answer): DoneEvent {
  const { text, reasoning, toolCall, tokens, scored, partial, warnings, reading, stoppedBy, end } = answer;
  const { parts } = reading;
  return {
    type: "done",
    prefill: answer.prefill || undefined,
    text,
    reasoning,
    toolCall,
    tokens,
    scored,
    partial,
    perplexity: reading.perplexity,
    parts: {
      answer: partOf(parts.answer),
      reasoning: partOf(parts.reasoning),
      "tool-call": partOf(parts["tool-call"]),
    },
    finishReason: stoppedBy ? "policy" : (end?.finishReason ?? "other"),
    stoppedBy: stoppedBy ?? undefined,
    stop: stopOf(answer),
    choice: end?.choice,
    warnings,
    provenance: end?.provenance ?? null,
  };
}

export function stopOf({ end }: Pick<Answer, "end">): StopEvent | undefined {
  return end?.stop && { text: end.stop.text, behind: end.stop.behind };
}

const partOf = (part: PartReading | null): PartOfDone | null =>
  part && { tokens: part.tokens, scored: part.scored, perplexity: part.perplexity };

export function errorEvent(error: unknown): ErrorEvent {
  const { code, what, where, wayOut } = partsOf(error);
  return { type: "error", code, message: what, where, wayOut };
}

/** A record as JSON: bytes only where a token is not UTF-8 on its own. */
export function jsonToken({ alternatives, ...record }: TokenRecord): JsonToken {
  return { ...jsonRecord(record), alternatives: alternatives?.map(jsonRecord) };
}

function jsonRecord({ bytes, ...record }: TokenRecord): JsonRecord {
  const { alternatives: _, ...rest } = record;
  return { ...rest, bytes: bytes && !isText(bytes, record.text) ? [...bytes] : undefined };
}

const encoder = new TextEncoder();

function isText(bytes: Uint8Array, text: string): boolean {
  const encoded = encoder.encode(text);
  return encoded.length === bytes.length && encoded.every((byte, i) => byte === bytes[i]);
}
