/** Estimators that need one pass of the model over an answer, or none: they read its tokens as they are written. */
import type { Need } from "../estimator.ts";
import type { OnePassMethod } from "./method.ts";
import { METHODS, PEER_METHODS } from "./methods.ts";
import { checkOptions } from "./options.ts";

export type { EntailmentSaid, JudgeEntailment } from "./claim-conditioned.ts";
export { type JudgePairs, judgeChoices } from "./judge-choices.ts";
export type { OnePassOptions } from "./options.ts";
export {
  type EstimateTokensOptions,
  estimateTokens,
  type RunningEstimates,
  startEstimators,
  tokenEstimator,
} from "./run.ts";
export { recordsOf } from "./scored.ts";
export { type TokenUncertainty, tokenTrace } from "./trace.ts";

/** What a list shows of a method. */
export interface OnePassMethodInfo {
  /** Its name, as `estimateTokens` takes it. */
  readonly method: string;
  /** Which of the formulas that go by this name, with the options' defaults. */
  readonly variant: string;
  readonly needs: readonly Need[];
  /** Unit and range of its `uncertainty`. */
  readonly unit: string;
  /** The formula in a line: T tokens, V tokens of the vocabulary, k choices; ln is natural. */
  readonly formula: string;
  /** Where it comes from. */
  readonly source: string;
}

const infoOf = ({ method, variant, needs, unit, formula, source }: OnePassMethod): OnePassMethodInfo => ({
  method,
  variant: variant(checkOptions({})),
  needs,
  unit,
  formula,
  source,
});

/** The methods of one pass, in the order in which `estimateTokens` gives them. */
export const ONE_PASS_METHODS: readonly OnePassMethodInfo[] = METHODS.map(infoOf);

/** Numbers of other libraries, by their names there, such as "uqlm/probability_margin": `Estimate.peer` is that number. */
export const PEER_SCORES: readonly OnePassMethodInfo[] = PEER_METHODS.map(infoOf);
