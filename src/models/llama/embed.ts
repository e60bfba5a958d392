/** Mean-pooled embeddings: the average of the final hidden states of a text's tokens. */
import type { LlamaContext } from "./context.ts";

const SEQUENCE = [0];

/**
 * The mean over all tokens, whatever the number of batches (llama.cpp's own pooling averages one batch only).
 * @param context made with `embeddings`; its contents are dropped.
 * @returns [width] not normalised.
 */
export async function meanPooled(
  context: LlamaContext,
  ids: ArrayLike<number>,
  width: number,
  signal?: AbortSignal,
): Promise<Float32Array> {
  context.clear();
  const sum = new Float64Array(width);
  for (let i = 0; i < ids.length; ) {
    const first = i;
    while (i < ids.length && context.room > 0) context.add(ids[i]!, i++, SEQUENCE, true);
    await context.decode(signal);
    for (let row = 0; row < i - first; row++) {
      const state = context.row(row);
      for (let d = 0; d < width; d++) sum[d]! += state[d]!;
    }
  }
  return Float32Array.from(sum, (total) => total / ids.length);
}
