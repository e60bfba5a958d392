/** Which methods a benchmark has: those of `surprisal confidence`, baselines, and the numbers of the lines themselves. */
import { invalidArgument } from "../../core/index.ts";
import type { BenchFamily } from "../../report/index.ts";
import { nearestNames } from "../../text/index.ts";
import {
  CONFIDENCE_METHODS,
  type ConfidenceMethod,
  contextOverlap,
  METHOD_FAMILIES,
  selectMethods,
  wordCount,
} from "../../uncertainty/index.ts";

/** Numbers that know nothing of truth, by name. */
export const BASELINES: Readonly<
  Record<string, (answer: string, documents: readonly string[]) => number | null>
> = {
  "word-count": wordCount,
  "context-overlap": contextOverlap,
};

/** What was chosen. */
export interface ChosenMethods {
  confidence: ConfidenceMethod[];
  baselines: string[];
  detectors: DetectorName[];
  /** The numbers of the lines. */
  own: boolean;
}

/**
 * Detectors of `surprisal/detect` as methods, by their suspicion. "lift": minus the mean lift of a token, of the same two
 * passes; "fused": a model fitted to all that detectors said of the other folds.
 */
const DETECTORS = ["anomaly", "patterns", "consistency", "retrieval", "lift", "fused"] as const;
export type DetectorName = (typeof DETECTORS)[number];

const isDetector = (name: string): name is DetectorName => DETECTORS.some((each) => each === name);

/**
 * @param names of methods, families, "baselines", "detectors", "own" and "all".
 * @throws SurprisalError INVALID_ARGUMENT for another name, with those it comes near to.
 */
export function chooseMethods(names: readonly string[]): ChosenMethods {
  const known = [
    ...["all", "baselines", "detectors", "own"],
    ...Object.keys(BASELINES),
    ...DETECTORS,
    ...METHOD_FAMILIES,
    ...CONFIDENCE_METHODS.map(({ name }) => name),
  ];
  for (const name of names)
    if (!known.includes(name)) {
      const near = nearestNames(name, known).slice(0, 3);
      throw invalidArgument(
        `There is no method ${JSON.stringify(name)}`,
        "--methods",
        `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}surprisal confidence --list shows the methods; there are also baselines, detectors and own.`,
      );
    }
  const has = (family: string, name: string) =>
    names.includes(family) || names.includes(name) || names.includes("all");
  const others = names.filter(
    (name) =>
      !["baselines", "detectors", "own"].includes(name) &&
      !isDetector(name) &&
      !Object.hasOwn(BASELINES, name),
  );
  return {
    confidence: others.length === 0 ? [] : selectMethods(others, "--methods"),
    baselines: Object.keys(BASELINES).filter((name) => has("baselines", name)),
    detectors: DETECTORS.filter((name) => has("detectors", name)),
    own: has("own", "own"),
  };
}

/** Whether a method costs a model's work beside one pass over the answer. */
export const familyOf = (name: string): BenchFamily =>
  Object.hasOwn(BASELINES, name)
    ? "baseline"
    : isDetector(name)
      ? "detector"
      : (CONFIDENCE_METHODS.find((method) => method.name === name.split("@")[0])?.family ?? "own");
