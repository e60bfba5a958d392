/** Shards, their scores and errors as JSON. Columns of numbers travel as base64 of their bytes, little-endian. */
import {
  ERROR_CODES,
  SurprisalError,
  type TokenColumns,
  type TokenRange,
  tokensRun,
  type WindowPlan,
} from "../../core/index.ts";
import { visible } from "../../text/index.ts";
import type { PartScore, Shard, ShardPart, ShardScore } from "../harness/index.ts";
import { checksumOf } from "../runs/index.ts";
import { readScore, readShard } from "./messages.ts";

export interface WirePart {
  documentIndex: number;
  /** Document index of the first id here; plan and range count from it. */
  base: number;
  /** [n] int32. */
  ids: string;
  plan: WindowPlan;
  range: TokenRange;
}

export interface WireShard {
  parts: WirePart[];
  /** Of the parts. */
  check: string;
}

export interface WireScore {
  documentIndex: number;
  start: number;
  /** [n] float64 ln p, [n] float64 entropies, [n] int32 ranks. */
  columns: string;
}

export interface WireShardScore {
  parts: WireScore[];
  tokensRun: number;
  /** Of all this and the shard's own check: it is this shard's result, and whole. */
  check: string;
}

/** What a shard has come to, sent now and then while it is worked on. */
export interface WireProgress {
  /** As in WirePart: counted from `base`. */
  start: number;
  /** [m] float64 ln p of the tokens that were scored since the last time. */
  logprobs: string;
  /** Since the shard was begun. */
  tokensRun: number;
}

/**
 * The plan's steps are left as they are, so the model runs the batches that it would run here; only the tokens that no
 * step needs stay behind.
 */
export function encodeShard(shard: Shard): WireShard {
  const parts = shard.parts.map((part) => encodePart(part, shard.parts.length === 1));
  return { parts, check: checkOfShard(parts) };
}

/** Against damage and mistakes, not against somebody who makes numbers up: who can write a result can write its check. */
const checkOfShard = (parts: readonly WirePart[]): string =>
  checksumOf(
    JSON.stringify(
      parts.map(({ documentIndex, base, ids, plan, range }) => [documentIndex, base, ids, plan, range]),
    ),
  );

const checkOfScore = ({ parts, tokensRun }: Omit<WireShardScore, "check">, shard: string): string =>
  checksumOf(
    JSON.stringify([
      shard,
      tokensRun,
      parts.map(({ documentIndex, start, columns }) => [documentIndex, start, columns]),
    ]),
  );

function encodePart({ documentIndex, ids, plan, range }: ShardPart, slice: boolean): WirePart {
  const needed = slice ? neededTokens(plan) : { start: 0, end: ids.length };
  const base = needed.start;
  return {
    documentIndex,
    base,
    ids: bytesToBase64(ids.subarray(needed.start, needed.end)),
    plan: {
      ...plan,
      tokens: needed.end - base,
      steps: plan.steps.map((step) => ({
        ...step,
        run: moved(step.run, -base),
        score: moved(step.score, -base),
      })),
    },
    range: moved(range, -base),
  };
}

/** Document tokens that a step runs or scores. */
function neededTokens({ steps }: WindowPlan): TokenRange {
  let [start, end] = [Number.POSITIVE_INFINITY, 0];
  for (const { run, score } of steps) {
    start = Math.min(start, run.start, score.start);
    end = Math.max(end, run.end, score.end);
  }
  return { start, end };
}

const moved = ({ start, end }: TokenRange, by: number): TokenRange => ({ start: start + by, end: end + by });

/**
 * The shard as its worker sees it: documents begin at `base`.
 * @throws SurprisalError WIRE_MALFORMED
 */
export function decodeShard(value: unknown): Shard {
  const shard = readShard(value);
  if (shard === null || shard.check !== checkOfShard(shard.parts))
    throw malformed("A shard in the queue is none");
  return {
    parts: shard.parts.map(({ documentIndex, ids, plan, range }) => ({
      documentIndex,
      ids: new Int32Array(base64ToBytes(ids)),
      plan,
      range,
    })),
  };
}

/** @param shard the check of the shard that was scored. */
export function encodeScore({ parts, tokensRun }: ShardScore, shard = ""): WireShardScore {
  const score = {
    parts: parts.map(({ documentIndex, start, columns: { logprobs, entropies, ranks } }) => ({
      documentIndex,
      start,
      columns: bytesToBase64(logprobs, entropies, ranks),
    })),
    tokensRun,
  };
  return { ...score, check: checkOfScore(score, shard) };
}

/**
 * @param value a worker's answer, as it came.
 * @param shard that was scored: the answer has its parts, and as many numbers as their ranges.
 * @param check the check with which it was sent.
 * @throws SurprisalError WIRE_MALFORMED
 */
