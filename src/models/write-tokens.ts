/** Writing on, one record per token, for every model whose distributions are at hand. */
import { abortError, type DistributionShape, distributionShape, type TokenRecord } from "../core/index.ts";
import type { FinishReason, GenerateOptions, GenerationEnd } from "./language-model.ts";
import { OneOf, type TokenPieces } from "./one-of.ts";
import { Penalties } from "./penalties.ts";
import type { MarkedReasoning } from "./reasoning-marks.ts";
import { createSampler } from "./sampling.ts";
import { StopStrings } from "./stop-strings.ts";

/** A model that stands behind the prompt. */
export interface WritingSource {
  readonly pieces: TokenPieces;
  /** [V] ln p of the next token, nats: what is reported. */
  distribution(): Float32Array;
  /** [V] the model's own logits of the next token. */
  logits(): Float32Array;
  /** Runs a token. @returns false: the context is full. */
  extend(id: number): Promise<boolean>;
  /** The record of a token. @param distribution [V] what `distribution` gave. */
  record(id: number, distribution: Float32Array, alternatives: number): TokenRecord;
  /** Of the distribution that `record` was given last, where there is a faster way than `distributionShape`. */
  shape?(): DistributionShape;
}

/** What is known at the end. `tokens`: the records. */
export type Written = Pick<GenerationEnd, "finishReason" | "stop" | "choice"> & { tokens: number };

/**
 * Writes what the sampler chooses, until the model ends, a stop string, `maxTokens`, or the end of the context, which is a
 * "length" too.
 * @param prompt tokens that `source` has run: penalties look at them.
 * @param options checked (generate-options.ts).
 * @param marks where the model thinks between marks.
 */
export async function* writeTokens(
  source: WritingSource,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
  marks?: MarkedReasoning,
): AsyncGenerator<TokenRecord, Written, void> {
  const { maxTokens = 256, alternatives = 0, shape = false, signal } = options;
  const sample = createSampler(options);
  const penalties = new Penalties(options, prompt);
  const stops = new StopStrings(options.stop ?? []);
  const oneOf = options.oneOf && new OneOf(options.oneOf, source.pieces);
  let tokens = 0;
  const certain = (records: readonly TokenRecord[]): readonly TokenRecord[] => {
    tokens += records.length;
    return marks ? marks.follow(records) : records;
  };
  let finishReason: FinishReason = "length";
  let stop: Written["stop"];
  for (let written = 0; written < maxTokens; written++) {
    const distribution = source.distribution();
    if (signal?.aborted) throw abortError("Generating", signal);
    const row = penalties.off ? distribution : penalties.apply(source.logits());
    const id = oneOf ? oneOf.choose(row, distribution, sample) : sample(row);
    if (id === null || source.pieces.endsGeneration(id)) {
      finishReason = "stop";
      break;
    }
    penalties.accept(id);
    const record = source.record(id, distribution, alternatives);
    if (shape) record.shape = source.shape?.() ?? distributionShape(distribution, "logprobs");
    const { records, match } = stops.push(record);
    for (const record of certain(records)) yield record;
    if (match) stop = match;
    if (match || oneOf?.done) {
      finishReason = "stop";
      break;
    }
    if (written + 1 < maxTokens && !(await source.extend(id))) break;
  }
  if (!stop) for (const record of certain(stops.flush())) yield record;
  for (const record of marks?.flush() ?? []) yield record;
  return { finishReason, tokens, ...(stop && { stop }), ...(oneOf && { choice: oneOf.choice }) };
}
