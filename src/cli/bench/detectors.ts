/** The detectors that were chosen, with the models they need. */
import { type Detector, retrievalDetector } from "../../detect/index.ts";
import type { Setup } from "../confidence/index.ts";
import { usage } from "../errors.ts";
import type { ChosenMethods } from "./methods.ts";

/** @throws SurprisalError USAGE where a model is missing. */
export function detectorsOf({ detectors }: ChosenMethods, { model, embed }: Setup): Detector[] {
  if (detectors.length === 0) return [];
  if (model === null) throw usage(`The method ${detectors[0]} needs --model`);
  return [retrievalDetector({ model, embedder: embed })];
}
