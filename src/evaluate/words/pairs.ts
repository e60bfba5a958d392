/** Minimal pairs: which of two texts a model finds likelier, and by how much. */
import { documentBootstrap, pythonTrimEnd, SurprisalError, wilsonInterval } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { wordSpans } from "./segment.ts";

/** Two texts that differ in what is tested; the first is the better one. */
export interface MinimalPair {
  good: string;
  bad: string;
  /** Read in front of both, and not scored. Default: nothing. */
  given?: string | undefined;
  /** Pairs of one condition are summarised together. Default: none. */
  condition?: string | undefined;
}

/**
 * By what the two are compared:
 * - "sum": ln p of the whole text (BLiMP, lm-eval's `acc`; minicons' `sequence_score` with a sum).
 * - "mean": ln p per token (minicons' default reduction).
 * - "word": ln p per word, what stands between white space.
 */
export type PairRule = "sum" | "mean" | "word";
/** The names of `PairRule`, the default first. */
export const PAIR_RULES: readonly [PairRule, PairRule, PairRule] = ["sum", "mean", "word"];

/** Options of `scorePairs`. */
export interface ScorePairsOptions {
  /** Default "sum". */
  rule?: PairRule | undefined;
  /** What joins a context and its texts. Default: a space, unless one of them brings white space. */
  separator?: string | undefined;
  /** How many texts are scored, of how many. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A pair and its numbers, nats; `null` = a token has no number. */
export interface ScoredPair {
  /** ln p of each text. */
  goodLogprob: number | null;
  badLogprob: number | null;
  goodTokens: number;
  badTokens: number;
  /** Of the good one less the bad one, by the rule: above 0 where the model is right. */
  difference: number | null;
  /** difference > 0: a tie is not right. */
  correct: boolean | null;
}

/** Pairs of a condition, or all. */
export interface PairSummary {
  pairs: number;
  /** Pairs without a number, which count in nothing. */
  unscored: number;
  /** Pairs in which both were equal; they count as wrong. */
  ties: number;
  correct: number;
  /** Share of the scored pairs that are right, 0 ... 1; `null` when none was scored. */
  accuracy: number | null;
  /** Wilson's interval of it at 95 %. */
  accuracyLow: number | null;
  accuracyHigh: number | null;
  /** Mean difference, nats by the rule. */
  difference: number | null;
  /** Percentile interval of it at 95 %, bootstrap over pairs; `null` for fewer than two. */
  differenceLow: number | null;
  differenceHigh: number | null;
}

/**
 * Scores pairs in the order they are given. A text without a context is predicted behind BOS (else EOS), as lm-eval does.
 * @throws SurprisalError EMPTY_INPUT without a pair, or naming the pair whose text holds nothing; and what `model.score` throws.
 */
export async function scorePairs(
  model: LanguageModel,
  pairs: readonly MinimalPair[],
  { rule = "sum", separator, onProgress, signal }: ScorePairsOptions = {},
): Promise<ScoredPair[]> {
  const nothing = (where?: string) =>
    new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There is nothing to compare",
      where,
      wayOut: "Give two texts for each pair.",
    });
  if (pairs.length === 0) throw nothing();
  const requests = pairs.flatMap(({ good, bad, given = "" }, i) =>
    [good, bad].map((text) => {
      if (!/\S/u.test(text)) throw nothing(`pair ${i}`);
      if (given === "") return { context: "", continuation: text };
      const between = separator ?? (/\s$/u.test(given) || /^\s/u.test(text) ? "" : " ");
      const bare = pythonTrimEnd(given); // white space at its end stands in front of the text
      return { context: bare, continuation: given.slice(bare.length) + between + text };
    }),
  );
  const sums: { logprob: number | null; tokens: number }[] = [];
  for await (const { logprob, tokens } of model.score(requests, { signal })) {
    sums.push({ logprob, tokens: tokens.length });
    onProgress?.({ done: sums.length, total: requests.length });
  }
  const by = (text: string, { logprob, tokens }: { logprob: number | null; tokens: number }) => {
    if (logprob === null || rule === "sum") return logprob;
    return logprob / (rule === "mean" ? tokens : wordSpans(text).length);
  };
  return pairs.map((pair, i) => {
    const [good, bad] = [sums[2 * i]!, sums[2 * i + 1]!];
    const [a, b] = [by(pair.good, good), by(pair.bad, bad)];
    const difference = a === null || b === null ? null : a === b ? 0 : a - b;
    return {
      goodLogprob: good.logprob,
      badLogprob: bad.logprob,
      goodTokens: good.tokens,
      badTokens: bad.tokens,
      difference,
      correct: difference === null ? null : difference > 0,
    };
  });
}

/** Accuracy and mean difference of scored pairs, with their intervals. */
export function summarisePairs(scored: readonly ScoredPair[]): PairSummary {
  const differences = scored.flatMap(({ difference }) => (difference === null ? [] : [difference]));
  const n = differences.length;
  const correct = differences.filter((difference) => difference > 0).length;
  const share = n > 0 ? wilsonInterval(correct, n) : null;
  const mean = n > 0 ? differences.reduce((sum, one) => sum + one, 0) / n : null;
  const spread = documentBootstrap(differences, new Float64Array(n).fill(1));
  return {
    pairs: scored.length,
    unscored: scored.length - n,
    ties: differences.filter((difference) => difference === 0).length,
    correct,
    accuracy: n > 0 ? correct / n : null,
    accuracyLow: share?.low ?? null,
    accuracyHigh: share?.high ?? null,
    difference: mean,
    differenceLow: spread?.low ?? null,
    differenceHigh: spread?.high ?? null,
  };
}
