/** Writing on from a prompt, one record per token. */
import { emptyTable, type TokenRecord, tokenRecord } from "../../core/index.ts";
import { checkMaxTokens } from "../generation.ts";
import type { FinishReason, GenerateOptions, ModelSequence } from "../language-model.ts";
import { createSampler } from "../sampling.ts";
import type { RowReader } from "./row-reader.ts";
import type { LlamaVocabulary } from "./vocabulary.ts";

/** Extends `sequence` by the prompt, then by what the sampler chooses, until the model ends or `maxTokens`. */
export async function* generateTokens(
  sequence: ModelSequence,
  reader: RowReader,
  vocabulary: LlamaVocabulary,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
): AsyncGenerator<TokenRecord, { finishReason: FinishReason; tokens: number }, void> {
  const { maxTokens = 256, alternatives = 0, signal } = options;
  const scoring = signal ? { signal } : {};
  checkMaxTokens(maxTokens);
  const sample = createSampler(options);
  await sequence.extend(prompt, scoring);
  for (let written = 0; written < maxTokens; written++) {
    const distribution = sequence.next(); // [V] nats, before temperature: what is reported
    const id = sample(distribution);
    if (vocabulary.endsGeneration(id)) return { finishReason: "stop", tokens: written };
    const bytes = vocabulary.piece(id);
    const table = emptyTable(Int32Array.of(id), Uint32Array.of(0, bytes.length), alternatives);
    reader.read(distribution, id, table, 0, alternatives);
    yield tokenRecord(table, 0, bytes, (other) => vocabulary.piece(other));
    if (written + 1 < maxTokens) await sequence.extend([id], scoring);
  }
  return { finishReason: "length", tokens: maxTokens };
}
