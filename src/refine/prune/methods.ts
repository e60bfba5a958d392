/** Every way to prune one chain behind one interface: SPIRIT, its relatives, and what each has to be better than. */
import { invalidArgument, seededRandom } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { checkChain, type ReasoningChain, reasoningText, withoutSteps } from "../chain.ts";
import { danglingReferences, stepGraph } from "../graph/index.ts";
import { importancesOf, removals, type ScoreSummary, type StepImportance, summaryOf } from "../importance.ts";
import { checkScope, type MeasureScope } from "../score/measure.ts";
import {
  addParts,
  type ChainScore,
  type PartScore,
  type ScoringOptions,
  scoreChains,
} from "../score/score-chains.ts";
import { checkOneOf } from "./greedy.ts";
import { stepPurpose } from "./kinds.ts";
import { textsOf } from "./proposals.ts";
import { type PruneSampleOptions, pruneSample, SPIRIT_RECONSTRUCTIONS } from "./spirit-ft.ts";

/**
 * - "spirit": the least harmful step again and again, scored anew each time (`pruneSample`)
 * - "pir": only functional steps (`stepPurpose`), those first that the answer's perplexity misses least, scored once
 * - "step-entropy": the steps first that the model was surest of, scored once (Li and others 2025, arXiv 2508.03346)
 * - "token-budget": those first whose removal costs least per token, scored once: a knapsack filled greedily. Ours
 * - baselines: "full" removes nothing, "random" any step, "shortest" the shortest first
 */
export const PRUNE_METHODS = [
  "spirit",
  "pir",
  "step-entropy",
  "token-budget",
  "full",
  "random",
  "shortest",
] as const;
/** One of PRUNE_METHODS. */
export type PruneMethod = (typeof PRUNE_METHODS)[number];

/** What is to be left of a chain: one of these. */
export interface KeepTarget {
  /** Steps, at least 1. */
  steps?: number | undefined;
  /** At most so many tokens in the steps; baselines: at least, so that they are never worse off. */
  tokens?: number | undefined;
  /** As `tokens`, as a share of the full chain's, 0 ... 1. */
  share?: number | undefined;
}

/** Options of `pruneSteps`. */
export interface PruneStepsOptions extends ScoringOptions {
  method: PruneMethod;
  /** Needed by all but "full", and by "step-entropy", which keeps a fifth of the steps without it, as published. */
  keep?: KeepTarget | undefined;
  /** What importance is measured on, by "spirit" (default "chain", as published) and "token-budget" (default "rest"). */
  measure?: MeasureScope | undefined;
  /**
   * "refuse": a step that others refer to stays. Default: "refuse", of baselines "allow". Of "step-entropy" "allow" is as published.
   */
  dangling?: "refuse" | "allow" | undefined;
  /**
   * What is averaged over a step's tokens: "sampled" (default), -p ln p of the token itself, as the authors' public code does; "distribution",
   * the entropy of what it was predicted from, which the name promises.
   */
  entropy?: "sampled" | "distribution" | undefined;
  /** Of "random". Default 0. */
  seed?: number | undefined;
  /** Of "spirit": what `pruneSample` takes beside these. */
  spirit?: Pick<PruneSampleOptions, "merge" | "substitute" | "thresholds" | "against"> | undefined;
}

/** A chain, pruned by one of the methods. */
export interface StepPruning {
  method: PruneMethod;
  chain: ReasoningChain;
  reasoning: string;
  /** Original steps that are left, ascending. */
  kept: number[];
  /** Original steps that went, in the order in which they did. */
  removed: number[];
  /** [steps] what the method went by, lowest first to go; `null` where it may not go, or has no score. */
  scores: (number | null)[];
  tokens: { before: number; after: number };
  before: ScoreSummary;
  after: ScoreSummary;
  /** Whether as little is left as was asked for; steps that others refer to, or that are not functional, may keep it from that. */
  isReached: boolean;
  /** What of this is not the publication's, but ours. */
  reconstructed: string[];
  tokensRun: number;
}

/** Publications' points that are ours. */
const RECONSTRUCTED: Partial<Record<PruneMethod, string[]>> = {
  pir: [
    "classes: PIR has a large model class the steps, here it is done by cues (stepPurpose)",
    "score: the ratio of the answer's perplexities without and with the step; the published form is not known to us",
  ],
  "step-entropy": ["steps are taken out; the paper puts [SKIP] in their place"],
};

/** What of a method is not the publication's, but ours; a sentence each. */
export const reconstructionsOf = (method: PruneMethod): readonly string[] =>
  method === "spirit" ? SPIRIT_RECONSTRUCTIONS : (RECONSTRUCTED[method] ?? []);

/**
 * Prunes one chain.
 * @throws {SurprisalError} EMPTY_INPUT, NOTHING_TO_SCORE, CONTEXT_EXCEEDED, UNSUPPORTED_CAPABILITY, INVALID_ARGUMENT
 */
