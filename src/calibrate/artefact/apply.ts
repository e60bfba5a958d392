/** Putting an artefact to use, beside the model it was fitted to. */
import { invalidArgument } from "../../core/index.ts";
import {
  applyCalibrator,
  type Calibrator,
  type OptionLogprobs,
  temperatureOf,
  temperedProbabilities,
} from "../calibrators/index.ts";
import type { CalibrationArtefact } from "./artefact.ts";

/** Whether an artefact holds a calibrator of scores, and no set, threshold or line. */
export function isCalibrator(artefact: CalibrationArtefact): artefact is CalibrationArtefact<Calibrator> {
  return !["prediction-sets", "risk-threshold", "proxy-line"].includes(artefact.kind);
}

/**
 * Calibrated probabilities of a question's options: only a temperature calibrates all of them.
 * @param logprobs [k] ln p of the options, nats, up to a constant.
 * @param kind of the question, for one temperature per kind.
 * @returns [k] probabilities that sum to 1, in the same order of size.
 * @throws SurprisalError INVALID_ARGUMENT for another kind of artefact.
 */
export function calibratedOptions(
  { parameters }: CalibrationArtefact,
  logprobs: NonNullable<OptionLogprobs["logprobs"][number]>,
  kind?: string,
): Float64Array {
  if (parameters.kind === "temperature" || parameters.kind === "temperature-by-kind")
    return temperedProbabilities(logprobs, temperatureOf(parameters, kind));
  throw invalidArgument(
    `A calibration of the kind ${parameters.kind} says nothing of each of several options`,
    "artefact",
    "Give one of the kind temperature, or calibrate the confidence in the chosen option: calibratedScore.",
  );
}

/**
 * A calibrated probability of one claim, or of the chosen option.
 * @param score 0 ... 1.
 * @throws SurprisalError INVALID_ARGUMENT for a score out of its range, and another kind of artefact.
 */
export function calibratedScore(artefact: CalibrationArtefact, score: number, kind?: string): number {
  if (isCalibrator(artefact)) return applyCalibrator(artefact.parameters, score, kind);
  throw invalidArgument(
    `A calibration of the kind ${artefact.kind} gives no probability`,
    "artefact",
    "Give one that `surprisal calibrate fit` or fitCalibration made.",
  );
}
