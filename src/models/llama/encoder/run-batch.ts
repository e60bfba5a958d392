/** Many texts in one decode call, and from the vectors of their tokens to one for each. */
import { SurprisalError } from "../../../core/index.ts";
import type { EmbeddingModel } from "../../embedding-model.ts";
import type { LlamaContext } from "../context.ts";

/** Numbers of the texts [first, end) that are run together. */
export interface TextBatch {
  first: number;
  end: number;
}

/** What batches are filled by. */
export interface BatchLimits {
  /** Tokens of a batch at most, unless one text is longer. */
  most: number;
  /** Texts of a batch at most. */
  texts: number;
  /** Batches that are run at once: work for fewer of them is divided evenly. */
  places: number;
}

/** Batches of fewer tokens leave the kernels idle: they cost more than another core gains. */
const LEAST_TOKENS = 128;

/** Cuts texts into batches, in their order. @param lengths tokens of each text. */
export function* batchesOf(lengths: readonly number[], limits: BatchLimits): Generator<TextBatch> {
  const { most, texts, places } = limits;
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const count = Math.max(Math.ceil(total / most), Math.min(places, Math.floor(total / LEAST_TOKENS)));
  let before = 0;
  let made = 0;
  let first = 0;
  let sum = 0;
  for (const [i, length] of lengths.entries()) {
    // Where most of a text lies beyond the batch's share of all, it goes into the next.
    const enough = before + length / 2 > ((made + 1) * total) / count;
    if (i > first && (enough || sum + length > most || i - first === texts)) {
      yield { first, end: i };
      made++;
      first = i;
      sum = 0;
    }
    sum += length;
    before += length;
  }
  if (first < lengths.length) yield { first, end: lengths.length };
}

/**
 * Texts never see each other: every one is a sequence of its own.
 * @param context with room for all tokens.
 * @returns [texts][rowLength]
 */
export async function runBatch(
  context: LlamaContext,
  texts: readonly Int32Array[],
  pooling: EmbeddingModel["pooling"],
  normalise: boolean,
  signal: AbortSignal | undefined,
): Promise<Float32Array[]> {
  context.clear();
  for (const [sequence, ids] of texts.entries()) {
    const sequences = [sequence];
    for (const [position, id] of ids.entries()) context.add(id, position, sequences, true);
  }
  await context.decode(signal);
  const vectors: Float32Array[] = [];
  let row = 0;
  for (const { length } of texts) {
    const [from, to] =
      pooling === "cls"
        ? [row, row + 1]
        : pooling === "last"
          ? [row + length - 1, row + length]
          : [row, row + length];
    vectors.push(pooled(context, from, to, normalise));
    row += length;
  }
  return vectors;
}

/** The mean of the rows [from, to), of length 1 where that is wanted and it is not zero. */
function pooled(context: LlamaContext, from: number, to: number, normalise: boolean): Float32Array {
  const sum = new Float64Array(context.shape.rowLength);
  for (let row = from; row < to; row++) {
    const values = context.row(row);
    for (let d = 0; d < sum.length; d++) sum[d]! += values[d]!;
  }
  let squares = 0;
  for (let d = 0; d < sum.length; d++) {
    sum[d]! /= to - from;
    squares += sum[d]! * sum[d]!;
  }
  if (!Number.isFinite(squares))
    throw new SurprisalError({
      code: "ENGINE_FAILED",
      what: "The model gave a vector that is not made of finite numbers",
      wayOut: "Compare the file's sha256 with its source's, or get another conversion of the model.",
    });
  const length = normalise && squares > 0 ? Math.sqrt(squares) : 1;
  return Float32Array.from(sum, (value) => value / length);
}
