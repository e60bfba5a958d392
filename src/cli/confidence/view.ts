/** Rows as a page shows them. */
import type { LanguageModel } from "../../models/index.ts";
import type { ConfidenceView, MethodRanking } from "../../report/index.ts";
import type { ConfidenceRow } from "./run.ts";

/**
 * @param recipe what the rows were asked for with.
 * @param failed what became of lines that are not there, in words; `null`: all are.
 */
export function viewOf(
  title: string,
  model: LanguageModel | null,
  answers: readonly ConfidenceRow[],
  ranking: readonly MethodRanking[] | null,
  recipe: Readonly<Record<string, unknown>>,
  failed: string | null,
): ConfidenceView {
  const words: Readonly<Record<string, string>> = {
    ...{
      maxTokens: "most tokens",
      temperature: "temperature of answers",
      sampleTemperature: "temperature of samples",
    },
    ...{ read: "answers read as", cacheType: "cache type" },
  };
  const details = Object.entries(recipe).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === false || name === "methods"
      ? []
      : [[words[name] ?? name, String(value)]],
  );
  const identity = model?.identity;
  return {
    title,
    model: identity?.name ?? null,
    answers,
    ranking,
    details: [
      ...(identity
        ? ([
            [
              "model",
              [identity.name, identity.quantisation, identity.sha256?.slice(0, 12)]
                .filter(Boolean)
                .join(" · "),
            ],
          ] as [string, string][])
        : []),
      ...details,
    ],
    notes: [...(failed === null ? [] : [failed]), ...(model?.notes ?? [])],
  };
}
