/** What several detectors say of an answer, as one: a probability, places, and what each signal adds. */
import type { Examination, Finding, Place, Signal } from "../finding.ts";
import { calibrated, contributionOf, type LinearHead, logitOf, type NamedNumbers } from "../learn/index.ts";
import { defaultSuspicion, noisyOr } from "./default-rule.ts";
import { type ExaminedText, findingName, numbersOf } from "./features.ts";
import type { FusionArtefact } from "./fit.ts";
import { groupFindings } from "./spans.ts";

/** A place in the answer, how much it is suspected, and why. */
export interface FusedSpan extends Place {
  /**
   * 0 ... 1. With an artefact: probability that the answer is wrong, were these its only findings. Without: noisy-or of their
   * strengths.
   */
  score: number;
  /** Strongest first, at least one. */
  because: readonly Finding[];
}

/** What one signal adds. */
export interface SignalContribution {
  signal: Signal;
  suspicion: number | null;
  unit: string;
  /** What all its numbers add to the log-odds of being wrong, against an answer at the mean; `null` without an artefact. */
  logOdds: number | null;
}

/** An answer with all that was said of it. */
export interface FusedAnswer {
  /** That the answer is wrong, 0 ... 1; `null`: no detector could look. */
  probability: number | null;
  /** By a fitted model. false: the default rule, which orders answers and is no chance of anything. */
  calibrated: boolean;
  /** In order of their place, never overlapping. */
  spans: readonly FusedSpan[];
  signals: readonly SignalContribution[];
  /** Why there is no probability, or what the fit knew and this answer has not, for people. */
  reason?: string | undefined;
}

/**
 * Fuses what detectors said of one answer.
 * @param examined as `examine` gives it.
 * @param artefact left out: the default rule of docs/hallucination.md.
 * @throws SurprisalError INVALID_ARGUMENT for two examinations of one signal, NaN, strengths out of 0 ... 1, places that cannot be.
 */
export function fuse({ answer, examinations }: ExaminedText, artefact?: FusionArtefact): FusedAnswer {
  const findings = examinations.flatMap((each) => each.findings);
  const numbers = numbersOf(examinations, artefact ? kindsOf(artefact.head) : [], "examinations");
  const groups = groupFindings(answer, findings, "examinations");
  const hasLooked = examinations.some((each) => each.suspicion !== null || each.findings.length > 0);
  if (artefact === undefined || !hasLooked)
    return {
      probability: defaultSuspicion(examinations),
      calibrated: false,
      spans: groups.map((group) => ({ ...group, score: noisyOr(group.because) })),
      signals: examinations.map(({ signal, suspicion, unit }) => ({
        signal,
        suspicion,
        unit,
        logOdds: null,
      })),
      ...(!hasLooked && { reason: whyNone(examinations) }),
    };
  const { head } = artefact;
  const logit = logitOf(head, numbers);
  const scoreOf = spanScores(head, numbers, logit);
  const lacking = lackingSignals(artefact, examinations);
  return {
    probability: calibrated(head, logit),
    calibrated: true,
    spans: groups.map((group) => ({ ...group, score: scoreOf(group.because) })),
    signals: examinations.map(({ signal, suspicion, unit }) => ({
      signal,
      suspicion,
      unit,
      logOdds: sumOf(head, numbers, (name) => name.startsWith(`${signal}.`) || name.startsWith(`${signal}/`)),
    })),
    ...(lacking.length > 0 && {
      reason: `the model was fitted with ${lacking.join(", ")}, which this answer has nothing of: they are taken for missing`,
    }),
  };
}

const isKind = (name: string): boolean =>
  name.indexOf("/") > 0 && !name.slice(0, name.indexOf("/")).includes(".");

const kindsOf = ({ features }: LinearHead): string[] =>
  features.flatMap(({ name }) => (isKind(name) ? name : []));

/** What the numbers with some names add to the log-odds. */
function sumOf(head: LinearHead, numbers: NamedNumbers, has: (name: string) => boolean): number {
  let sum = 0;
  for (const feature of head.features) if (has(feature.name)) sum += contributionOf(feature, numbers);
  return sum;
}

/**
 * The answer's probability, were the findings of a place all that was found. Where a kind of finding speaks for an answer on the
 * whole, it adds nothing to its place.
 */
function spanScores(
  head: LinearHead,
  numbers: NamedNumbers,
  logit: number,
): (because: readonly Finding[]) => number {
  const kinds = new Map(
    head.features.flatMap((feature) => (isKind(feature.name) ? [[feature.name, feature]] : [])),
  );
  const none = Object.fromEntries([...kinds.keys()].map((name) => [name, 0]));
  let bare = logit;
  for (const feature of kinds.values())
    bare += contributionOf(feature, none) - contributionOf(feature, numbers);
  return (because) => {
    const strongest = new Map<string, number>();
    for (const finding of because) {
      const name = findingName(finding);
      strongest.set(name, Math.max(strongest.get(name) ?? 0, finding.strength));
    }
    let own = bare;
    for (const [name, strength] of strongest) {
      const feature = kinds.get(name);
      if (feature)
        own += Math.max(0, contributionOf(feature, { [name]: strength }) - contributionOf(feature, none));
    }
    return calibrated(head, own);
  };
}

function lackingSignals({ signals }: FusionArtefact, examinations: readonly Examination[]): Signal[] {
  const looked = examinations.filter(({ suspicion, findings }) => suspicion !== null || findings.length > 0);
  return signals.filter((signal) => !looked.some((each) => each.signal === signal));
}

function whyNone(examinations: readonly Examination[]): string {
  if (examinations.length === 0) return "no detector looked at the answer";
  return examinations
    .map(({ signal, reason }) => `${signal}: ${reason ?? "it could not judge the answer"}`)
    .join("; ");
}
