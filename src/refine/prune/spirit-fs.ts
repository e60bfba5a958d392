/** SPIRIT-FS: the same step is taken out of all demonstrations of a few-shot prompt, the one that questions miss least. */
import { invalidArgument } from "../../core/index.ts";
import type { LanguageModel, ModelIdentity } from "../../models/index.ts";
import { chainText, checkChain, type ReasoningChain, reasoningText } from "../chain.ts";
import { checkScope, type MeasureScope, partOf } from "../score/measure.ts";
import { addParts, type ChainRequest, type ScoringOptions, scoreChains } from "../score/score-chains.ts";
import { cutGreedily, type Evaluated, type GreedyOptions, type PruneRound } from "./greedy.ts";
import type { CutKind } from "./proposals.ts";
import { SPIRIT_RECONSTRUCTIONS } from "./spirit-ft.ts";

/** Demonstrations, and questions to try them on. */
export interface DemonstrationSet {
  /** Aligned: step j of each does the same, so that all have equally many. */
  demonstrations: readonly ReasoningChain[];
  /**
   * Questions with their answers. Chains with as many steps as the demonstrations are cut with them and scored as a whole if `measure` is
   * "chain"; questions without steps are answered at once. All of one kind. None of them should be a demonstration.
   */
  calibration: readonly CalibrationQuestion[];
}

/** A question whose answer is known: a chain that may have no steps. */
export type CalibrationQuestion = ReasoningChain;

/** Options of `refineDemonstrations`. */
export interface RefineDemonstrationsOptions extends GreedyOptions, ScoringOptions {
  /** "chain": the model's whole output, as published; default where the questions have steps. "answer": the answer alone. */
  measure?: Exclude<MeasureScope, "rest"> | undefined;
  /** Stands before the demonstrations, such as an instruction. Default "". */
  instruction?: string | undefined;
  /** Between demonstrations, and before the question. Default a blank line. */
  between?: string | undefined;
}

/** Demonstrations, refined. */
export interface RefinedDemonstrations {
  demonstrations: ReasoningChain[];
  /** What stands before a question: instruction and demonstrations. */
  text: string;
  /** What became of each step of the pattern. */
  steps: { step: number; fate: "kept" | CutKind; round: number | null; ratio: number | null; why: string }[];
  rounds: PruneRound[];
  stopped: string;
  /** Perplexity of the questions behind all steps, and behind those that are left. */
  perplexity: { before: number; after: number };
  /** Tokens of the demonstrations' steps together; `null`: the model cannot count tokens. */
  tokens: { before: number | null; after: number | null };
  measure: MeasureScope;
  reconstructed: string[];
  tokensRun: number;
  model: ModelIdentity;
}

/**
 * Cuts demonstrations until a stop. Per round every step that may go is tried, on all questions, in one call: the edited
 * demonstrations are run once for all questions, and what candidates have in common once for all.
 * @throws {SurprisalError} INVALID_ARGUMENT where demonstrations do not correspond; EMPTY_INPUT, NOTHING_TO_SCORE, CONTEXT_EXCEEDED,
 *   UNSUPPORTED_CAPABILITY
 */
