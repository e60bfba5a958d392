/**
 * What is measured of a text, each measure described once. The screen and the page of a score show what is here, and so do
 * a run's tables (terminal, page, Markdown, CSV, SQL), in this order; in JSON a measure has the name that core gives it.
 */
import type { Measures } from "../../core/index.ts";

/** Natural logarithms are "nats"; a "perplexity" is a number of choices; a "share" is 0 ... 1, people see percent. */
export type Unit =
  | "perplexity"
  | "nats"
  | "bits"
  | "share"
  | "milliseconds"
  | "tokens"
  | "documents"
  | "questions";

export interface Measure<Source> {
  /** Above its column in tables of several scores for people. None: in tables it is only for programs. */
  readonly heading?: string | undefined;
  readonly unit: Unit;
  /** Key of its ±, one standard error in the same unit. */
  readonly error?: string | undefined;
  /** `null` = there is no number. Default: what the source has under the measure's key. */
  readonly read?: ((source: Source) => number | null) | undefined;
}

/** Measures by their keys: the names that they have in JSON, CSV and SQL. */
export type MeasureTable<Source> = Readonly<Record<string, Measure<Source>>>;

/** A measure for every value; it says where the value is, unless the source has it under the same name. */
export type TableOf<Values, Source> = {
  readonly [Key in keyof Values]: Measure<Source> &
    (Key extends keyof Source ? unknown : { read: (source: Source) => Values[Key] });
};

/** Reads all measures of a table. */
export function readMeasures<Values, Source extends object>(
  table: TableOf<Values, Source>,
  source: Source,
): Values {
  const values = new Map<string, unknown>(Object.entries(source));
  const measures: [string, Measure<Source>][] = Object.entries(table);
  return Object.fromEntries(
    measures.map(([key, { read }]) => [key, read ? read(source) : (values.get(key) ?? null)]),
  ) as Values;
}

/** How a measure stands beside one score. */
export interface TextMeasure extends Measure<Measures> {
  /** Its name there. Default: its heading; with neither it is not shown. */
  readonly name?: string | undefined;
  /** On a page it stands in small beside that measure, with these words; on a screen for itself. */
  readonly beside?: readonly [key: keyof TextValues, words: string] | undefined;
  /** Only a page has room for it. */
  readonly onPageOnly?: boolean | undefined;
}

/** The numbers that core reads off the sums. One that is not in the table does not compile. */
export type TextValues = Omit<Measures, "unscored">;

export const TEXT_MEASURES: Readonly<Record<keyof TextValues, TextMeasure>> = {
  perplexity: { heading: "perplexity", unit: "perplexity", error: "standardError" },
  bitsPerByte: { heading: "bits per byte", unit: "bits", error: "bitsPerByteStandardError" },
  /** On the screen it is in the line of the tokens. */
  bitsPerToken: { name: "bits per token", unit: "bits", onPageOnly: true },
  wordPerplexity: {
    heading: "per word",
    name: "perplexity per word",
    unit: "perplexity",
    // Over a text of few "words", such as a Chinese one, it passes 1.8e308, which is not infinite but no number either.
    read: ({ wordPerplexity, nll }) =>
      wordPerplexity === Number.POSITIVE_INFINITY && Number.isFinite(nll) ? null : wordPerplexity,
  },
  bytePerplexity: {
    name: "perplexity per byte",
    unit: "perplexity",
    beside: ["bitsPerByte", "perplexity"],
  },
  characterPerplexity: {
    name: "perplexity per character",
    unit: "perplexity",
    beside: ["wordPerplexity", "per character"],
  },
  bitsPerCharacter: { unit: "bits" },
  geometricMeanProbability: {
    name: "mean probability",
    unit: "share",
    beside: ["bitsPerToken", "mean probability"],
    onPageOnly: true,
  },
  nll: { unit: "nats" },
  scored: { heading: "tokens", unit: "tokens" },
  tokens: { unit: "tokens" },
};
