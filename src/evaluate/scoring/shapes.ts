/** Shapes of the distributions that scored tokens were predicted from. Internal to this folder. */
import { type DistributionShape, LogitKernel } from "../../core/index.ts";
import type { ScoredSpan } from "../../models/index.ts";

export class Shapes {
  /** [tokens] */
  readonly list: (DistributionShape | null)[];
  #kernel: LogitKernel | null = null;

  constructor(tokens: number) {
    this.list = new Array<DistributionShape | null>(tokens).fill(null);
  }

  /** @param span with its distributions. */
  async read({ start, logprobs, distributions }: ScoredSpan): Promise<void> {
    if (!distributions || logprobs.length === 0) return;
    const { logits } = distributions;
    const V = logits.length / distributions.logSumExps.length;
    this.#kernel ??= await LogitKernel.create(V, 0);
    const kernel = this.#kernel;
    for (const [i, logprob] of logprobs.entries()) {
      if (Number.isNaN(logprob)) continue;
      kernel.row.set(logits.subarray(i * V, (i + 1) * V));
      kernel.analyse(-1, 0);
      this.list[start + i] = kernel.shape();
    }
  }
}
