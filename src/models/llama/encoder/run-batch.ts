/** Many texts in one decode call, and from the vectors of their tokens to one for each. */
import { SurprisalError } from "../../../core/index.ts";
import type { EmbeddingModel } from "../../embedding-model.ts";
import type { LlamaContext } from "../context.ts";

/** Numbers of the texts [first, end) that are run together. */
export interface TextBatch {
  first: number;
  end: number;
}

/** Fills batches in the order of the texts. @param lengths tokens of each text. @param tokens most of a batch, unless one text is longer. */
export function* batchesOf(lengths: readonly number[], tokens: number, texts: number): Generator<TextBatch> {
  let first = 0;
  let sum = 0;
  for (const [i, length] of lengths.entries()) {
    if (i > first && (sum + length > tokens || i - first === texts)) {
      yield { first, end: i };
      first = i;
      sum = 0;
    }
    sum += length;
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
