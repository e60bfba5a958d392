/** Results to accuracies and their errors. */
import { createHash } from "node:crypto";
import { documentBootstrap, invalidArgument, wilsonInterval } from "../../core/index.ts";
import type { ChoiceScore, TaskResult } from "./task-result.ts";

/**
 * By what the most likely choice is told:
 * - "acc": ln p (lm-eval's `acc`).
 * - "accNorm": ln p per character, a Unicode code point of the choice without its delimiter (lm-eval's `acc_norm`).
 * - "accBytes": ln p per UTF-8 byte of the same (lm-eval's `acc_bytes`).
 * - "accNormTokens": mean ln p of the tokens after the beginning that all choices share (what llama.cpp prints as
 *   acc_norm under --hellaswag and --multiple-choice).
 *
 * Of equal ones the first counts, in both tools.
 * Sources: lm-eval 0.4.13, lm_eval/api/task.py, `process_results` (`completion_len`, `byte_length`, `np.argmax`);
 * llama.cpp 050fc7f, tools/perplexity/perplexity.cpp, `hellaswag_score` and `multiple_choice_score`
 * (`ending_logprob_count`, the loops "Find the ending with maximum logprob").
 */
export type AccuracyRule = "acc" | "accNorm" | "accBytes" | "accNormTokens";

/** A share of items and how sure it is. */
export interface Accuracy {
  /** Share of the items that were judged, 0 ... 1; `null` when none was. */
  value: number | null;
  correct: number;
  /** Items judged: those whose numbers are all there. */
  items: number;
  /** Sample standard deviation / sqrt(n): lm-eval's `mean_stderr`; `null` for fewer than two items. */
  standardError: number | null;
  /** Wilson's score interval at 95 %, as llama.cpp prints under --hellaswag; `null` without an item. */
  interval: { low: number; high: number; level: number } | null;
  /** Items in which the best two choices were equal, so that the first of them was taken. */
  ties: number;
}

/** A perplexity over items. */
export interface TargetPerplexity {
  /** exp of the mean of -ln p(target | context) over items (not tokens), as lm-eval's `perplexity` for LAMBADA. */
  value: number;
  /**
   * Of the value, by the bootstrap over items and the delta method; `null` for fewer than two. (lm-eval takes the
   * standard deviation of resampled perplexities, which is larger where the error is.)
   */
  standardError: number | null;
  /** Percentile interval at 95 %; `null` for fewer than two items. */
  interval: { low: number; high: number; level: number } | null;
}

interface SummaryBase {
  /** Items seen. */
  items: number;
  /** Items with a choice that carries no number: they count in nothing. */
  unscored: number;
  /** Items that could not be asked: they count in nothing. Runs of older versions lack it: none. */
  refused?: number | undefined;
  /** Items whose prompt lost its beginning, since it was longer than the model's context. Runs of older versions lack it. */
  cut?: number | undefined;
  /** Tokens run through the model. */
  tokensRun: number;
  /** sha256 over the items' own, in order: what was asked. Lower-case hex. */
  sha256: string;
}

/** What a task of several choices says about a model. */
export interface MultipleChoiceSummary extends SummaryBase {
  kind: "multiple-choice";
  accuracies: Record<AccuracyRule, Accuracy>;
  /** What guessing would give: mean of 1 / choices; `null` without an item. */
  chance: number | null;
}

/** What a task with one target per item says about a model. */
export interface TargetSummary extends SummaryBase {
  kind: "target";
  /** The model would have written the target itself, token for token: lm-eval's `acc` for LAMBADA. */
  accuracy: Accuracy;
  /** `null` when no item was scored. */
  perplexity: TargetPerplexity | null;
  /** exp of Σ -ln p / Σ tokens over the targets; `null` when no item was scored. */
  perplexityPerToken: number | null;
}

/** What a task says about a model. */
export type TaskSummary = MultipleChoiceSummary | TargetSummary;

const LEVEL = 0.95;

/**
 * The choice a model takes by a rule, and whether another one is as good.
 * @returns `null` when the number of a choice is missing.
 */
export function predict(
  { choices }: TaskResult,
  rule: AccuracyRule,
): { choice: number; tied: boolean } | null {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  let tied = false;
  for (const [i, choice] of choices.entries()) {
    const value = scoreOf(choice, rule);
    if (value === null) return null;
    if (best < 0 || value > most) {
      best = i;
      most = value;
      tied = false;
    } else if (value === most) tied = true;
  }
  return best < 0 ? null : { choice: best, tied };
}