export function decodeScore(value: unknown, shard: Shard, check = ""): ShardScore {
  const score = readScore(value);
  if (score?.parts.length !== shard.parts.length || score.check !== checkOfScore(score, check))
    throw malformed();
  if (score.tokensRun > mostTokensRun(shard)) throw malformed();
  const parts = shard.parts.map((part, i): PartScore => {
    const { documentIndex, start, columns } = score.parts[i]!;
    const decoded = decodeColumns(columns);
    const from = start + (shard.parts.length === 1 ? neededTokens(part.plan).start : 0);
    const { start: first, end } = part.range;
    const fits =
      documentIndex === part.documentIndex && from === first && from + decoded.logprobs.length === end;
    if (!fits || !areNumbers(decoded)) throw malformed();
    return { documentIndex, start: from, columns: decoded };
  });
  return { parts, tokensRun: score.tokensRun };
}

/** Log-probabilities are at most 0, entropies at least 0, ranks from 1 on; NaN and 0 are missing. */
function areNumbers({ logprobs, entropies, ranks }: TokenColumns): boolean {
  return (
    logprobs.every((logprob) => !(logprob > MOST_LOGPROB)) &&
    entropies.every((entropy) => !(entropy < -MOST_LOGPROB) && entropy !== Number.POSITIVE_INFINITY) &&
    ranks.every((rank) => rank >= 0)
  );
}

/** Whether every token that a step scores has a number, and no other has one: a missing number would be a token less. */
export function hasAllNumbers({ parts }: ShardScore, shard: Shard): boolean {
  return parts.every(({ columns: { logprobs } }, i) => {
    const { plan, range } = shard.parts[i]!;
    const isScored = new Uint8Array(logprobs.length);
    for (const { score } of plan.steps) isScored.fill(1, score.start - range.start, score.end - range.start);
    return logprobs.every((logprob, at) => Number.isNaN(logprob) === (isScored[at] === 0));
  });
}

/** Short documents that share batches are run whole, at most. */
function mostTokensRun({ parts }: Shard): number {
  return parts.reduce(
    (sum, { plan, ids }) => sum + Math.max(tokensRun(plan), plan.steps[0]!.prefix.length + ids.length),
    0,
  );
}

/** What rounding makes of 0. */
const MOST_LOGPROB = 1e-6;

function malformed(what = "A worker's answer does not belong to its shard"): SurprisalError {
  return new SurprisalError({
    code: "WIRE_MALFORMED",
    what,
    wayOut: "Something else writes into this Redis; give surprisal a database of its own (redis://host/1).",
  });
}

const COLUMN_BYTES = 20; // per token

function decodeColumns(base64: string): TokenColumns {
  const bytes = base64ToBytes(base64);
  const n = bytes.byteLength / COLUMN_BYTES;
  if (!Number.isInteger(n)) throw malformed();
  return {
    logprobs: new Float64Array(bytes, 0, n),
    entropies: new Float64Array(bytes, 8 * n, n),
    ranks: new Int32Array(bytes, 16 * n, n),
    alternatives: null,
  };
}

export function encodeProgress(
  start: number,
  logprobs: readonly Float64Array[],
  tokensRun: number,
): WireProgress {
  return { start, logprobs: bytesToBase64(...logprobs), tokensRun };
}

export const decodeLogprobs = (base64: string): Float64Array => new Float64Array(base64ToBytes(base64));

function bytesToBase64(...columns: (Int32Array | Float64Array)[]): string {
  return Buffer.concat(
    columns.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  ).toString("base64");
}

function base64ToBytes(base64: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = Buffer.from(base64, "base64");
  return (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength); // aligned
}

/** Characters of an error. */
const LONGEST_TEXT = 5000;
const ERROR_PREFIX = "surprisal.error/1 ";

/** An error as the one line that a failed job carries. */
export function encodeError(error: unknown): string {
  if (!SurprisalError.isInstance(error)) return error instanceof Error ? error.message : String(error);
  const { code, what, where, wayOut } = error;
  return ERROR_PREFIX + JSON.stringify({ code, what, where, wayOut });
}

/** Whether it is meant to be an error of ours. */
export const isErrorLine = (line: string): boolean => line.startsWith(ERROR_PREFIX);

/** The worker's error again. @returns `null` when the line is none. */
export function decodeError(line: string): SurprisalError | null {
  if (!line.startsWith(ERROR_PREFIX)) return null;
  let error: Record<string, unknown> | null;
  try {
    error = JSON.parse(line.slice(ERROR_PREFIX.length));
  } catch {
    return null;
  }
  if (
    typeof error !== "object" ||
    error === null ||
    typeof error.code !== "string" ||
    typeof error.what !== "string"
  )
    return null;
  const known = ERROR_CODES.find((code) => code === error?.code) ?? "INTERNAL";
  const text = (value: unknown) =>
    typeof value === "string" ? visible(value.slice(0, LONGEST_TEXT)) : undefined;
  return new SurprisalError({
    code: known,
    what: text(error.what) ?? "",
    where: text(error.where),
    wayOut: text(error.wayOut),
  });
}
