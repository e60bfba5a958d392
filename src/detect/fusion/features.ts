/** What examinations say of an answer, as named numbers. */
import { invalidArgument } from "../../core/index.ts";
import type { Examination, Finding, Signal } from "../finding.ts";
import { type NamedNumbers, requireNumber } from "../learn/index.ts";

/** An answer and what detectors said of it, such as `examine` gives. */
export interface ExaminedText {
  answer: string;
  /** One of each signal at most. */
  examinations: readonly Examination[];
}

/** Name of the strongest finding of a kind. */
export const findingName = ({ signal, kind }: Pick<Finding, "signal" | "kind">): string =>
  `${signal}/${kind}`;

/**
 * Named numbers of an answer: "signal.suspicion", "signal.feature" of every feature, and "signal/kind": the strength of the
 * strongest finding of each kind.
 * @param kinds names "signal/kind" that are 0 where the detector could look and found none; missing where it could not.
 * @throws SurprisalError INVALID_ARGUMENT for two examinations of one signal, NaN, and strengths out of 0 ... 1.
 */
export function numbersOf(
  examinations: readonly Examination[],
  kinds: Iterable<string>,
  where: string,
): NamedNumbers {
  const numbers: Record<string, number | null> = {};
  const looked = new Set<Signal>();
  const seen = new Set<Signal>();
  for (const { signal, suspicion, features, findings } of examinations) {
    if (seen.has(signal))
      throw invalidArgument(
        `There are two examinations of the signal ${signal}`,
        where,
        "Give one of each signal.",
      );
    seen.add(signal);
    if (suspicion !== null || findings.length > 0) looked.add(signal);
    set(numbers, `${signal}.suspicion`, suspicion, where);
    for (const [name, value] of Object.entries(features)) set(numbers, `${signal}.${name}`, value, where);
  }
  for (const kind of kinds) if (hasAny(looked, kind)) numbers[kind] = 0;
  for (const { findings } of examinations)
    for (const finding of findings) {
      requireStrength(finding, where);
      const name = findingName(finding);
      numbers[name] = Math.max(numbers[name] ?? 0, finding.strength);
    }
  return numbers;
}

function hasAny(signals: ReadonlySet<Signal>, kind: string): boolean {
  for (const signal of signals) if (kind.startsWith(`${signal}/`)) return true;
  return false;
}

function set(
  numbers: Record<string, number | null>,
  name: string,
  value: number | null,
  where: string,
): void {
  if (value !== null) requireNumber(value, name, where);
  numbers[name] = value;
}

/** @throws SurprisalError INVALID_ARGUMENT */
function requireStrength({ strength, signal, kind }: Finding, where: string): void {
  if (strength >= 0 && strength <= 1) return;
  throw invalidArgument(
    `The strength of a finding (${signal}/${kind}) is ${strength}`,
    where,
    "Give a number from 0 to 1.",
  );
}

/** Every "signal/kind" that was found in some answers. */
export function kindsIn(all: Iterable<readonly Examination[]>): Set<string> {
  const kinds = new Set<string>();
  for (const examinations of all)
    for (const { findings } of examinations) for (const finding of findings) kinds.add(findingName(finding));
  return kinds;
}
