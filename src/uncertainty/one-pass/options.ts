/** What the estimators of one pass are told. */
import { invalidArgument, TOKEN_PARTS, type TokenPart } from "../../core/index.ts";
import type { JudgeEntailment } from "./claim-conditioned.ts";

/** Options of `startEstimators` and `estimateTokens`. Those that a method has no use for do nothing to it. */
export interface OnePassOptions {
  /** The parts of an answer that count. Default: ["answer"]; what was thought before it and calls of tools do not. */
  parts?: readonly TokenPart[] | undefined;
  /** V, the upper end of what is known from alternatives only; `null` when unknown. Default null. */
  vocabularySize?: number | null | undefined;
  /** Most alternatives that enter a token's DeepConf confidence, and a normalised entropy; at least 1. Default 20. */
  topK?: number | undefined;
  /**
   * Tokens in a DeepConf group, and in its tail; 1 ... 1,000,000. Default 128, as in `PerplexityMeter`: answers of a few hundred tokens
   * would never fill the 2,048 of the paper.
   */
  window?: number | undefined;
  /** Whether one word follows from another or contradicts it, for claim-conditioned probability. Default: there is none. */
  entailment?: JudgeEntailment | undefined;
  /** What claim-conditioned probability compares: words alone (the default), or the answer up to each of them. */
  entailmentOf?: "words" | "beginnings" | undefined;
  /** Tokens that claim nothing, such as "the": claim-conditioned probability counts them as certain. Default: none. */
  isFunctionWord?: ((word: string) => boolean) | undefined;
}

/** `undefined`: whoever reads it has a default of its own. */
export interface CheckedOptions extends OnePassOptions {
  parts: readonly TokenPart[];
  vocabularySize: number | null;
}

const LONGEST_WINDOW = 1_000_000;

/** @throws SurprisalError INVALID_ARGUMENT */
export function checkOptions(options: OnePassOptions): CheckedOptions {
  const { parts = ["answer"], vocabularySize = null, topK = 20, window = 128 } = options;
  requireWhole(topK, "topK", 1, Number.MAX_SAFE_INTEGER);
  requireWhole(window, "window", 1, LONGEST_WINDOW);
  if (vocabularySize !== null) requireWhole(vocabularySize, "vocabularySize", 1, Number.MAX_SAFE_INTEGER);
  const unknown = parts.filter((part) => !TOKEN_PARTS.includes(part));
  if (parts.length === 0 || unknown.length > 0)
    throw invalidArgument(
      unknown.length > 0
        ? `${JSON.stringify(unknown[0])} is no part of an answer`
        : "No part of the answer is left",
      "parts",
      `Give some of ${TOKEN_PARTS.join(", ")}.`,
    );
  return { ...options, parts, vocabularySize };
}

function requireWhole(value: number, where: string, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const allowed = most === LONGEST_WINDOW ? `from ${least} to ${most}` : `of at least ${least}`;
  throw invalidArgument(`${value} is not allowed here`, where, `Give an integer ${allowed}.`);
}
