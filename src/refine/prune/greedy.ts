/**
 * The loop that all of SPIRIT is: of everything that could be done, the least harmful, again and again, until a stop.
 * Few-shot (spirit-fs.ts) and per-sample (spirit-ft.ts) differ in what is scored.
 */
import { invalidArgument, type Resolved } from "../../core/index.ts";
import type { StepGraphOptions } from "../graph/index.ts";
import type { Merger } from "../merge/index.ts";
import { changeOf } from "../score/measure.ts";
import type { PartScore } from "../score/score-chains.ts";
import {
  type ChainSet,
  type CutKind,
  isRefusal,
  type Proposal,
  proposals,
  type Refusal,
  rewritten,
} from "./proposals.ts";

/** When it stops. Whatever comes first; at least one. */
export interface StopRules {
  /** No fewer steps than this, at least 1. Default 1. */
  steps?: number | undefined;
  /** Stops as soon as no more tokens than this are left in the steps. */
  tokens?: number | undefined;
  /** Never beyond this perplexity, as a multiple of the full chain's, more than 0. */
  ratio?: number | undefined;
}

/** The two thresholds of SPIRIT-FT: ratios of perplexities, after by before. */
export interface CutThresholds {
  /** Up to here a step is removed. */
  remove: number;
  /** Up to here it is merged, beyond it the pruning ends. At least `remove`. */
  merge: number;
}

/**
 * Thresholds where none are given. A **reconstruction**: the paper's values are not public. 5 and 25 % more perplexity than the full chain's.
 */
export const DEFAULT_THRESHOLDS: Readonly<CutThresholds> = { remove: 1.05, merge: 1.25 };

