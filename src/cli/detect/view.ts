/** Rows as a page shows them, and as they are read back. */
import type { LanguageModel } from "../../models/index.ts";
import type { DetectedAnswer, DetectionView } from "../../report/index.ts";
import { confidentErrorsOf, rankSignals } from "./rank.ts";

const WORDS: Readonly<Record<string, string>> = {
  ...{ maxTokens: "most tokens", temperature: "temperature of answers" },
  ...{ sampleTemperature: "temperature of samples", cacheType: "cache type", contextSize: "context, tokens" },
  ...{ byDocument: "each document left out once", documents: "documents of --context" },
  documentsSha256: "sha256 of these",
};

/**
 * @param recipe what the rows were asked for with.
 * @param notes what should be known of all of them.
 */
export function detectionViewOf(
  title: string,
  model: LanguageModel | null,
  answers: readonly DetectedAnswer[],
  recipe: Readonly<Record<string, unknown>>,
  notes: readonly string[],
): DetectionView {
  const details = Object.entries(recipe).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === false || value === null ? [] : [[WORDS[name] ?? name, String(value)]],
  );
  const identity = model?.identity;
  const named = identity && [identity.name, identity.quantisation, identity.sha256?.slice(0, 12)];
  return {
    ...{ title, model: identity?.name ?? null, answers },
    ranking: rankSignals(answers),
    confidentErrors: confidentErrorsOf(answers),
    details: [...(named ? [["model", named.filter(Boolean).join(" · ")] as const] : []), ...details],
    notes: [...notes, ...(model?.notes ?? [])],
  };
}

/** Fields that are texts, whatever they say. */
const TEXTS = new Set(
  "id question answer name because kind unit reason note group promptSha256 message".split(" "),
);

/** For JSON.parse of rows: all else that says "Infinity" is a number. */
export const numberFromText = (key: string, value: unknown): unknown =>
  (value === "Infinity" || value === "-Infinity") && !TEXTS.has(key) ? Number(value) : value;