export async function pruneSteps(
  model: LanguageModel,
  chain: ReasoningChain,
  options: PruneStepsOptions,
): Promise<StepPruning> {
  const { method, measure = "rest", signal, parseSpecial } = options;
  if (!PRUNE_METHODS.includes(method))
    throw invalidArgument(
      `"${method}" is no way to prune`,
      "method",
      `Give one of ${PRUNE_METHODS.join(", ")}.`,
    );
  checkChain(chain, "chain");
  checkOptions(options);
  const score = (chains: readonly ReasoningChain[]) =>
    scoreChains(
      model,
      chains.map((each) => ({ ...each, where: "chain" })),
      { signal, parseSpecial },
    );
  if (method === "spirit") {
    // Only a share has to be made a number of tokens first.
    const known = options.keep?.share === undefined ? null : (await score([chain]))[0]!;
    return bySpirit(model, chain, options, targetOf(options, chain, known), known?.tokensRun ?? 0);
  }
  const isByRemoval = method === "pir" || method === "token-budget";
  const scored = await score(isByRemoval ? removals(chain) : [chain]);
  const full = scored[0]!;
  const tokensRun = scored.reduce((sum, each) => sum + each.tokensRun, 0);
  const target = targetOf(options, chain, full);
  const importances = isByRemoval ? importancesOf(chain, scored) : [];
  const scores = scoresOf(options, chain, full, importances, measure);
  const cut = takeOut(chain, scores, full.steps, target, options);
  const [after] = (await score([cut.chain])) as [ChainScore];
  return { ...pruningOf(chain, cut, options, target, full, after), tokensRun: tokensRun + after.tokensRun };
}

/** @throws {SurprisalError} INVALID_ARGUMENT, before anything is run */
function checkOptions({
  method,
  keep,
  measure = "rest",
  dangling,
  entropy,
  seed = 0,
}: PruneStepsOptions): void {
  checkScope(measure);
  checkOneOf(dangling, ["refuse", "allow"], "dangling");
  checkOneOf(entropy, ["sampled", "distribution"], "entropy");
  if (!Number.isFinite(seed)) throw invalidArgument(`${seed} is no seed`, "seed", "Give a whole number.");
  checkKeep(method, keep);
}

function checkKeep(method: PruneMethod, keep: KeepTarget | undefined): void {
  const given = Object.entries(keep ?? {}).filter(([, value]) => value !== undefined);
  if (method === "full" || (method === "step-entropy" && given.length === 0)) return;
  if (given.length !== 1 || !["steps", "tokens", "share"].includes(given[0]![0]))
    throw invalidArgument(
      "It is not said how much is to be left",
      "keep",
      "Give one of { steps }, { tokens }, { share }.",
    );
  const { steps, tokens, share } = keep!;
  if (steps !== undefined && !(Number.isInteger(steps) && steps >= 1))
    throw invalidArgument(`${steps} is no number of steps`, "keep.steps", "Give an integer of at least 1.");
  if (tokens !== undefined && !(Number.isFinite(tokens) && tokens >= 0))
    throw invalidArgument(`${tokens} is no number of tokens`, "keep.tokens", "Give a number of at least 0.");
  if (share !== undefined && !(Number.isFinite(share) && share >= 0 && share <= 1))
    throw invalidArgument(`${share} is no share`, "keep.share", "Give a number from 0 to 1.");
}

/** One of the baselines for each of several options, which need no scores of their own: all are scored in one call. */
export async function pruneByBaselines(
  model: LanguageModel,
  chain: ReasoningChain,
  options: readonly (PruneStepsOptions & { method: "full" | "random" | "shortest" })[],
  scoring: ScoringOptions,
): Promise<StepPruning[]> {
  for (const one of options) checkOptions(one);
  const [full] = (await scoreChains(model, [{ ...chain, where: "chain" }], scoring)) as [ChainScore];
  const cuts = options.map((one) => {
    const target = targetOf(one, chain, full);
    return {
      one,
      target,
      cut: takeOut(chain, scoresOf(one, chain, full, [], "answer"), full.steps, target, one),
    };
  });
  const scores = await scoreChains(
    model,
    cuts.map(({ cut }) => ({ ...cut.chain, where: "chain" })),
    scoring,
  );
  return cuts.map(({ one, target, cut }, i) => ({
    ...pruningOf(chain, cut, one, target, full, scores[i]!),
    tokensRun: scores[i]!.tokensRun,
  }));
}

/** A chain without the steps that went, in the order in which they did. */
interface CutChain {
  chain: ReasoningChain;
  removed: number[];
  scores: readonly (number | null)[];
}

function pruningOf(
  original: ReasoningChain,
  { chain, removed, scores }: CutChain,
  { method }: PruneStepsOptions,
  target: Target,
  before: ChainScore,
  after: ChainScore,
): Omit<StepPruning, "tokensRun"> {
  const tokens = { before: addParts(before.steps).tokens, after: addParts(after.steps).tokens };
  return {
    method,
    chain,
    reasoning: reasoningText(chain),
    kept: keptOf(original, removed),
    removed,
    scores: [...scores],
    tokens,
    before: summaryOf(before),
    after: summaryOf(after),
    isReached: isReached(target, chain.steps.length, tokens.after, isBaseline(method)),
    reconstructed: RECONSTRUCTED[method] ?? [],
  };
}

