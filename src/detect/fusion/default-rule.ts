/** How signals are put together where nothing was fitted: a stated rule, and no calibrated probability. */
import type { Examination, Finding, Signal } from "../finding.ts";
import { PATTERN_WEIGHTS } from "../patterns/index.ts";
import { PROBABILITY_WRONG } from "../series/index.ts";
import { findingName } from "./features.ts";

/**
 * What a finding of full strength counts, by signal: a judgement, not a measurement. Documents that say otherwise and forms that
 * cannot be count most, unusual words least.
 */
export const DEFAULT_WEIGHTS: Readonly<Record<Signal, number>> = {
  anomaly: 0.3,
  retrieval: 0.6,
  consistency: 0.6,
  patterns: 0.7,
  series: 0.5,
};

/** ["signal/kind"] kinds that have a weight of their own: those of patterns, as in `PATTERN_WEIGHTS`. Other kinds have their signal's. */
export const DEFAULT_KIND_WEIGHTS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(PATTERN_WEIGHTS).map(([kind, weight]) => [
    findingName({ signal: "patterns", kind }),
    weight,
  ]),
);

const weightOf = (finding: Finding): number => {
  const name = findingName(finding);
  return Object.hasOwn(DEFAULT_KIND_WEIGHTS, name)
    ? DEFAULT_KIND_WEIGHTS[name]!
    : DEFAULT_WEIGHTS[finding.signal];
};

/**
 * Noisy-or: 1 - Π (1 - w s) over the signals, of each its strongest finding alone, since findings of one detector repeat each
 * other.
 */
export function noisyOr(findings: readonly Finding[]): number {
  const strongest = new Map<Signal, number>();
  for (const finding of findings)
    strongest.set(
      finding.signal,
      Math.max(strongest.get(finding.signal) ?? 0, weightOf(finding) * finding.strength),
    );
  return combined([...strongest.values()]);
}

/** The same of a whole answer; a detector that gives a probability and no place counts with it. `null`: none could look. */
export function defaultSuspicion(examinations: readonly Examination[]): number | null {
  const looked = examinations.filter(({ suspicion, findings }) => suspicion !== null || findings.length > 0);
  if (looked.length === 0) return null;
  const whole = looked.flatMap(({ signal, suspicion, unit }) =>
    unit === PROBABILITY_WRONG && suspicion !== null ? DEFAULT_WEIGHTS[signal] * suspicion : [],
  );
  return combined([...whole, noisyOr(looked.flatMap(({ findings }) => findings))]);
}

/** 1 - Π (1 - p), in an order of its own, so that the digits do not depend on that of the detectors. */
const combined = (chances: readonly number[]): number =>
  1 - chances.toSorted((a, b) => a - b).reduce((none, chance) => none * (1 - chance), 1);
