/** DeepConf's confidence of a token: one place for all who need it. Internal to the package. */
import type { Alternative } from "../token.ts";

/**
 * C = -(1/k) Σ ln p over the first k alternatives, nats, >= 0: high where the distribution is peaked, since the others are
 * improbable then. Those without a number, or of probability 0, are left out; NaN where none is left. Values over different k
 * cannot be compared.
 * Source: Fu, Wang, Tian & Zhao 2025, "Deep Think with Confidence", arXiv 2508.15260, section 3.1.
 * @param alternatives best first.
 */
export function tokenConfidence(alternatives: readonly Alternative[], topK: number): number {
  const most = Math.min(alternatives.length, topK);
  let sum = 0;
  let k = 0;
  for (let i = 0; i < most; i++) {
    const { logprob } = alternatives[i]!;
    if (logprob == null || !(logprob > -Infinity)) continue;
    sum += logprob;
    k++;
  }
  return k === 0 ? Number.NaN : Math.max(0, 0 - sum / k);
}
