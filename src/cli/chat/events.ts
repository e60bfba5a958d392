/** The event lines of `surprisal chat --json`: one JSON object a line. Fields are only ever added. */
import type { PolicyEvent, TokenRecord } from "../../core/index.ts";
import type { FinishReason, Provenance } from "../../models/index.ts";
import { partsOf } from "../errors.ts";
import type { Answer, AnsweredToken } from "./answer.ts";

type JsonRecord = Omit<TokenRecord, "bytes" | "alternatives"> & { bytes?: number[] | undefined };

export interface TokenEvent extends JsonRecord {
  type: "token";
  /** The characters this token completes; the texts of all tokens, joined, are the answer. */
  text: string;
  /** The token's own bytes, where they are not `text`: it is a part of a character. */
  bytes?: number[] | undefined;
  /** ln p, nats; `null` when the source did not say. */
  logprob: number | null;
  /** Of the answer so far; `null` while no token carries a number. */
  perplexity: number | null;
  alternatives?: JsonRecord[] | undefined;
}

export interface DoneEvent {
  type: "done";
  text: string;
  /** Tokens written, as the source counts them. */
  tokens: number;
  /** Tokens that carry a number. */
  scored: number;
  /** Some token carries no number, so the perplexity is that of the others. */
  partial: boolean;
  perplexity: number | null;
  /** "policy": see `stoppedBy`. */
  finishReason: FinishReason | "policy";
  stoppedBy?: PolicyEvent | undefined;
  warnings: readonly string[];
  /** `null` when the answer was stopped: the source says it at the end. */
  provenance: Provenance | null;
}

export interface ErrorEvent {
  type: "error";
  /** See docs/errors.md. */
  code: string;
  message: string;
  where?: string | undefined;
  wayOut?: string | undefined;
}

export function tokenEvent({ record, bytes, text, reading }: AnsweredToken): TokenEvent {
  const { alternatives, bytes: _, text: __, ...rest } = record;
  return {
    type: "token",
    text,
    bytes: isText(bytes, text) ? undefined : [...bytes],
    ...rest,
    perplexity: reading.perplexity,
    alternatives: alternatives?.map(jsonRecord),
  };
}

/** @param answer one without a failure. */
export function doneEvent(answer: Answer): DoneEvent {
  const { text, tokens, scored, partial, warnings, reading, stoppedBy, end } = answer;
  return {
    type: "done",
    text,
    tokens,
    scored,
    partial,
    perplexity: reading.perplexity,
    finishReason: stoppedBy ? "policy" : (end?.finishReason ?? "other"),
    stoppedBy: stoppedBy ?? undefined,
    warnings,
    provenance: end?.provenance ?? null,
  };
}

export function errorEvent(error: unknown): ErrorEvent {
  const { code, what, where, wayOut } = partsOf(error);
  return { type: "error", code, message: what, where, wayOut };
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
