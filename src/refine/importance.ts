/** How much a chain needs each of its steps: each is taken out once, and what a model then says is compared. */
import type { LanguageModel, ModelIdentity } from "../models/index.ts";
import { checkChain, type ReasoningChain, withoutSteps } from "./chain.ts";
import { type Change, changeOf, checkScope, type MeasureScope, meanOf, partOf } from "./score/measure.ts";
import { type ChainScore, type ScoringOptions, scoreChains } from "./score/score-chains.ts";

/** A step, and what its removal does. Higher = the chain needs it more; negative = it is better without. */
export interface StepImportance {
  /** From 0. */
  step: number;
  text: string;
  /** With its separator, in the full chain. */
  tokens: number;
  /** Change of each measure, see `MEASURES`. */
  answer: Change;
  chain: Change;
  rest: Change;
  /** Mean entropy of its tokens' predictions in the full chain, nats; `null` where the source gives none. */
  entropy: number | null;
}

/** The steps of a chain with their importance. */
export interface ImportanceReport {
  steps: StepImportance[];
  /** Of the full chain: perplexity and -ln p of the answer and of everything behind the prompt. */
  full: ScoreSummary;
  /** Of the answer right behind the prompt, with no step at all. */
  bare: ScoreSummary;
  /** Steps from the least to the most important by the measure that was asked for. */
  order: number[];
  measure: MeasureScope;
  /** Tokens run through the model. */
  tokensRun: number;
  model: ModelIdentity;
  /** What a person should know before these numbers are used. */
  warnings: string[];
}

/** A scored chain in four numbers. */
export interface ScoreSummary {
  /** Behind the prompt. */
  tokens: number;
  /** exp of the mean -ln p; Infinity at probability 0. */
  answerPerplexity: number;
  /** Σ -ln p of the answer, nats. */
  answerNll: number;
  chainPerplexity: number;
  chainNll: number;
}

/** Options of `stepImportance`. */
export interface ImportanceOptions extends ScoringOptions {
  /** What `order` goes by. Default "answer". */
  measure?: MeasureScope | undefined;
}

/**
 * Takes every step out once. All K + 2 texts are scored in one call: what they have in common is run once, so that a round costs
 * the nodes of their prefix tree, about half of what K chains cost, and the prompt once.
 * Every measure is given, mean per token and total; `measure` only decides the order.
 * @throws {SurprisalError} EMPTY_INPUT, NOTHING_TO_SCORE, CONTEXT_EXCEEDED, UNSUPPORTED_CAPABILITY, INVALID_ARGUMENT
 */
export async function stepImportance(
  model: LanguageModel,
  chain: ReasoningChain,
  options: ImportanceOptions = {},
): Promise<ImportanceReport> {
  const { measure = "answer", ...scoring } = options;
  checkScope(measure);
  checkChain(chain, "chain");
  const { steps } = chain;
  const bareChain = { ...chain, lead: "", steps: [] };
  const scores = await scoreChains(
    model,
    [...removals(chain), bareChain].map((each) => ({ ...each, where: "chain" })),
    scoring,
  );
  const [full, bare] = [scores[0]!, scores.at(-1)!];
  const found = importancesOf(chain, scores);
  return {
    steps: found,
    full: summaryOf(full),
    bare: summaryOf(bare),
    order: leastFirst(found, measure),
    measure,
    tokensRun: scores.reduce((sum, { tokensRun }) => sum + tokensRun, 0),
    model: model.identity,
    warnings: warningsOf(steps.length, full, bare),
  };
}

/** The chain, and the chain without each of its steps. */
export function removals(chain: ReasoningChain): ReasoningChain[] {
  const { steps } = chain;
  return [chain, ...steps.map((_, i) => ({ ...chain, steps: withoutSteps(steps, (at) => at === i) }))];
}

/** @param scores of `removals`, in their order. */
export function importancesOf({ steps }: ReasoningChain, scores: readonly ChainScore[]): StepImportance[] {
  return steps.map(({ text }, step) => importanceOf(text, step, scores[0]!, scores[step + 1]!));
}

function importanceOf(text: string, step: number, full: ChainScore, without: ChainScore): StepImportance {
  const own = full.steps[step]!;
  return {
    step,
    text,
    tokens: own.tokens,
    answer: changeOf(full.answer, without.answer),
    chain: changeOf(full.chain, without.chain),
    rest: changeOf(partOf(full, "rest", step + 1), partOf(without, "rest", step)),
    entropy: own.entropy === null || own.tokens === 0 ? null : own.entropy / own.tokens,
  };
}

/** By mean change; what cannot be compared counts as important, and of equals the earlier step comes first. */
function leastFirst(steps: readonly StepImportance[], measure: MeasureScope): number[] {
  const size = ({ [measure]: { mean } }: StepImportance) => mean ?? Number.POSITIVE_INFINITY;
  return [...steps].sort((a, b) => compare(size(a), size(b)) || a.step - b.step).map(({ step }) => step);
}

const compare = (a: number, b: number): number => (a === b ? 0 : a - b);

/** The four numbers of a score. */
export function summaryOf({ answer, chain }: ChainScore): ScoreSummary {
  return {
    tokens: chain.tokens,
    answerPerplexity: Math.exp(meanOf(answer)),
    answerNll: answer.nll,
    chainPerplexity: Math.exp(meanOf(chain)),
    chainNll: chain.nll,
  };
}

function warningsOf(steps: number, full: ChainScore, bare: ChainScore): string[] {
  const warnings: string[] = [];
  if (steps === 1)
    warnings.push("The chain has one step: there is nothing to compare it with but no reasoning at all.");
  if (full.answer.nll === Number.POSITIVE_INFINITY)
    warnings.push(
      "The model gives the answer probability 0, with all steps before it: importances of the answer say nothing.",
    );
  else if (full.answer.nll >= bare.answer.nll)
    warnings.push(
      "The answer does not follow: the model finds it no likelier behind the steps than without them, so that importances say little.",
    );
  return warnings;
}