async function bySpirit(
  model: LanguageModel,
  chain: ReasoningChain,
  { measure, dangling, spirit = {}, signal, parseSpecial }: PruneStepsOptions,
  stop: Target,
  tokensRun: number,
): Promise<StepPruning> {
  const found = await pruneSample(model, chain, { ...spirit, stop, measure, dangling, signal, parseSpecial });
  const removed = found.rounds.map(({ step }) => step);
  return {
    method: "spirit",
    chain: found.chain,
    reasoning: found.reasoning,
    kept: keptOf(chain, removed),
    removed,
    scores: chain.steps.map(
      (_, i) => found.rounds[0]?.candidates.find(({ step }) => step === i)?.ratio ?? null,
    ),
    tokens: found.tokens,
    before: found.before,
    after: found.after,
    isReached: isReached(stop, found.chain.steps.length, found.tokens.after, false),
    reconstructed: found.reconstructed,
    tokensRun: tokensRun + found.tokensRun,
  };
}

/** What is to be left. */
interface Target {
  steps: number;
  tokens: number;
}

/** @param full scored; needed only of a share. */
function targetOf(
  { method, keep = {} }: PruneStepsOptions,
  chain: ReasoningChain,
  full: ChainScore | null,
): Target {
  const count = chain.steps.length;
  if (method === "full") return { steps: count, tokens: Number.MAX_SAFE_INTEGER };
  const { steps, tokens, share } = keep;
  if (steps !== undefined) return { steps: Math.min(steps, count), tokens: 0 };
  if (tokens !== undefined) return { steps: 1, tokens };
  if (share !== undefined && full)
    return { steps: 1, tokens: Math.floor(share * addParts(full.steps).tokens) };
  return { steps: Math.max(1, Math.ceil(count / 5)), tokens: 0 }; // of step entropy, as published
}

const isBaseline = (method: PruneMethod): boolean => ["full", "random", "shortest"].includes(method);

function isReached(
  { steps, tokens }: Target,
  leftSteps: number,
  leftTokens: number,
  isBase: boolean,
): boolean {
  return (isBase && tokens > 0) || leftSteps <= steps || (tokens > 0 && leftTokens <= tokens);
}

/** What each method goes by; the lowest goes first, `null` stays. */
function scoresOf(
  { method, entropy = "sampled", seed = 0 }: PruneStepsOptions,
  { steps }: ReasoningChain,
  full: ChainScore,
  importances: readonly StepImportance[],
  measure: MeasureScope,
): (number | null)[] {
  const random = seededRandom(seed);
  switch (method) {
    case "random":
      return steps.map(() => random());
    case "shortest":
      return full.steps.map(({ tokens }) => tokens);
    case "pir":
      return steps.map(({ text }, i) =>
        stepPurpose(text) === "progressive" ? null : importances[i]!.answer.ratio,
      );
    case "token-budget":
      return importances.map((one) =>
        one[measure].total === null ? null : one[measure].total / Math.max(1, one.tokens),
      );
    case "step-entropy":
      return full.steps.map((part) => entropyOf(part, entropy));
    default:
      return steps.map(() => null);
  }
}

function entropyOf(part: PartScore, which: "sampled" | "distribution"): number | null {
  if (part.tokens === 0) return 0;
  if (which === "sampled") return part.sampledEntropy / part.tokens;
  return part.entropy === null ? null : part.entropy / part.tokens;
}

/** Takes steps out from the lowest score on; one that has to stay for now is tried again when others are gone. */
function takeOut(
  chain: ReasoningChain,
  scores: readonly (number | null)[],
  sizes: readonly PartScore[],
  target: Target,
  { method, dangling = isBaseline(method) ? "allow" : "refuse" }: PruneStepsOptions,
): CutChain {
  const removed: number[] = [];
  const isKept = (i: number) => !removed.includes(i);
  const graph = dangling === "refuse" ? stepGraph(textsOf(chain), { given: chain.prompt }) : null;
  const order = [...scores.keys()]
    .filter((i) => scores[i] !== null)
    .sort((a, b) => scores[a]! - scores[b]! || a - b);
  let left = addParts(sizes).tokens;
  const isDone = () => chain.steps.length - removed.length <= target.steps || left <= target.tokens;
  while (!isDone()) {
    const next = order.find(
      (i) =>
        isKept(i) &&
        !(isBaseline(method) && left - sizes[i]!.tokens < target.tokens) &&
        (graph === null || danglingReferences(graph, (step) => step !== i && isKept(step)).length === 0),
    );
    if (next === undefined) break;
    removed.push(next);
    left -= sizes[next]!.tokens;
  }
  return {
    chain: { ...chain, steps: withoutSteps(chain.steps, (i) => removed.includes(i)) },
    removed,
    scores,
  };
}

const keptOf = ({ steps }: ReasoningChain, removed: readonly number[]): number[] =>
  [...steps.keys()].filter((i) => !removed.includes(i));
