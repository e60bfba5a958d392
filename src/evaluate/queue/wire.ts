/** Shards, their scores and errors as JSON. Columns of numbers travel as base64 of their bytes, little-endian. */
import {
  ERROR_CODES,
  type ErrorCode,
  SurprisalError,
  type TokenColumns,
  type TokenRange,
  type WindowPlan,
} from "../../core/index.ts";
import type { PartScore, Shard, ShardPart, ShardScore } from "../harness/index.ts";

interface WirePart {
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
}

interface WireScore {
  documentIndex: number;
  start: number;
  /** [n] float64 ln p, [n] float64 entropies, [n] int32 ranks. */
  columns: string;
}

export interface WireShardScore {
  parts: WireScore[];
  tokensRun: number;
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
export function encodeShard({ parts }: Shard): WireShard {
  return { parts: parts.map((part) => encodePart(part, parts.length === 1)) };
}

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

/** The shard as its worker sees it: documents begin at `base`. */
export function decodeShard({ parts }: WireShard): Shard {
  return {
    parts: parts.map(({ documentIndex, ids, plan, range }) => ({
      documentIndex,
      ids: new Int32Array(base64ToBytes(ids)),
      plan,
      range,
    })),
  };
}

export function encodeScore({ parts, tokensRun }: ShardScore): WireShardScore {
  return {
    parts: parts.map(({ documentIndex, start, columns: { logprobs, entropies, ranks } }) => ({
      documentIndex,
      start,
      columns: bytesToBase64(logprobs, entropies, ranks),
    })),
    tokensRun,
  };
}

/** @param shard that was scored: says where its parts begin. @throws SurprisalError WIRE_MALFORMED */
export function decodeScore(score: WireShardScore, shard: Shard): ShardScore {
  const parts = shard.parts.map((part, i): PartScore => {
    const { documentIndex, start, columns } = score.parts?.[i] ?? {
      documentIndex: -1,
      start: 0,
      columns: "",
    };
    const decoded = decodeColumns(columns);
    const from = start + (shard.parts.length === 1 ? neededTokens(part.plan).start : 0);
    const { logprobs } = decoded;
    const fits =
      documentIndex === part.documentIndex && from >= 0 && from + logprobs.length <= part.ids.length;
    if (!fits || logprobs.length === 0) throw malformed();
    return { documentIndex, start: from, columns: decoded };
  });
  return { parts, tokensRun: score.tokensRun };
}

function malformed(): SurprisalError {
  return new SurprisalError({
    code: "WIRE_MALFORMED",
    what: "A worker's answer does not belong to its shard",
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

const ERROR_PREFIX = "surprisal.error/1 ";

/** An error as the one line that a failed job carries. */
export function encodeError(error: unknown): string {
  if (!SurprisalError.isInstance(error)) return error instanceof Error ? error.message : String(error);
  const { code, what, where, wayOut } = error;
  return ERROR_PREFIX + JSON.stringify({ code, what, where, wayOut });
}

/** The worker's error again. @returns `null` when the line is none. */
export function decodeError(line: string): SurprisalError | null {
  if (!line.startsWith(ERROR_PREFIX)) return null;
  const { code, what, where, wayOut } = JSON.parse(line.slice(ERROR_PREFIX.length));
  const known = (ERROR_CODES as readonly string[]).includes(code) ? (code as ErrorCode) : "INTERNAL";
  return new SurprisalError({ code: known, what, where, wayOut });
}
