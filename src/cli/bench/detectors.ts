/** The detectors that were chosen, with the models they need. */
import {
  type Detector,
  detectAnomaly,
  detectConsistency,
  detectPatterns,
  type ExaminedAnswer,
  retrievalDetector,
} from "../../detect/index.ts";
import type { Setup } from "../confidence/index.ts";
import type { ChosenMethods, DetectorName } from "./methods.ts";

/**
 * Those that one of the names needs: "lift" is made from the passes of "retrieval", "fused" from all that can look. Retrieval
 * needs a model, and consistency samples: without, they say nothing.
 */
export function detectorsOf(
  { detectors }: ChosenMethods,
  { model, embed }: Setup,
): (answer: ExaminedAnswer) => Detector[] {
  const has = (...names: DetectorName[]) =>
    names.some((name) => detectors.includes(name)) || detectors.includes("fused");
  const always = [
    ...(has("anomaly") ? [detectAnomaly()] : []),
    ...(has("patterns") ? [detectPatterns()] : []),
  ];
  const consistency = has("consistency") ? [detectConsistency()] : [];
  const retrieval =
    has("retrieval", "lift") && model?.capabilities.score
      ? [retrievalDetector({ model, embedder: embed })]
      : [];
  return ({ samples = [], documents = [] }) => [
    ...always,
    ...(samples.length > 0 ? consistency : []),
    ...(documents.length > 0 ? retrieval : []),
  ];
}
