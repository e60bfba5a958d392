/** A pruning beside what it has to be better than, at no fewer tokens. */
import { invalidArgument } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { ReasoningChain } from "../chain.ts";
import type { ScoringOptions } from "../score/score-chains.ts";
import { pruneByBaselines, type StepPruning } from "./methods.ts";

/** Prunings with their baselines. */
export interface PruningComparison {
  /** Every pruning given, then full, shortest, and the mean of the random draws. */
  rows: ComparedPruning[];
  /** The single random draws. */
  draws: StepPruning[];
}

/** A row of a comparison. */
export interface ComparedPruning {
  name: string;
  steps: number;
  /** Of the steps. */
  tokens: number;
  /** exp of the mean -ln p of the answer's tokens; of several draws exp of the mean of their means. */
  answerPerplexity: number;
  chainPerplexity: number;
}

/** Options of `comparePrunings`. */
export interface ComparePruningsOptions extends ScoringOptions {
  /** Random draws, at least 1. Default 20. */
  draws?: number | undefined;
  /** Of the first draw; the others' follow. Default 0. */
  seed?: number | undefined;
}

/**
 * Baselines at equal tokens: the full chain, the shortest steps first, and random removal, each with at least as many tokens as
 * the first pruning has left.
 * @throws {SurprisalError} as `pruneSteps`
 */
export async function comparePrunings(
  model: LanguageModel,
  chain: ReasoningChain,
  prunings: readonly [StepPruning, ...StepPruning[]],
  { draws: count = 20, seed = 0, ...scoring }: ComparePruningsOptions = {},
): Promise<PruningComparison> {
  if (prunings.length === 0)
    throw invalidArgument("There is no pruning to compare", "prunings", "Give what pruneSteps gave back.");
  if (!Number.isInteger(count) || count < 1)
    throw invalidArgument(`${count} is no number of draws`, "draws", "Give an integer of at least 1.");
  const keep = { tokens: prunings[0].tokens.after };
  const random = Array.from({ length: count }, (_, i) => ({
    method: "random" as const,
    keep,
    seed: seed + i,
  }));
  const baselines = [{ method: "full" as const }, { method: "shortest" as const, keep }, ...random];
  const [full, shortest, ...draws] = await pruneByBaselines(model, chain, baselines, scoring);
  return { rows: [...[...prunings, full!, shortest!].map(rowOf), meanRow(draws)], draws };
}

const rowOf = ({ method, chain, tokens, after }: StepPruning): ComparedPruning => ({
  name: method,
  steps: chain.steps.length,
  tokens: tokens.after,
  answerPerplexity: after.answerPerplexity,
  chainPerplexity: after.chainPerplexity,
});

function meanRow(draws: readonly StepPruning[]): ComparedPruning {
  const mean = (of: (row: ComparedPruning) => number) =>
    draws.reduce((sum, draw) => sum + of(rowOf(draw)), 0) / draws.length;
  return {
    name: `random, mean of ${draws.length}`,
    steps: mean(({ steps }) => steps),
    tokens: mean(({ tokens }) => tokens),
    answerPerplexity: Math.exp(mean(({ answerPerplexity }) => Math.log(answerPerplexity))),
    chainPerplexity: Math.exp(mean(({ chainPerplexity }) => Math.log(chainPerplexity))),
  };
}
