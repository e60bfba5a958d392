/** What "harm" means: how much worse a model predicts something once a step is gone. */
import { invalidArgument } from "../../core/index.ts";
import { addParts, type ChainScore, type PartScore } from "./score-chains.ts";

/**
 * - "answer" (default): the answer alone, as in PIR (Xiao and others 2025, arXiv 2505.19187). Its tokens are the same before and after.
 * - "chain": steps that are left, frame and answer: the perplexity of SPIRIT (Cui and others 2025, arXiv 2502.13260) as digests of the
 *   paper describe it. The removed step's own tokens are gone from it, so the mean shifts even where nothing is lost.
 * - "rest": what stands behind the step: the same tokens before and after, so nothing shifts. Ours. Of several steps: behind the first.
 */
export const MEASURES = ["answer", "chain", "rest"] as const;
/** One of MEASURES. */
export type MeasureScope = (typeof MEASURES)[number];

/** Before and after, over the tokens that a measure looks at. */
export interface Change {
  /** Mean -ln p per token after, less before, nats; `null`: both are infinite. */
  mean: number | null;
  /** Σ -ln p after, less before, nats; `null`: both are infinite. */
  total: number | null;
  /** Perplexity after by perplexity before: exp(mean); `null`: both are infinite. */
  ratio: number | null;
}

/** @throws {SurprisalError} INVALID_ARGUMENT */
export function checkScope(scope: MeasureScope): void {
  if (!MEASURES.includes(scope))
    throw invalidArgument(`"${scope}" is no measure`, "measure", `Give one of ${MEASURES.join(", ")}.`);
}

/** What changed from one part to another. Two parts of no tokens are alike. */
export function changeOf(before: PartScore, after: PartScore): Change {
  const total = difference(before.nll, after.nll);
  const mean = difference(meanOf(before), meanOf(after));
  return { mean, total, ratio: mean === null ? null : Math.exp(mean) };
}

/** Mean -ln p per token, nats; 0 of no tokens. */
export const meanOf = ({ nll, tokens }: PartScore): number => (tokens === 0 ? 0 : nll / tokens);

function difference(before: number, after: number): number | null {
  return before === after && !Number.isFinite(before) ? null : after - before;
}

/**
 * The part of a score that a measure looks at.
 * @param from for "rest": the first step behind the place where something changed.
 */
export function partOf(score: ChainScore, scope: MeasureScope, from = 0): PartScore {
  if (scope === "answer") return score.answer;
  if (scope === "chain") return score.chain;
  return addParts([...score.steps.slice(from), score.frame, score.answer]);
}
