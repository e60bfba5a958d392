/** From labelled states to a calibration of a model's decisions, and to a threshold that keeps to a risk. */
import {
  type CalibrationArtefact,
  describeAnswers,
  type FitCalibrationOptions,
  type FittedCalibration,
  fitCalibration,
  fitRiskThreshold,
  groupFolds,
  type LabelledAnswers,
  makeArtefact,
  type Pairs,
  type RiskThreshold,
  sha256Of,
} from "../calibrate/index.ts";
import type { LanguageModel } from "../models/index.ts";
import { type Decision, mostProbable } from "./answer.ts";
import { calibratedShares, type DecisionCalibrator, isOfPredicates, shareOfYes } from "./calibrated.ts";
import { type DecideOptions, decide, requireScores } from "./decide.ts";
import { artefactRecipe, identityOf, thresholdRecipe, Wordings } from "./identity.ts";
import { atRow, checkLabelled, type LabelledState, preparedOf } from "./labelled.ts";
import { Prompter } from "./prompt.ts";
import { requestsOf } from "./requests.ts";
import { resolveRule } from "./rule.ts";

/** Options of `calibrateDecisions`. */
export interface CalibrateDecisionsOptions
  extends Omit<DecideOptions, "artefact" | "threshold" | "risk" | "strict">,
    Omit<FitCalibrationOptions, "identity" | "kind"> {
  /**
   * Default "temperature", which moves no choice. Where all questions are predicates also "platt", "beta", "isotonic" and
   * "histogram": they are fitted to the probability of yes, and mend a model that says yes too often, or too seldom.
   */
  kind?: DecisionCalibrator | undefined;
  /**
   * Also fits a threshold for this risk, to the half of the groups that the temperature was not fitted to, one answer of each.
   * Default: none.
   */
  risk?: number | undefined;
  /** Chance that the threshold does not keep to the risk. Default 0.05. */
  delta?: number | undefined;
  /** Called after each state. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * A calibration of decisions. `before` and `after` measure the confidence in the most probable option; of the kinds that are for
 * predicates, the probability of yes, "right" where it was so.
 */
export interface DecisionCalibration extends FittedCalibration {
  /** The artefact's own: where a risk was given, the artefact has it in it. */
  threshold: CalibrationArtefact<RiskThreshold> | null;
  /** The answers, uncalibrated, in the order of the labelled states. */
  decisions: readonly Decision[];
}

/**
 * Asks the model all questions and fits a calibrator to its answers.
 *
 * Where all states were asked the same question, the artefact is bound to its wording; where they were asked different ones, to
 * the wording of the prompt around them.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming the number that is missing; INVALID_ARGUMENT for a label that is no option;
 *   EMPTY_INPUT; as `decide`.
 */
export async function calibrateDecisions(
  model: LanguageModel,
  rows: readonly LabelledState[],
  options: CalibrateDecisionsOptions = {},
): Promise<DecisionCalibration> {
  requireScores(model); // what other servers list is no ground for a calibration
  const labels = checkLabelled(rows, options);
  const { recipe, wordingSha256 } = await wordingOf(model, rows, options);
  await checkLengths(model, rows, options);
  const decisions: Decision[] = [];
  while (decisions.length < rows.length) {
    const together = sameState(rows, decisions.length);
    const questions = together.map(({ question }) => ({ ...question, name: undefined })); // names may come again
    const answered = await decide(model, { state: together[0]!.state, questions }, own(options));
    for (const [i, decision] of answered.decisions.entries())
      decisions.push({ ...decision, name: together[i]!.question.name ?? decision.name });
    options.onProgress?.(decisions.length, rows.length);
  }
  const { risk, delta, kind = "temperature" } = options;
  const asked: Asked = { rows, decisions, labels, groups: groupsOf(rows) };
  const half = risk === undefined ? null : groupFolds(asked.groups, { folds: 2, seed: options.seed });
  const part = (fold: number) => [...rows.keys()].filter((i) => half === null || half[i] === fold);
  const identity = { ...(await identityOf(model)), wordingSha256 };
  const fitted = fitCalibration(answersOf(asked, part(0), kind), {
    ...options,
    kind,
    identity: { ...identity, recipe: artefactRecipe(recipe, kind) },
  });
  if (risk === undefined) return { ...fitted, threshold: null, decisions };
  const others = firstOfEach(part(1), asked.groups);
  const pairs = confidencesOf(asked, others, fitted.artefact);
  const fittedOn = describeAnswers({ ...pairs, kinds: others.map((i) => decisions[i]!.type) });
  const threshold = makeArtefact(fitRiskThreshold(pairs, { risk, delta }), fittedOn, {
    identity: { ...identity, recipe: thresholdRecipe(resolveRule(options), fitted.artefact) },
  });
  return { ...fitted, artefact: { ...fitted.artefact, threshold }, threshold, decisions };
}

/** Rows one behind the other that share their state are asked in one call, which runs it once. */
function sameState(rows: readonly LabelledState[], from: number): readonly LabelledState[] {
  let to = from + 1;
  while (to < rows.length && rows[to]!.state === rows[from]!.state) to++;
  return rows.slice(from, to);
}

/**
 * One row that is too long would end it when hours are done: all are looked at first.
 * @throws SurprisalError CONTEXT_EXCEEDED naming the row.
 */
async function checkLengths(
  model: LanguageModel,
  rows: readonly LabelledState[],
  options: CalibrateDecisionsOptions,
): Promise<void> {
  const prompter = await Prompter.of(model, options);
  const rule = resolveRule(options);
  for (const [i, row] of rows.entries())
    try {
      await requestsOf(model, prompter, row.state, [preparedOf(row)], rule, options.signal);
    } catch (error) {
      throw atRow(error, i);
    }
}

/** What `decide` is asked: no artefact, whatever stands beside it. */
function own({ rule, listed, orders, chat, system, end, signal }: CalibrateDecisionsOptions): DecideOptions {
  return { rule, listed, orders, chat, system, end, signal };
}

/** The recipe, and the wording that all rows share. */
async function wordingOf(
  model: LanguageModel,
  rows: readonly LabelledState[],
  options: CalibrateDecisionsOptions,
): Promise<{ recipe: string; wordingSha256: string }> {
  const rule = resolveRule(options);
  const wordings = new Wordings(await Prompter.of(model, options), rule);
  const all = new Set<string>();
  for (const row of rows) {
    all.add(wordings.sha256Of(preparedOf(row)));
    if (all.size > 1) break;
  }
  const [only] = all;
  return { recipe: wordings.recipe, wordingSha256: all.size === 1 ? only! : wordings.frameSha256 };
}

/** Rows with their answers, in columns. */
interface Asked {
  rows: readonly LabelledState[];
  decisions: readonly Decision[];
  labels: readonly (number | null)[];
  groups: readonly string[];
}

const groupsOf = (rows: readonly LabelledState[]): string[] =>
  rows.map(({ group, state }) => String(group ?? sha256Of(state)));

/**
 * What a calibrator is fitted to: the scores of all options; of the kinds for predicates, the probability of yes and whether it
 * was so. An answer without all its scores counts as missing.
 */
function answersOf(asked: Asked, those: readonly number[], kind: DecisionCalibrator): LabelledAnswers {
  const more = {
    groups: those.map((i) => asked.groups[i]!),
    kinds: those.map((i) => asked.decisions[i]!.type),
  };
  const labels = those.map((i) => asked.labels[i] ?? null);
  if (!isOfPredicates(kind)) return { logprobs: those.map((i) => usable(asked, i)), labels, ...more };
  return {
    scores: those.map((i) => {
      const scores = scoresOf(asked.decisions[i]!);
      return scores && shareOfYes(scores, preparedOf(asked.rows[i]!));
    }),
    correct: labels.map((label) => (label === null ? null : label === 0)),
    ...more,
  };
}

const scoresOf = ({ options }: Decision): number[] | null => {
  const scores = options.map(({ score }) => score).filter((score) => score !== null);
  return scores.length === options.length ? scores : null;
};

/** No temperature helps where the right option has probability 0: such an answer counts as missing. */
function usable({ decisions, labels }: Asked, i: number): number[] | null {
  const scores = scoresOf(decisions[i]!);
  const label = labels[i] ?? null;
  return scores !== null && (label === null || scores[label]! > -Infinity) ? scores : null;
}

/** The calibrated confidence in the option that `decide` would choose, and whether it is the right one. */
function confidencesOf(asked: Asked, those: readonly number[], artefact: CalibrationArtefact): Pairs {
  const chosen = those.map((i) => {
    const scores = scoresOf(asked.decisions[i]!);
    if (scores === null) return null;
    const question = preparedOf(asked.rows[i]!);
    const shares = calibratedShares(artefact, question, scores);
    const option = mostProbable(shares, question.canonical);
    return { option, share: shares[option]! };
  });
  return {
    scores: chosen.map((each) => each?.share ?? null),
    correct: those.map((i, k) => {
      const label = asked.labels[i] ?? null;
      return label === null || chosen[k] === null ? null : chosen[k]!.option === label;
    }),
  };
}

function firstOfEach(those: readonly number[], groups: readonly string[]): number[] {
  const seen = new Set<string>();
  return those.filter((i) => {
    if (seen.has(groups[i]!)) return false;
    seen.add(groups[i]!);
    return true;
  });
}
