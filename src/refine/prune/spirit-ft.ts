/** SPIRIT-FT of one sample: the steps that its answer needs least, removed or merged. What runs over data sets builds on this. */
import type { LanguageModel, ModelIdentity } from "../../models/index.ts";
import { checkChain, type ReasoningChain, reasoningText } from "../chain.ts";
import { type ScoreSummary, summaryOf } from "../importance.ts";
import { checkScope, type MeasureScope, partOf } from "../score/measure.ts";
import { addParts, type ChainScore, type ScoringOptions, scoreChains } from "../score/score-chains.ts";
import { cutGreedily, type Evaluated, type GreedyOptions, type PruneRound } from "./greedy.ts";
import { textsOf } from "./proposals.ts";

/** Options of `pruneSample`. */
export interface PruneSampleOptions extends GreedyOptions, ScoringOptions {
  /**
   * What a step's harm is measured on. Default "chain", as published. "answer" judges the answer alone: where it can be copied from the last
   * step, every step before that looks useless (docs/refining.md has figures).
   */
  measure?: MeasureScope | undefined;
  /** Name of the sample, for errors. Default "sample". */
  where?: string | undefined;
}

/** What became of a step of the original chain. */
export interface StepFate {
  /** From 0. */
  step: number;
  text: string;
  fate: "kept" | "removed" | "merged";
  /** What is there now: of a step that others were merged into, the new text; of one that went, `null`. */
  now: string | null;
  /** In which round it went, from 1; `null` = it is there. */
  round: number | null;
  /** Perplexity without it, as a multiple: of the full chain's, once it and those before were gone; `null` = it was not cut, or it cannot be said. */
  ratio: number | null;
  /** Why, for people. */
  why: string;
}

/** A chain, pruned. */
export interface PrunedSample {
  /** With the steps that are left, in the form of the original. */
  chain: ReasoningChain;
  /** The reasoning that is left, as one text. */
  reasoning: string;
  steps: StepFate[];
  rounds: PruneRound[];
  /** Why it ended. */
  stopped: string;
  before: ScoreSummary;
  after: ScoreSummary;
  /** Tokens of the steps. */
  tokens: { before: number; after: number };
  measure: MeasureScope;
  /** What of this is not the paper's, but reconstructed. */
  reconstructed: string[];
  /** Tokens run through the model to score. */
  tokensRun: number;
  model: ModelIdentity;
}

/** What is ours where the paper's text is not public; stands in every result. */
export const SPIRIT_RECONSTRUCTIONS: readonly string[] = [
  "thresholds: the published values are not known; the defaults are ours",
  "ratio: that harm is compared with the full chain, not with the round before, is our reading (against)",
  "merge: the published wording is not known; rewriteMerger's is ours, and expressions are substituted by rules of ours",
];

/**
 * Takes the least harmful step again and again: up to the first threshold it is removed, up to the second merged, beyond it the pruning ends.
 * No step is left that refers to a removed result, unless `dangling: "allow"`.
 * @throws {SurprisalError} EMPTY_INPUT, NOTHING_TO_SCORE, CONTEXT_EXCEEDED, UNSUPPORTED_CAPABILITY, INVALID_ARGUMENT
 */
export async function pruneSample(
  model: LanguageModel,
  chain: ReasoningChain,
  options: PruneSampleOptions = {},
): Promise<PrunedSample> {
  const { measure = "chain", where = "sample", signal, parseSpecial } = options;
  checkScope(measure);
  checkChain(chain, where);
  let tokensRun = 0;
  const evaluated = new Map<Evaluated, ChainScore>();
  const found = await cutGreedily(
    { chains: [chain], origins: chain.steps.map((_, i) => [i]) },
    async (sets) => {
      const scores = await scoreChains(
        model,
        sets.map(({ chains: [only] }) => ({ ...only!, where })),
        { signal, parseSpecial },
      );
      return scores.map((score) => {
        tokensRun += score.tokensRun;
        const one: Evaluated = {
          part: (from) => partOf(score, measure, from),
          tokens: addParts(score.steps).tokens,
        };
        evaluated.set(one, score);
        return one;
      });
    },
    options,
  );
  const [pruned] = found.set.chains as [ReasoningChain];
  return {
    chain: pruned,
    reasoning: reasoningText(pruned),
    steps: fatesOf(textsOf(chain), textsOf(pruned), found),
    rounds: found.rounds,
    stopped: found.stopped,
    before: summaryOf(evaluated.get(found.before)!),
    after: summaryOf(evaluated.get(found.after)!),
    tokens: { before: found.before.tokens ?? 0, after: found.after.tokens ?? 0 },
    measure,
    reconstructed: [...SPIRIT_RECONSTRUCTIONS],
    tokensRun,
    model: model.identity,
  };
}

/** What became of each original step. */
function fatesOf(
  original: readonly string[],
  left: readonly string[],
  {
    set,
    rounds,
    stays,
    stopped,
  }: Pick<Awaited<ReturnType<typeof cutGreedily>>, "set" | "rounds" | "stays" | "stopped">,
): StepFate[] {
  return original.map((text, step): StepFate => {
    const round = rounds.find((each) => each.step === step);
    if (round) {
      const fate = round.kind === "removed" ? "removed" : "merged";
      return { step, text, fate, now: null, round: round.round, ratio: round.ratio, why: WHY[round.kind] };
    }
    const place = set.origins.findIndex(([own]) => own === step);
    const now = left[place]!;
    return { step, text, fate: "kept", now, round: null, ratio: null, why: stays.get(place) ?? stopped };
  });
}

const WHY = {
  removed: "the least harmful step of its round",
  substituted: "the least harmful of its round; what it computes stands now in the steps that use it",
  rewritten: "between the thresholds: a model wrote it and its neighbour as one",
} as const;