function scoreOf({ logprob, characters, bytes, distinct }: ChoiceScore, rule: AccuracyRule): number | null {
  if (logprob === null || rule === "acc") return logprob;
  if (rule === "accNormTokens") return distinct.logprob! / distinct.tokens; // a part of what is known
  return logprob / (rule === "accNorm" ? characters : bytes);
}

/**
 * The numbers of a task, from its results in order, be they fresh or read back from JSON.
 * @throws SurprisalError INVALID_ARGUMENT for no results, or results of different kinds.
 */
export function summarise(results: Iterable<TaskResult>): TaskSummary {
  const all = [...results];
  const kind = all[0]?.kind;
  if (kind === undefined || all.some((result) => result.kind !== kind))
    throw invalidArgument(
      kind === undefined ? "There are no results" : "The results are of different kinds of tasks",
      "results",
      "Give the results of one task.",
    );
  const digest = createHash("sha256");
  for (const { sha256 } of all) digest.update(sha256);
  const base = {
    items: all.length,
    unscored: all.filter(({ choices }) => choices.some(({ logprob }) => logprob === null)).length,
    refused: all.filter(({ problem }) => problem !== undefined).length,
    cut: all.filter(({ cutTokens = 0 }) => cutTokens > 0).length,
    tokensRun: all.reduce((sum, { tokensRun }) => sum + tokensRun, 0),
    sha256: digest.digest("hex"),
  };
  return kind === "multiple-choice" ? multipleChoice(all, base) : target(all, base);
}

function multipleChoice(results: readonly TaskResult[], base: SummaryBase): MultipleChoiceSummary {
  const of = (rule: AccuracyRule): Accuracy => {
    const judged = results.flatMap((result) => {
      const answer = predict(result, rule);
      return answer ? [{ correct: answer.choice === result.label, tied: answer.tied }] : [];
    });
    return accuracy(judged.length, count(judged, "correct"), count(judged, "tied"));
  };
  return {
    kind: "multiple-choice",
    ...base,
    accuracies: {
      acc: of("acc"),
      accNorm: of("accNorm"),
      accBytes: of("accBytes"),
      accNormTokens: of("accNormTokens"),
    },
    chance: mean(results.flatMap(({ choices }) => (choices.length === 0 ? [] : [1 / choices.length]))),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function count<Key extends string>(list: readonly Record<Key, boolean>[], key: Key): number {
  return list.filter((entry) => entry[key]).length;
}

function target(results: readonly TaskResult[], base: SummaryBase): TargetSummary {
  const targets = results.flatMap(({ choices }) => choices); // one, or none where it could not be asked
  const greedy = targets.filter(({ greedy }) => greedy !== null);
  const scored = targets.filter(({ logprob }) => logprob !== null);
  const nlls = scored.map(({ logprob }) => -logprob!);
  const nll = nlls.reduce((sum, value) => sum + value, 0);
  const tokens = scored.reduce((sum, target) => sum + target.tokens, 0);
  return {
    kind: "target",
    ...base,
    accuracy: accuracy(greedy.length, greedy.filter((target) => target.greedy).length, 0),
    perplexity: scored.length === 0 ? null : perplexity(nlls, Math.exp(nll / scored.length)),
    perplexityPerToken: scored.length === 0 ? null : Math.exp(nll / tokens),
  };
}

function perplexity(nlls: readonly number[], value: number): TargetPerplexity {
  const bootstrap = documentBootstrap(
    nlls,
    nlls.map(() => 1),
    { level: LEVEL },
  );
  if (!bootstrap) return { value, standardError: null, interval: null };
  const { low, high, standardError } = bootstrap;
  return {
    value,
    standardError: Number.isFinite(value) ? standardError * value : null,
    interval: { low: Math.exp(low), high: Math.exp(high), level: LEVEL },
  };
}

/**
 * Sources: lm-eval 0.4.13, lm_eval/api/metrics.py, `mean_stderr` and `sample_stddev` (for values of 0 and 1 it is
 * sqrt(p (1-p) / (n-1))); Wilson 1927, as in llama.cpp's hellaswag_score.
 */
function accuracy(items: number, correct: number, ties: number): Accuracy {
  if (items === 0) return { value: null, correct, items, standardError: null, interval: null, ties };
  const value = correct / items;
  return {
    value,
    correct,
    items,
    standardError: items < 2 ? null : Math.sqrt((value * (1 - value)) / (items - 1)),
    interval: { ...wilsonInterval(correct, items), level: LEVEL },
    ties,
  };
}
