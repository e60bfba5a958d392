/** What a whole file will cost, said before it is begun. */
import { SurprisalError } from "../../core/index.ts";
import { formatCount, formatPlural } from "../../text/index.ts";
import type { DetectRow } from "./given.ts";
import type { DetectSetup } from "./setup.ts";

/** What will be done at most. */
export interface DetectPlan {
  answers: number;
  /** Answers to write, and samples to draw. */
  written: number;
  samples: number;
  /** Passes over an answer, with its documents or without. */
  passes: number;
  /** Of answers and samples together, tokens. */
  tokensWritten: number;
}

/** @param rows those that are not done yet. */
export function detectPlanOf(rows: readonly DetectRow[], setup: DetectSetup): DetectPlan {
  const { model, signals, documents, samples, maxTokens, byDocument } = setup;
  const items = rows.flatMap(({ item }) => (item instanceof SurprisalError ? [] : [item]));
  const written = model === null ? 0 : items.filter(({ answer }) => answer === null).length;
  const drawn = model === null ? 0 : items.filter(({ question }) => question !== null).length * samples;
  let passes = 0;
  if (model?.capabilities.score)
    for (const item of items) {
      const count = signals.includes("retrieval") ? item.documents.length + documents.length : 0;
      const wantsNumbers = item.records === null && item.answer !== null && needsNumbers(signals);
      if (count > 0) passes += 2 + (byDocument && count > 1 ? count : 0);
      else if (wantsNumbers) passes++;
    }
  return {
    ...{ answers: items.length, written, samples: drawn, passes },
    tokensWritten: (written + drawn) * maxTokens,
  };
}

/** Whether one of these looks at the answer's tokens. */
export const needsNumbers = (signals: DetectSetup["signals"]): boolean =>
  signals.includes("anomaly") || signals.includes("series");

/** A line for people. */
export function detectPlanText({ answers, written, samples, passes, tokensWritten }: DetectPlan): string {
  const parts = [
    ...(written > 0 ? [`${formatPlural(written, "answer")} to write`] : []),
    ...(samples > 0 ? [`${formatPlural(samples, "sample")} to draw`] : []),
    ...(passes > 0 ? [`${formatCount(passes)} ${passes === 1 ? "pass" : "passes"} over answers`] : []),
  ];
  if (parts.length === 0)
    return `price: no model is run; ${formatPlural(answers, "answer")} as ${answers === 1 ? "it stands" : "they stand"}`;
  const most = tokensWritten > 0 ? ` · at most ${formatPlural(tokensWritten, "token")} written` : "";
  return `price: ${formatPlural(answers, "answer")}; ${parts.join(", ")}${most}`;
}
