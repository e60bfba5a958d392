/** From labelled states to a calibration of a model's decisions, and to a threshold that keeps to a risk. */
import {
  type CalibrationArtefact,
  type Calibrator,
  calibratedPairs,
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
import { invalidArgument, SurprisalError } from "../core/index.ts";
import type { LanguageModel } from "../models/index.ts";
import type { Decision } from "./answer.ts";
import { type DecideOptions, decide, requireScores } from "./decide.ts";
import { identityOf, thresholdRecipe, Wordings } from "./identity.ts";
import { Prompter } from "./prompt.ts";
import { prepareQuestions, type Question } from "./question.ts";
import { resolveRule } from "./rule.ts";

/** A question about a state with its right answer. */
export interface LabelledState {
  state: string;
  question: Question;
  /** Value of the right option; of a score its label, or its number from 0; `null` = not known, and counted as missing. */
  label: string | boolean | number | null;
  /** What belongs together, such as paraphrases, and is never on both sides of a split. Default: the state. */
  group?: string | number | undefined;
}

/** Options of `calibrateDecisions`. */
export interface CalibrateDecisionsOptions
  extends Omit<DecideOptions, "artefact" | "threshold" | "risk" | "strict">,
    Omit<FitCalibrationOptions, "identity" | "kind"> {
  /** Default "temperature". */
  kind?: "temperature" | "temperature-by-kind" | undefined;
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

/** A calibration of decisions. */
export interface DecisionCalibration extends FittedCalibration {
  threshold: CalibrationArtefact<RiskThreshold> | null;
  /** The answers, uncalibrated, in the order of the labelled states. */
  decisions: readonly Decision[];
}

/**
 * Asks the model all questions and fits a temperature to its answers.
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
  if (rows.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There are no labelled states",
      where: "rows",
      wayOut: "Give rows of { state, question, label }.",
    });
  requireScores(model); // what other servers list is no ground for a calibration
  const labels = rows.map((row, i) => labelOf(row, `rows[${i}]`));
  const { recipe, wordingSha256 } = await wordingOf(model, rows, options);
  const decisions: Decision[] = [];
  while (decisions.length < rows.length) {
    const together = sameState(rows, decisions.length);
    const questions = together.map(({ question }) => ({ ...question, name: undefined })); // names may come again
    const answered = await decide(model, { state: together[0]!.state, questions }, own(options));
    for (const [i, decision] of answered.decisions.entries())
      decisions.push({ ...decision, name: together[i]!.question.name ?? decision.name });
    options.onProgress?.(decisions.length, rows.length);
  }
  const answers = answersOf(rows, decisions, labels);
  const { risk, delta } = options;
  const half = risk === undefined ? null : groupFolds(answers.groups, { folds: 2, seed: options.seed });
  const part = (fold: number) =>
    half === null ? [...rows.keys()] : [...rows.keys()].filter((i) => half[i] === fold);
  const identity = { ...identityOf(model, recipe), wordingSha256 };
  const fitted = fitCalibration(pick(answers, part(0)), {
    ...options,
    kind: options.kind ?? "temperature",
    identity,
  });
  if (risk === undefined) return { ...fitted, threshold: null, decisions };
  const others = pick(answers, firstOfEach(part(1), answers.groups));
  const pairs: Pairs = calibratedPairs(fitted.artefact.parameters as Calibrator, others);
  const threshold = makeArtefact(fitRiskThreshold(pairs, { risk, delta }), describeAnswers(others), {
    identity: { ...identity, recipe: thresholdRecipe(resolveRule(options), fitted.artefact) },
  });
  return { ...fitted, threshold, decisions };
}

/** Rows one behind the other that share their state are asked in one call, which runs it once. */
function sameState(rows: readonly LabelledState[], from: number): readonly LabelledState[] {
  let to = from + 1;
  while (to < rows.length && rows[to]!.state === rows[from]!.state) to++;
  return rows.slice(from, to);
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
  for (const { question } of rows) {
    all.add(wordings.sha256Of(prepareQuestions([question])[0]!));
    if (all.size > 1) break;
  }
  const [only] = all;
  return { recipe: wordings.recipe, wordingSha256: all.size === 1 ? only! : wordings.frameSha256 };
}

/** Number of the right option. */
function labelOf({ question, label }: LabelledState, where: string): number | null {
  const [prepared] = prepareQuestions([question]);
  const { options, type } = prepared!;
  if (label === null) return null;
  const found =
    typeof label === "number"
      ? type === "score" && Number.isInteger(label) && label >= 0 && label < options.length
        ? label
        : -1
      : options.findIndex(({ value }) => value === label);
  if (found >= 0) return found;
  const allowed = options.slice(0, 10).map(({ value }) => JSON.stringify(value));
  throw invalidArgument(
    `${JSON.stringify(label)} is none of the ${options.length} options`,
    `${where}.label`,
    `Give one of ${allowed.join(", ")}${options.length > 10 ? ", ..." : ""}, or null where it is not known.`,
  );
}

type Answers = LabelledAnswers & {
  logprobs: (number[] | null)[];
  labels: (number | null)[];
  groups: string[];
  kinds: string[];
};

/** No temperature helps where the right option has probability 0: such an answer counts as missing. */
function answersOf(
  rows: readonly LabelledState[],
  decisions: readonly Decision[],
  labels: readonly (number | null)[],
): Answers {
  return {
    logprobs: decisions.map(({ options }, i) => {
      const scores = options.map(({ score }) => score).filter((score) => score !== null);
      const label = labels[i] ?? null;
      const isUsable = scores.length === options.length && (label === null || scores[label]! > -Infinity);
      return isUsable ? scores : null;
    }),
    labels: [...labels],
    groups: rows.map(({ group, state }) => String(group ?? sha256Of(state))),
    kinds: decisions.map(({ type }) => type),
  };
}

const pick = ({ logprobs, labels, groups, kinds }: Answers, those: readonly number[]): Answers => ({
  logprobs: those.map((i) => logprobs[i]!),
  labels: those.map((i) => labels[i]!),
  groups: those.map((i) => groups[i]!),
  kinds: those.map((i) => kinds[i]!),
});

function firstOfEach(those: readonly number[], groups: readonly string[]): number[] {
  const seen = new Set<string>();
  return those.filter((i) => {
    if (seen.has(groups[i]!)) return false;
    seen.add(groups[i]!);
    return true;
  });
}
