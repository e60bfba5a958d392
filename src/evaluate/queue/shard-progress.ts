/** What is told of a shard under way to whoever waits for it: each token once, however often its worker begins anew. */
import type { ScoreShardOptions, Shard, ShardScore } from "../harness/index.ts";
import { readProgress } from "./messages.ts";
import { decodeLogprobs } from "./wire.ts";

export class ShardProgress {
  readonly #shard: Shard;
  readonly #onSpan: ScoreShardOptions["onSpan"];
  /** Tokens that were told. */
  #reported = 0;
  #reportedRun = 0;

  constructor(shard: Shard, onSpan: ScoreShardOptions["onSpan"]) {
    this.#shard = shard;
    this.#onSpan = onSpan;
  }

  /** @param value what came as a worker's news; what is none is left out. */
  tell(value: unknown): void {
    const progress = readProgress(value);
    if (!this.#onSpan || this.#shard.parts.length > 1 || !progress) return;
    const { start, logprobs, tokensRun } = progress;
    const columns = decodeLogprobs(logprobs);
    const { range } = this.#shard.parts[0]!;
    if (start + columns.length > range.end - range.start || !columns.every((logprob) => !(logprob > 0)))
      return;
    const known = this.#reported - start;
    if (known < 0) return; // something before it did not arrive; the result has it
    if (columns.length > known) this.#report(columns.subarray(known), tokensRun);
  }

  /** What the result has beyond what was told; all of it the caller counts by itself. */
  tellRest({ parts, tokensRun }: ShardScore): void {
    if (this.#reported === 0) return;
    this.#report(parts[0]!.columns.logprobs.subarray(this.#reported), tokensRun);
  }

  #report(logprobs: Float64Array, tokensRun: number): void {
    const run = Math.max(0, tokensRun - this.#reportedRun);
    this.#reported += logprobs.length;
    this.#reportedRun += run;
    this.#onSpan?.({ logprobs, tokensRun: run });
  }
}
