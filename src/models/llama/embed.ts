/** Mean-pooled embeddings: the average of the final hidden states of a text's tokens. */
import { SurprisalError } from "../../core/index.ts";
import { checkLength } from "../checks.ts";
import type { LanguageModel } from "../language-model.ts";
import type { LlamaContext } from "./context.ts";
import type { ContextPool } from "./context-pool.ts";

const SEQUENCE = [0];

/**
 * The mean over all tokens, whatever the number of batches (llama.cpp's own pooling averages one batch only).
 * @param context made with `embeddings`; its contents are dropped.
 * @returns [width] not normalised.
 */
async function meanPooled(
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

/**
 * The embeddings of texts, in one context that is made for the longest of them and freed at the end.
 * @param width of a hidden state.
 * @returns [texts][width] not normalised.
 * @throws SurprisalError EMPTY_INPUT, CONTEXT_EXCEEDED, ABORTED
 */
export async function embedTexts(
  model: LanguageModel,
  contexts: ContextPool,
  width: number,
  texts: readonly string[],
  { signal }: { signal?: AbortSignal | undefined },
): Promise<Float32Array[]> {
  const encoded = [];
  let longest = 1;
  for (const [i, text] of texts.entries()) {
    const { ids } = await model.tokenize(text, { addSpecial: true });
    if (ids.length === 0)
      throw new SurprisalError({
        code: "EMPTY_INPUT",
        what: "A text without tokens has no embedding",
        where: `text ${i}`,
      });
    checkLength(model, ids.length, `text ${i}`);
    longest = Math.max(longest, ids.length);
    encoded.push(ids);
  }
  const context = await contexts.create({
    cells: longest,
    sequences: 1,
    rowLength: width,
    output: "embeddings",
  });
  try {
    const pooled = [];
    for (const ids of encoded) pooled.push(await meanPooled(context, ids, width, signal));
    return pooled;
  } finally {
    await contexts.free(context);
  }
}
