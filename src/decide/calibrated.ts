/** Probabilities of a question's options, calibrated by an artefact. */
import {
  applyCalibrator,
  type CalibrationArtefact,
  calibratedOptions,
  isCalibrator,
} from "../calibrate/index.ts";
import { invalidArgument } from "../core/index.ts";
import { softmax } from "./answer.ts";
import type { PreparedQuestion } from "./question.ts";

/**
 * Calibrators of one probability: they are fitted to that of yes, and so can move a choice, which a temperature cannot. They say
 * nothing of each of several options.
 */
export const PREDICATE_KINDS = ["platt", "beta", "isotonic", "histogram"] as const;

/** Kinds of calibration that decisions may have. */
export type DecisionCalibrator = "temperature" | "temperature-by-kind" | (typeof PREDICATE_KINDS)[number];

/** Their names. */
export const DECISION_CALIBRATORS: readonly DecisionCalibrator[] = [
  "temperature",
  "temperature-by-kind",
  ...PREDICATE_KINDS,
];

/** Whether a kind of calibration is one of the probability of yes. */
export const isOfPredicates = (kind: string): kind is (typeof PREDICATE_KINDS)[number] =>
  PREDICATE_KINDS.some((each) => each === kind);

/** What a recipe says where the probability of yes was calibrated, and not the confidence in the chosen option. */
export const OF_YES = ", probability of yes";

/** The probability of yes among a predicate's two options, not calibrated. @param scores [yes, no] nats. */
export function shareOfYes(
  scores: readonly number[],
  { canonical }: Pick<PreparedQuestion, "canonical">,
): number {
  return softmax(scores, canonical)[0]!;
}

/**
 * Whether an artefact calibrates answers to a question.
 * @throws SurprisalError INVALID_ARGUMENT for one that does not, and what does.
 */
export function checkServes(artefact: CalibrationArtefact, { type, name }: PreparedQuestion): void {
  if (!isOfPredicates(artefact.kind)) {
    calibratedOptions(artefact, [0, 0], type); // refuses what does not serve
    return;
  }
  const { recipe } = artefact.identity;
  if (!recipe?.endsWith(OF_YES))
    throw invalidArgument(
      `The calibration of the kind ${artefact.kind} was not fitted to the probability of yes${recipe === null ? "" : `, but to ${recipe}`}`,
      "artefact",
      "Give one that `surprisal decide --calibrate` or calibrateDecisions made.",
    );
  if (type !== "predicate")
    throw invalidArgument(
      `A calibration of the kind ${artefact.kind} is for predicates, and question ${JSON.stringify(name)} is a ${type}`,
      "artefact",
      "Ask predicates only, or give a calibration of the kind temperature or temperature-by-kind.",
    );
}

/**
 * Calibrated probabilities of all options, from an artefact that serves.
 * @param scores [options] nats, in the order that they were given in.
 */
export function calibratedShares(
  artefact: CalibrationArtefact,
  question: Pick<PreparedQuestion, "canonical" | "type">,
  scores: readonly number[],
): Float64Array {
  const { canonical, type } = question;
  if (isCalibrator(artefact) && isOfPredicates(artefact.kind)) {
    const yes = applyCalibrator(artefact.parameters, shareOfYes(scores, question));
    return Float64Array.of(yes, 1 - yes);
  }
  const sorted = calibratedOptions(
    artefact,
    canonical.map((i) => scores[i]!),
    type,
  );
  const given = new Float64Array(sorted.length);
  for (const [place, i] of canonical.entries()) given[i] = sorted[place]!;
  return given;
}
