/** Steps as they are shown: the same of a sample's chain and of a pattern that demonstrations share. */
import type { CutKind, DemonstrationReport, MeasureScope, RefinedSample } from "../../refine/index.ts";
import { ratioText } from "./words.ts";

/** A step and what became of it. */
export interface ShownStep {
  /** From 1. */
  number: number;
  text: string;
  /** What is there now: another text where a step was written into it; `null`: it is gone. */
  now: string | null;
  fate: "kept" | CutKind;
  /** Nats, of the mean -ln p per token; Infinity, or `null` = not scored. */
  importance: number | null;
  /** `null` = not known. */
  tokens: number | null;
  /** "removed in round 2, at 0.981 times the full chain's perplexity". */
  fateText: string;
  /** "": for the reason for which the pruning ended. */
  why: string;
}

const FATES: Readonly<Record<ShownStep["fate"], string>> = {
  kept: "kept",
  removed: "removed",
  substituted: "merged: written into the steps that use it",
  rewritten: "merged: written anew with its neighbour",
};

/** Steps of a sample, in their order. */
export function stepsOfSample(
  { steps, rounds, stopped }: Pick<RefinedSample, "steps" | "rounds" | "stopped">,
  measure: MeasureScope,
): ShownStep[] {
  return steps.map(({ step, text, now, fate, round, ratio, why, tokens, importance }): ShownStep => {
    const kind = rounds.find((each) => each.step === step)?.kind ?? (fate === "merged" ? "rewritten" : fate);
    return {
      number: step + 1,
      text,
      now,
      fate: kind,
      importance: importance[measure].mean,
      tokens,
      fateText: fateText(kind, now !== null && now !== text, round, ratio, measure),
      why: fate === "kept" && why === stopped ? "" : why,
    };
  });
}

/** Steps that all demonstrations have, with the text of the first. */
export function stepsOfPattern({
  steps,
  demonstrations,
  stopped,
  measure,
}: DemonstrationReport): ShownStep[] {
  const left = [...(demonstrations[0]?.now ?? [])];
  return steps.map(({ step, text, fate, round, ratio, importance, why }): ShownStep => {
    const now = fate === "kept" ? (left.shift() ?? null) : null;
    return {
      number: step + 1,
      text,
      now,
      fate,
      importance: importance === null ? null : Math.log(importance),
      tokens: null,
      fateText: fateText(fate, now !== null && now !== text, round, ratio, measure),
      why: fate === "kept" && why === stopped ? "" : why,
    };
  });
}

function fateText(
  fate: ShownStep["fate"],
  isChanged: boolean,
  round: number | null,
  ratio: number | null,
  measure: MeasureScope,
): string {
  if (fate === "kept") return isChanged ? "kept, with another step in it" : "kept";
  const when = round === null ? "" : ` in round ${round}`;
  const price =
    ratio === null
      ? ""
      : `, at ${ratioText(ratio)} times the full chain's perplexity${measure === "rest" ? " of what stands behind" : ""}`;
  return `${FATES[fate]}${when}${price}`;
}

/** How many went which way: "2 removed, 1 merged", "all kept". */
export function countsText(steps: readonly { fate: string }[]): string {
  const removed = steps.filter(({ fate }) => fate === "removed").length;
  const merged = steps.filter(({ fate }) => fate !== "removed" && fate !== "kept").length;
  const parts = [...(removed > 0 ? [`${removed} removed`] : []), ...(merged > 0 ? [`${merged} merged`] : [])];
  return parts.length > 0 ? parts.join(", ") : "all kept";
}

/** Where bars begin and how long they may be: 0 lies between the ends. */
export interface BarScale {
  /** <= 0 <= high, nats. */
  low: number;
  high: number;
}

/** Larger ones are as good as infinite, and their difference may be. */
const LARGEST = 1e100;

/** Of finite values; never empty. What is infinite has room on its side of 0. */
export function scaleOf(values: readonly (number | null)[]): BarScale {
  const known = values.filter((value): value is number => value !== null && !Number.isNaN(value));
  const finite = known.filter((value) => Math.abs(value) <= LARGEST);
  const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  const room = high - low < 1e-9 ? 1 : high - low;
  return {
    low: low === 0 && known.some((value) => value < -LARGEST) ? -room : low,
    high: high - low < 1e-9 || (high === 0 && known.some((value) => value > LARGEST)) ? room : high,
  };
}

/** A bar's beginning and end as shares of the scale, 0 ... 1; what is infinite reaches its end. `null`: none. */
export function barAt(value: number | null, { low, high }: BarScale): [from: number, to: number] | null {
  if (value === null || Number.isNaN(value)) return null;
  const place = (at: number) => (Math.min(high, Math.max(low, at)) - low) / (high - low);
  const [zero, end] = [place(0), place(value)];
  return zero <= end ? [zero, end] : [end, zero];
}
