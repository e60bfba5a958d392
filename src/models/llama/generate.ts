/** Writing on from a prompt, one record per token. */
import { emptyTable, SurprisalError, type TokenRecord, tokenRecord } from "../../core/index.ts";
import { checkMaxTokens } from "../generation.ts";
import type { FinishReason, GenerateOptions, ModelSequence } from "../language-model.ts";
import { MarkedReasoning } from "../reasoning-marks.ts";
import { createSampler } from "../sampling.ts";
import type { RowReader } from "./row-reader.ts";
import type { LlamaVocabulary } from "./vocabulary.ts";

/**
 * Extends `sequence` by the prompt, then by what the sampler chooses, until the model ends, `maxTokens`, or the end of
 * the context, which is a "length" too.
 * @throws SurprisalError CONTEXT_EXCEEDED: the prompt alone does not fit.
 */
export async function* generateTokens(
  sequence: ModelSequence,
  reader: RowReader,
  vocabulary: LlamaVocabulary,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
): AsyncGenerator<TokenRecord, { finishReason: FinishReason; tokens: number }, void> {
  const { maxTokens = 256, alternatives = 0, signal } = options;
  checkMaxTokens(maxTokens);
  const sample = createSampler(options);
  const extend = async (ids: ArrayLike<number>): Promise<SurprisalError | null> => {
    try {
      await sequence.extend(ids, { signal });
      return null;
    } catch (error) {
      if (SurprisalError.isInstance(error) && error.code === "CONTEXT_EXCEEDED") return error;
      throw error;
    }
  };
  const full = await extend(prompt);
  if (full)
    throw new SurprisalError({
      code: "CONTEXT_EXCEEDED",
      what: `The ${prompt.length} tokens of the prompt do not fit into the model's context`,
      wayOut: "Shorten the prompt or the conversation, or load the model with a larger contextSize.",
      cause: full,
    });
  const marks = new MarkedReasoning(endOf(prompt, vocabulary));
  for (let written = 0; written < maxTokens; written++) {
    const distribution = sequence.next(); // [V] nats, before temperature: what is reported
    const id = sample(distribution);
    if (vocabulary.endsGeneration(id)) {
      yield* marks.flush();
      return { finishReason: "stop", tokens: written };
    }
    const bytes = vocabulary.piece(id);
    const table = emptyTable(Int32Array.of(id), Uint32Array.of(0, bytes.length), alternatives);
    reader.read(distribution, id, table, 0, alternatives);
    yield* marks.follow([tokenRecord(table, 0, bytes, (other) => vocabulary.piece(other))]);
    if (written + 1 < maxTokens && (await extend([id]))) {
      yield* marks.flush();
      return { finishReason: "length", tokens: written + 1 };
    }
  }
  yield* marks.flush();
  return { finishReason: "length", tokens: maxTokens };
}

/** Tokens of the prompt's end in which a template may have opened the thinking. */
const LONGEST_MARK = 16;

function endOf(prompt: ArrayLike<number>, vocabulary: LlamaVocabulary): string {
  const ids = Array.from(prompt).slice(-LONGEST_MARK);
  return ids.map((id) => new TextDecoder().decode(vocabulary.piece(id))).join("");
}