/** Options that SPIRIT-FS and SPIRIT-FT have in common. */
export interface GreedyOptions {
  /** Default: none but at least one step. */
  stop?: StopRules | undefined;
  /**
   * Default: `DEFAULT_THRESHOLDS`. Where `stop` names a target, none; with `merge` beside it, all beyond the first default is merged.
   */
  thresholds?: Partial<CutThresholds> | undefined;
  /**
   * What a ratio is taken to: "full" (default), the chain before anything was cut, so that harm does not add up unseen; "round", the chain of
   * the round before. Which the paper takes is not known: a reconstruction.
   */
  against?: "full" | "round" | undefined;
  /** "refuse" (default): no step is left that refers to a removed result. "allow": it may be. */
  dangling?: "refuse" | "allow" | undefined;
  /** Puts expressions in the place of results that would be missing. Default true. */
  substitute?: boolean | undefined;
  /**
   * Merges by writing anew, such as `rewriteMerger(model)`: steps between the thresholds, and below them those that others refer to, which
   * cannot simply go. Where it cannot, the next best step is tried. Default: none.
   */
  merge?: Merger | undefined;
  /** Items that steps state and use beyond those that are found, see `StepGraphOptions`. */
  items?: StepGraphOptions["items"];
  /** Told in every round, before anything is done, of what could be. */
  onCandidates?: ((candidates: readonly PruneCandidate[]) => void) | undefined;
  /** Told after every round. */
  onRound?: ((round: PruneRound) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What could have been done in a round. */
export interface PruneCandidate {
  /** Number of the original step, from 0. */
  step: number;
  kind: CutKind | "kept";
  /** Perplexity after by perplexity before, as `against` says; `null`: not scored, or both infinite. */
  ratio: number | null;
  /** Why it has to stay. */
  why?: string | undefined;
}

/** A round: what was done, and what could have been. */
export interface PruneRound {
  /** From 1. */
  round: number;
  /** Number of the original step that went. */
  step: number;
  kind: CutKind;
  /** Perplexity after by perplexity of the full chain. */
  ratio: number | null;
  /** Steps and tokens that are left; `null`: the model cannot count tokens. */
  steps: number;
  tokens: number | null;
  perplexity: number;
  /** Every step that was there before the round. */
  candidates: PruneCandidate[];
}

/** What evaluation says of a set of chains. */
export interface Evaluated {
  /** What is measured. @param from the step behind which something changed, for "rest". */
  part(from: number): PartScore;
  /** Tokens of the steps; `null` = not known. */
  tokens: number | null;
}

/** Scores sets in one call, in their order. */
export type Evaluate = (sets: readonly ChainSet[]) => Promise<Evaluated[]>;

/** What the loop ends with. */
export interface GreedyResult {
  set: ChainSet;
  before: Evaluated;
  after: Evaluated;
  rounds: PruneRound[];
  /** Why it ended, for people. */
  stopped: string;
  /** Why steps of the last set stay, by place in it; left out for those that no rule keeps. */
  stays: Map<number, string>;
}

/** @throws {SurprisalError} INVALID_ARGUMENT unless the value is left out or one of the words */
export function checkOneOf(value: unknown, words: readonly string[], where: string): void {
  if (value !== undefined && !words.some((word) => word === value))
    throw invalidArgument(
      `"${String(value)}" is none of its values`,
      where,
      `Give one of ${words.join(", ")}.`,
    );
}

/** @throws {SurprisalError} INVALID_ARGUMENT */
function checkedRules(options: GreedyOptions): {
  stop: Resolved<StopRules>;
  thresholds: CutThresholds;
} {
  const { stop = {}, thresholds, against, dangling, substitute, merge, items } = options;
  for (const [name, value] of Object.entries({ stop, thresholds }))
    if (value !== undefined && (typeof value !== "object" || value === null))
      throw invalidArgument(
        `${name} is no object`,
        name,
        "Give numbers by name, as docs/refining.md has them.",
      );
  for (const [name, value] of Object.entries({ merge, items }))
    if (value !== undefined && typeof value !== "function")
      throw invalidArgument(`${name} is no function`, name, "Give a function, such as rewriteMerger(model).");
  if (substitute !== undefined && typeof substitute !== "boolean")
    throw invalidArgument(`substitute is ${String(substitute)}`, "substitute", "Give true or false.");
  checkOneOf(against, ["full", "round"], "against");
  checkOneOf(dangling, ["refuse", "allow"], "dangling");
  const { steps = 1, tokens = 0, ratio = Number.POSITIVE_INFINITY } = stop;
  if (!Number.isInteger(steps) || steps < 1)
    throw invalidArgument(`${steps} is no number of steps`, "stop.steps", "Give an integer of at least 1.");
  if (!Number.isFinite(tokens) || tokens < 0)
    throw invalidArgument(`${tokens} is no number of tokens`, "stop.tokens", "Give a number of at least 0.");
  if (!isRatio(ratio))
    throw invalidArgument(
      `${ratio} is no ratio of perplexities`,
      "stop.ratio",
      "Give a number above 0, such as 1.1.",
    );
  const { remove, merge: most } = thresholdsOf(options);
  if (!(isRatio(remove) && isRatio(most) && most >= remove))
    throw invalidArgument(
      `${remove} and ${most} are no thresholds`,
      "thresholds",
      "Give ratios above 0 with remove <= merge, such as 1.05 and 1.25.",
    );
  return { stop: { steps, tokens, ratio }, thresholds: { remove, merge: most } };
}

const isRatio = (ratio: unknown): boolean => typeof ratio === "number" && ratio > 0;

/** Thresholds with their defaults, unchecked. */
function thresholdsOf({ stop = {}, thresholds = {}, merge }: GreedyOptions): CutThresholds {
  const given = { remove: thresholds.remove, merge: thresholds.merge };
  const hasTarget = stop.steps !== undefined || stop.tokens !== undefined || stop.ratio !== undefined;
  if (hasTarget && given.remove === undefined && given.merge === undefined)
    // With a target, all goes as far as it says; what a merger is for is told by the first threshold still.
    return { remove: merge ? DEFAULT_THRESHOLDS.remove : Infinity, merge: Infinity };
  const remove = given.remove ?? Math.min(DEFAULT_THRESHOLDS.remove, given.merge ?? Infinity);
  return { remove, merge: given.merge ?? Math.max(remove, DEFAULT_THRESHOLDS.merge) };
}

/** Cuts until a stop. */
export async function cutGreedily(
  first: ChainSet,
  evaluate: Evaluate,
  options: GreedyOptions,
): Promise<GreedyResult> {
  const { stop, thresholds } = checkedRules(options);
  const { against = "full", dangling = "refuse", substitute = true, merge, items, signal } = options;
  const { onCandidates, onRound } = options;
  const rules = { dangling, substitute, graph: { items } };
  let set = first;
  let [now] = (await evaluate([first])) as [Evaluated];
  const before = now;
  /** To the full chain; `null`: it cannot be said. */
  let cumulative: number | null = 1;
  /** The same, but to the first chain of a finite perplexity: nothing is a multiple of infinity. */
  let harm = 1;
  const rounds: PruneRound[] = [];
  const unwritable = new Map<string, Refusal>();
  for (;;) {
    const { proposed, refused, mergeable } = proposals(set, rules);
    const stays = new Map(refused.map(({ step, why }) => [step, why]));
    const end = (stopped: string): GreedyResult => ({ set, before, after: now, rounds, stopped, stays });
    if (set.origins.length <= stop.steps)
      return end(set.origins.length === 1 ? "1 step is left" : `${set.origins.length} steps are left`);
    if (now.tokens !== null && now.tokens <= stop.tokens) return end(`${now.tokens} tokens are left`);
    const tried = merge ? [...proposed, ...mergeable] : proposed;
    if (tried.length === 0) return end("every step that is left is referred to");
    const scored = await score(tried, now, evaluate);
    const own = (step: number) => set.origins[step]![0]!;
    const candidates = new Map<number, PruneCandidate>([
      ...refused.map(
        ({ step, why }) => [step, { step: own(step), kind: "kept" as const, ratio: null, why }] as const,
      ),
      ...scored.map(({ proposal: { step, kind, needed }, ratio }) => {
        const candidate = { step: own(step), kind: needed === undefined ? kind : ("kept" as const), ratio };
        return [step, needed === undefined ? candidate : { ...candidate, why: needed }] as const;
      }),
    ]);
    const inOrder = [...candidates.entries()].sort(([a], [b]) => a - b).map(([, candidate]) => candidate);
    onCandidates?.(inOrder);
    const shown = ({ ratio }: Scored) => (against === "full" ? times(harm, ratio) : ratio) ?? Infinity;
    const ordered = [...scored].sort((a, b) => compare(a.ratio ?? Infinity, b.ratio ?? Infinity));
    /** Why the least harmful step cannot go: what the pruning ends with unless another can. */
    let hindrance: string | null = null;
    let best: Scored | null = null;
    for (const each of ordered) {
      const { step, kind, needed } = each.proposal;
      const isMerged =
        kind === "removed" &&
        merge !== undefined &&
        (needed !== undefined || shown(each) > thresholds.remove);
      const limit = kind === "removed" && !isMerged ? thresholds.remove : thresholds.merge;
      if (shown(each) > limit) {
        hindrance ??= beyond(own(step), each, shown(each), kind === "removed" ? thresholds.remove : limit);
        continue;
      }
      if (!isMerged) best = each;
      else {
        const key = JSON.stringify(
          set.chains.map(({ steps }) => [
            step > 0 && steps[step - 1]!.text,
            steps[step]!.text,
            steps[step + 1]?.text,
          ]),
        );
        const result = unwritable.get(key) ?? (await rewritten(set, step, merge, rules, signal));
        const [again] = isRefusal(result) ? [] : await score([result], now, evaluate);
        if (again && shown(again) <= thresholds.merge) best = again;
        else {
          if (isRefusal(result)) unwritable.set(key, result);
          const why = isRefusal(result)
            ? result.why
            : `merged by the model the perplexity is ${written(shown(again!))} times as high`;
          hindrance ??= `step ${own(step) + 1} is ${needed === undefined ? "between the thresholds" : "referred to"}, and ${why}`;
        }
      }
      if (best) break;
    }
    if (!best) return end(hindrance ?? "no step can go");
    const { proposal, evaluated, ratio } = best;
    const next = times(cumulative, ratio);
    const total = ratio === 0 ? 1 : (times(harm, ratio) ?? harm);
    if (total > stop.ratio)
      return end(
        `without step ${own(proposal.step) + 1}, the least harmful, the perplexity is ${written(total)} times that of the full chain, more than ${written(stop.ratio)}`,
      );
    const round: PruneRound = {
      round: rounds.length + 1,
      step: own(proposal.step),
      kind: proposal.kind,
      ratio: next,
      steps: proposal.origins.length,
      tokens: evaluated.tokens,
      perplexity: Math.exp(evaluated.part(0).nll / evaluated.part(0).tokens),
      candidates: inOrder,
    };
    rounds.push(round);
    set = { chains: proposal.chains, origins: proposal.origins };
    [now, cumulative, harm] = [evaluated, next, total];
    onRound?.(round);
  }
}

/** @param step number of the original step */
function beyond(step: number, { ratio }: Scored, shown: number, limit: number): string {
  if (ratio === null)
    return `without step ${step + 1} the perplexity is infinite, as it is with it, so that nothing can be said of it`;
  return `without step ${step + 1}, the least harmful, the perplexity is ${written(shown)} times as high, more than ${written(limit)}`;
}

interface Scored {
  proposal: Proposal;
  evaluated: Evaluated;
  /** To the set that it was made from. */
  ratio: number | null;
}

async function score(proposed: readonly Proposal[], now: Evaluated, evaluate: Evaluate): Promise<Scored[]> {
  const evaluated = await evaluate(proposed);
  return proposed.map((proposal, i) => {
    const after = evaluated[i]!;
    const { ratio } = changeOf(now.part(proposal.step + 1), after.part(proposal.step));
    return { proposal, evaluated: after, ratio };
  });
}

const compare = (a: number, b: number): number => (a === b ? 0 : a - b);
const times = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : a * b;
const written = (ratio: number): string =>
  Number.isFinite(ratio) ? `${Math.round(ratio * 1000) / 1000}` : "infinitely";
