/** How far the distributions of two models are apart, place by place, on as many threads as the models have. */
import { DivergenceKernel } from "../../core/index.ts";
import { KernelThreads, type LanguageModel, type ScoredSpan } from "../../models/index.ts";

/** Numbers of neighbouring places. */
export interface PairNumbers {
  /** [n] KL(p‖q), nats. */
  divergences: Float64Array;
  /** [n] id of the most probable token of p, of q. */
  topOfP: Int32Array;
  topOfQ: Int32Array;
}

export class PairDivergences {
  readonly #kernel: DivergenceKernel;
  readonly #threads: KernelThreads;
  readonly #size: number;

  private constructor(kernel: DivergenceKernel, threads: KernelThreads, size: number) {
    this.#kernel = kernel;
    this.#threads = threads;
    this.#size = size;
  }

  /** @param size tokens that both vocabularies have: the first ones. */
  static async create(models: readonly LanguageModel[], size: number): Promise<PairDivergences> {
    const threads = Math.max(...models.map(({ execution }) => execution.threads ?? 1));
    return new PairDivergences(
      await DivergenceKernel.create(size),
      KernelThreads.of("divergence", threads, size, 0),
      size,
    );
  }

  /** Places [i, i + length) of p's span against places [j, j + length) of q's. */
  measure(p: ScoredSpan, i: number, q: ScoredSpan, j: number, length: number): PairNumbers {
    const numbers = {
      divergences: new Float64Array(length),
      topOfP: new Int32Array(length),
      topOfQ: new Int32Array(length),
    };
    const write = (at: number, divergence: number, topOfP: number, topOfQ: number) => {
      numbers.divergences[at] = divergence;
      numbers.topOfP[at] = topOfP;
      numbers.topOfQ[at] = topOfQ;
    };
    const pair = (at: number) => [rowOf(p, i + at, this.#size), rowOf(q, j + at, this.#size)] as const;
    this.#threads.run({
      count: length,
      k: 0,
      job: (at) => {
        const rows = pair(at);
        return { rows: rows.map(({ row }) => row), given: rows.map(({ logSumExp }) => logSumExp) };
      },
      here: (at) => {
        const kernel = this.#kernel;
        const [rowOfP, rowOfQ] = pair(at);
        kernel.p.set(rowOfP.row);
        kernel.q.set(rowOfQ.row);
        kernel.measure(rowOfP.logSumExp, rowOfQ.logSumExp);
        write(at, kernel.divergence, kernel.topOfP, kernel.topOfQ);
      },
      take: (at, { found }) => write(at, found[0]!, found[1]!, found[2]!),
    });
    return numbers;
  }
}

/**
 * The first `length` logits of place `i` of a span, and their log-sum-exp: the tokens that a larger vocabulary has behind
 * them are taken out of it.
 */
function rowOf({ distributions, logprobs }: ScoredSpan, i: number, length: number) {
  const { logits, logSumExps } = distributions!;
  const size = logits.length / logprobs.length;
  let beyond = 0; // probability
  for (let at = i * size + length; at < (i + 1) * size; at++)
    beyond += Math.exp(logits[at]! - logSumExps[i]!);
  return {
    row: logits.subarray(i * size, i * size + length),
    logSumExp: beyond === 0 ? logSumExps[i]! : logSumExps[i]! + Math.log1p(-beyond),
  };
}
