/** One sample of a data set: its steps weighed, cut by one of the methods, and beside what that has to be better than. */
import { SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { checkChain, type ReasoningChain } from "../chain.ts";
import { type ImportanceReport, stepImportance } from "../importance.ts";
import {
  type ComparedPruning,
  comparePrunings,
  type KeepTarget,
  type PrunedSample,
  type PruneMethod,
  type PruneSampleOptions,
  type PruneStepsOptions,
  pruneSample,
  pruneSteps,
  type StepFate,
  type StepPruning,
} from "../prune/index.ts";
import { meanOf } from "../score/measure.ts";
import { type ChainScore, scoreChains } from "../score/score-chains.ts";
import type { RefinedSample, SampleHead, SampleReport } from "./report.ts";
import { type AskOptions, type CutSample, chainOfSample, type SampleRow } from "./sample.ts";

/** Options of a sample of a data set: of asking, of pruning, and of what is done where that cannot be. */
export interface RefineSampleOptions
  extends AskOptions,
    Omit<PruneSampleOptions, "where" | "onRound">,
    Pick<PruneStepsOptions, "entropy" | "seed"> {
  /** Default "spirit". */
  method?: PruneMethod | undefined;
  /** What is to be left; needed by all methods but "spirit", "full" and "step-entropy". */
  keep?: KeepTarget | undefined;
  /** A sample that cannot be refined is written as it was, or left out. Default "keep". */
  unrefined?: "keep" | "drop" | undefined;
  /** A sample whose answer the model finds no likelier behind the steps than without them: left as it is (default), or refined all the same. */
  unfollowed?: "leave" | "refine" | undefined;
  /** Samples (the first ones) that baselines are scored on. Default all. */
  baselineSamples?: number | undefined;
  /** Random draws for each. Default 20. */
  draws?: number | undefined;
}

/** What is wrong with a sample and not with the model or the settings. */
const OF_SAMPLES: readonly string[] = ["CONTEXT_EXCEEDED", "NOTHING_TO_SCORE", "EMPTY_INPUT"];

/**
 * Refines one sample. What cannot be refined (no steps, too long, no answer, an answer that does not follow) comes back with the reason.
 * @throws {SurprisalError} what is wrong with the model or the settings: UNSUPPORTED_CAPABILITY, INVALID_ARGUMENT, SERVER_UNREACHABLE, ...
 */
export async function refineSample(
  model: LanguageModel,
  row: SampleRow,
  options: RefineSampleOptions = {},
): Promise<SampleReport> {
  const head: SampleHead = { index: row.index, id: row.id, where: row.where };
  const left = (code: string, message: string): SampleReport => ({
    ...{ outcome: options.unrefined === "drop" ? "dropped" : "kept", ...head, code, message },
  });
  const { sample } = row;
  if (sample instanceof SurprisalError) return left(sample.code, sample.what);
  let chain: CutSample;
  try {
    chain = chainOfSample(sample, model, options);
    checkChain(chain, row.where);
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    return left(error.code, error.what);
  }
  try {
    const importance = await stepImportance(model, chain, options);
    const { full, bare } = importance;
    const follows = Number.isFinite(full.answerNll) && full.answerNll < bare.answerNll;
    if (!follows && options.unfollowed !== "refine")
      return left(
        "ANSWER_DOES_NOT_FOLLOW",
        importance.warnings.at(-1) ?? "The answer is no likelier behind the steps than without them",
      );
    const refined = await refineChain(model, chain, importance, row.index, { ...options, where: row.where });
    return { outcome: "refined", ...head, layout: sample.layout, ...refined };
  } catch (error) {
    if (!SurprisalError.isInstance(error) || !OF_SAMPLES.includes(error.code)) throw error;
    return left(error.code, error.what);
  }
}

type Refined = Omit<RefinedSample, keyof SampleHead | "outcome" | "layout">;

async function refineChain(
  model: LanguageModel,
  { by, why, ...chain }: CutSample,
  importance: ImportanceReport,
  index: number,
  options: RefineSampleOptions & { where: string },
): Promise<Refined> {
  const { draws = 20, seed = 0, baselineSamples = Number.POSITIVE_INFINITY } = options;
  const pruning = await pruneBy(model, chain, importance, options);
  const [own] = (await scoreChains(model, [{ ...chain, where: options.where }], options)) as [ChainScore];
  const compared =
    index < baselineSamples
      ? await comparePrunings(model, chain, [pruning.asSteps], {
          ...{
            draws,
            seed: seed + index * draws,
            signal: options.signal,
            parseSpecial: options.parseSpecial,
          },
        })
      : null;
  const { before, after, tokens } = pruning.asSteps;
  return {
    ...{ by, byWhy: why, prompt: chain.prompt, frame: chain.frame, answer: chain.answer },
    steps: pruning.fates.map((fate, i) => {
      const { answer, chain: whole, rest, tokens: count } = importance.steps[i]!;
      const surprisal = count === 0 ? null : meanOf(own.steps[i]!);
      return { ...fate, tokens: count, surprisal, importance: { answer, chain: whole, rest } };
    }),
    rounds: pruning.rounds.map(({ candidates: _, ...round }) => round),
    ...{ stopped: pruning.stopped, before, after, tokens, warnings: importance.warnings },
    baselines: compared?.rows ?? null,
    ...(compared && { draws: compared.draws.map(drawOf) }),
    tokensRun:
      importance.tokensRun +
      own.tokensRun +
      pruning.asSteps.tokensRun +
      (compared?.draws.reduce((sum, { tokensRun }) => sum + tokensRun, 0) ?? 0),
  };
}

const drawOf = ({ method, chain, tokens, after }: StepPruning): ComparedPruning => ({
  ...{ name: method, steps: chain.steps.length, tokens: tokens.after },
  ...{ answerPerplexity: after.answerPerplexity, chainPerplexity: after.chainPerplexity },
});

/** A pruning in both forms: as SPIRIT tells of it, and as all methods do. */
interface Pruning extends Pick<PrunedSample, "rounds" | "stopped"> {
  fates: StepFate[];
  asSteps: StepPruning;
}

async function pruneBy(
  model: LanguageModel,
  chain: ReasoningChain,
  importance: ImportanceReport,
  options: RefineSampleOptions & { where: string },
): Promise<Pruning> {
  const { method = "spirit", keep, measure, dangling, entropy, seed, signal, parseSpecial } = options;
  if (method === "spirit") {
    const stop = keep === undefined ? options.stop : { ...options.stop, ...stopOf(keep, importance) };
    const pruned = await pruneSample(model, chain, { ...options, stop });
    return { ...pruned, fates: pruned.steps, asSteps: asSteps(chain, pruned) };
  }
  const all = { method, keep, measure, dangling, entropy, seed, signal, parseSpecial };
  const pruned = await pruneSteps(model, chain, all);
  const stopped = pruned.isReached
    ? `${pruned.kept.length} steps with ${pruned.tokens.after} tokens are left`
    : "every step that is left has to stay";
  return {
    ...{ rounds: [], stopped, asSteps: pruned },
    fates: chain.steps.map(({ text }, step): StepFate => {
      const isKept = pruned.kept.includes(step);
      const why = isKept
        ? pruned.scores[step] === null
          ? `"${method}" takes no such step`
          : stopped
        : WHY[method];
      return {
        step,
        text,
        fate: isKept ? "kept" : "removed",
        now: isKept ? text : null,
        round: null,
        ratio: null,
        why,
      };
    }),
  };
}

const WHY: Readonly<Record<PruneMethod, string>> = {
  spirit: "the least harmful step of its round",
  pir: "a functional step, among those that the answer misses least",
  "step-entropy": "among the steps that the model was surest of",
  "token-budget": "among the steps whose removal costs least per token",
  full: "",
  random: "by chance",
  shortest: "among the shortest steps",
};

function stopOf(
  { steps, tokens, share }: KeepTarget,
  { steps: all }: ImportanceReport,
): PruneSampleOptions["stop"] {
  const count = all.reduce((sum, step) => sum + step.tokens, 0);
  return { steps, tokens: tokens ?? (share === undefined ? undefined : Math.floor(share * count)) };
}

function asSteps({ steps }: ReasoningChain, pruned: PrunedSample): StepPruning {
  const removed = pruned.rounds.map(({ step }) => step);
  return {
    ...{ method: "spirit", chain: pruned.chain, reasoning: pruned.reasoning },
    ...{
      kept: [...steps.keys()].filter((i) => !removed.includes(i)),
      removed,
      scores: steps.map(() => null),
    },
    ...{ tokens: pruned.tokens, before: pruned.before, after: pruned.after, isReached: true },
    ...{ reconstructed: pruned.reconstructed, tokensRun: pruned.tokensRun },
  };
}
