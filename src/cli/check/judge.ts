/** Conditions against what was measured: holds, fails, or could not be judged. */
import { pairedDifference } from "../../evaluate/index.ts";
import type { Baseline, KeptMeasurement } from "./baseline.ts";
import type { BoundCondition, ChangeCondition, Condition, Relation, TextCondition } from "./condition.ts";
import type { Measurement } from "./measure.ts";
import { type Measured, type MeasureKey, measureNamed } from "./measures.ts";

export type State = "holds" | "fails" | "not judged";

/** What became of a condition. */
export interface Verdict {
  state: State;
  /** In the unit; `null`: it is no number, or there is none. */
  value: number | null;
  /** One standard error; of a change that of the difference. */
  standardError: number | null;
  bound: number | null;
  /** How far the value is on the side that holds; below 0: it fails. */
  margin: number | null;
  unit: string | null;
  /** The bound lies within the 95 % interval of the value: another text of the kind could turn it. */
  withinError: boolean;
  /** What a person should know; such as why it could not be judged. */
  notes: readonly string[];
}

/** Two-sided 95 % of a normal distribution. */
const Z95 = 1.959964;

const bare: Verdict = {
  state: "not judged",
  value: null,
  standardError: null,
  bound: null,
  margin: null,
  unit: null,
  withinError: false,
  notes: [],
};

export const notJudged = (why: string): Verdict => ({ ...bare, notes: [why] });

/** A number against its bound. */
export function against(
  { value, standardError }: Measured,
  relation: Relation,
  bound: number,
  unit: string,
  notes: readonly string[] = [],
): Verdict {
  if (value === null || Number.isNaN(value))
    return { ...bare, bound, unit, notes: [...notes, "There is no such number of it."] };
  const upper = relation.startsWith("<");
  const margin = value === bound ? 0 : upper ? bound - value : value - bound;
  const holds = margin > 0 || (margin === 0 && relation.endsWith("="));
  const withinError = standardError !== null && Math.abs(margin) <= Z95 * standardError;
  return { state: holds ? "holds" : "fails", value, standardError, bound, margin, unit, withinError, notes };
}

/**
 * @param surprisals of given continuations of the prompt, bits.
 * @param baselineOf the baseline by its path; `null` is the configuration's.
 */
export async function judge(
  name: string,
  condition: Condition,
  measured: Measurement,
  baselineOf: (path: string | null) => Baseline | null,
  surprisals: (continuations: readonly string[]) => Promise<readonly (number | null)[]>,
): Promise<Verdict> {
  switch (condition.kind) {
    case "bound":
      return bounded(condition, measured);
    case "change":
      return changed(name, condition, measured, baselineOf(condition.base));
    case "text":
      return said(condition, measured.answer?.text ?? "");
    case "surprisal": {
      const [bits = null] = await surprisals([condition.of]);
      return against({ value: bits, standardError: null }, condition.relation, condition.bound, "bits");
    }
    case "likelier": {
      const [first = null, second = null] = await surprisals([condition.first, condition.second]);
      const value = first === null || second === null ? null : second - first;
      return against({ value, standardError: null }, condition.by > 0 ? ">=" : ">", condition.by, "bits");
    }
  }
}

const unitOf = (measure: MeasureKey): string => measureNamed(measure)!.unit;

function bounded({ measure, relation, bound }: BoundCondition, { values }: Measurement): Verdict {
  return against(values[measure] ?? { value: null, standardError: null }, relation, bound, unitOf(measure));
}

function changed(
  name: string,
  { measure, side, most, relative }: ChangeCondition,
  measured: Measurement,
  baseline: Baseline | null,
): Verdict {
  if (baseline === null) return notJudged("There is no baseline yet: surprisal check --update writes it.");
  const kept = baseline.of(name, measured);
  const before = kept?.values[measure];
  if (!kept || !before || before.value === null)
    return notJudged(`${baseline.from} has no number of this check: surprisal check --update writes it.`);
  if (kept.recipe !== measured.recipe)
    return notJudged(
      `The baseline was made otherwise (${kept.recipe}, now ${measured.recipe}): surprisal check --update writes a new one.`,
    );
  const now = measured.values[measure] ?? { value: null, standardError: null };
  const allowed = relative ? most * Math.abs(before.value) : most;
  const bound = side === "above" ? before.value + allowed : before.value - allowed;
  const notes = [
    ...(kept.sha256 === measured.sha256 ? [] : ["What is measured has changed since the baseline."]),
    ...(kept.modelSha256 === measured.model.sha256 && kept.model === measured.model.name
      ? []
      : [`The baseline is of another model, ${kept.model}.`]),
  ];
  const error = errorOfChange(measure, kept, measured, before, now);
  return against(
    { value: now.value, standardError: error },
    side === "above" ? "<=" : ">=",
    bound,
    unitOf(measure),
    notes,
  );
}

/** Over the same text in pairs, so that what is hard for both cancels; the same number of the same text has no error. */
function errorOfChange(
  measure: MeasureKey,
  kept: KeptMeasurement,
  measured: Measurement,
  before: Measured,
  now: Measured,
): number | null {
  if (kept.sha256 === measured.sha256) {
    if (before.value === now.value) return null;
    if (measure === "bitsPerByte" && kept.parts && measured.parts)
      return pairedDifference(kept.parts, measured.parts)?.standardError ?? null;
  }
  if (before.standardError === null || now.standardError === null) return null;
  return Math.hypot(before.standardError, now.standardError);
}

function said({ test, value, flags, ignoreCase, not }: TextCondition, answer: string): Verdict {
  const [text, wanted] = ignoreCase ? [answer.toLowerCase(), value.toLowerCase()] : [answer, value];
  const found = {
    contains: () => text.includes(wanted),
    equals: () => text.trim() === wanted.trim(),
    "starts-with": () => text.trimStart().startsWith(wanted),
    matches: () => new RegExp(value, flags).test(answer),
  }[test]();
  return { ...bare, state: found === not ? "fails" : "holds" };
}