export async function refineDemonstrations(
  model: LanguageModel,
  { demonstrations, calibration }: DemonstrationSet,
  options: RefineDemonstrationsOptions = {},
): Promise<RefinedDemonstrations> {
  const { instruction = "", between = "\n\n", signal, parseSpecial } = options;
  const hasSteps = checkAligned(demonstrations, calibration);
  const { measure = hasSteps ? "chain" : "answer" } = options;
  checkScope(measure);
  if (String(measure) === "rest")
    throw invalidArgument('"rest" is no measure of demonstrations', "measure", 'Give "chain" or "answer".');
  const count = demonstrations.length;
  let tokensRun = 0;
  const { set, before, after, rounds, stopped, stays } = await cutGreedily(
    {
      chains: hasSteps ? [...demonstrations, ...calibration] : demonstrations,
      origins: demonstrations[0]!.steps.map((_, i) => [i]),
    },
    async (sets) => {
      const requests = sets.flatMap(({ chains }) => {
        const shown = shownBefore(chains.slice(0, count), instruction, between);
        const asked = hasSteps ? chains.slice(count) : calibration;
        return asked.map(
          (chain, i): ChainRequest => ({ ...chain, before: shown, where: `calibration question ${i + 1}` }),
        );
      });
      const scores = await scoreChains(model, requests, { signal, parseSpecial });
      for (const score of scores) tokensRun += score.tokensRun;
      const tokens = await Promise.all(sets.map(({ chains }) => countTokens(model, chains.slice(0, count))));
      return sets.map((_, s): Evaluated => {
        const own = scores.slice(s * calibration.length, (s + 1) * calibration.length);
        const part = addParts(own.map((score) => partOf(score, measure)));
        return { part: () => part, tokens: tokens[s]! };
      });
    },
    options,
  );
  const left = set.chains.slice(0, count);
  return {
    demonstrations: left,
    text: shownBefore(left, instruction, between),
    steps: demonstrations[0]!.steps.map((_, step) => {
      const round = rounds.find((each) => each.step === step);
      const place = set.origins.findIndex(([own]) => own === step);
      return round
        ? {
            step,
            fate: round.kind,
            round: round.round,
            ratio: round.ratio,
            why: "the least harmful step of its round",
          }
        : { step, fate: "kept", round: null, ratio: null, why: stays.get(place) ?? stopped };
    }),
    rounds,
    stopped,
    perplexity: { before: perplexityOf(before), after: perplexityOf(after) },
    tokens: { before: before.tokens, after: after.tokens },
    measure,
    reconstructed: [...SPIRIT_RECONSTRUCTIONS],
    tokensRun,
    model: model.identity,
  };
}

const perplexityOf = (evaluated: Evaluated): number => {
  const { nll, tokens } = evaluated.part(0);
  return Math.exp(nll / tokens);
};

function shownBefore(
  demonstrations: readonly ReasoningChain[],
  instruction: string,
  between: string,
): string {
  return instruction + demonstrations.map((chain) => chainText(chain) + between).join("");
}

async function countTokens(model: LanguageModel, chains: readonly ReasoningChain[]): Promise<number | null> {
  if (!model.capabilities.tokenize) return null;
  let tokens = 0;
  for (const chain of chains) tokens += (await model.tokenize(reasoningText(chain))).ids.length;
  return tokens;
}

/** @returns whether the questions have steps. */
function checkAligned(
  demonstrations: readonly ReasoningChain[],
  calibration: readonly CalibrationQuestion[],
): boolean {
  if (demonstrations.length === 0)
    throw invalidArgument("There are no demonstrations", "demonstrations", "Give at least one.");
  if (calibration.length === 0)
    throw invalidArgument(
      "There are no questions to try them on",
      "calibration",
      "Give some with known answers, such as 10 to 50.",
    );
  for (const [i, chain] of demonstrations.entries()) checkChain(chain, `demonstration ${i + 1}`);
  const wanted = demonstrations[0]!.steps.length;
  const withSteps = calibration.filter(({ steps }) => steps.length > 0);
  if (withSteps.length > 0 && withSteps.length < calibration.length)
    throw invalidArgument(
      `${withSteps.length} of ${calibration.length} questions have steps`,
      "calibration",
      "Give steps to all of them, or to none.",
    );
  for (const [i, chain] of calibration.entries())
    checkChain(
      withSteps.length > 0 ? chain : { ...chain, steps: demonstrations[0]!.steps },
      `calibration question ${i + 1}`,
    );
  for (const [name, chains] of [
    ["demonstration", demonstrations],
    ["calibration question", withSteps],
  ] as const)
    for (const [i, { steps }] of chains.entries())
      if (steps.length !== wanted)
        throw invalidArgument(
          `It has ${steps.length} steps, and the first demonstration has ${wanted}: step ${Math.min(steps.length, wanted) + 1} has no counterpart`,
          `${name} ${i + 1}`,
          "SPIRIT-FS takes the same step out of all: give chains whose steps correspond one by one.",
        );
  return withSteps.length > 0;
}
