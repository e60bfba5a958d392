/**
 * What a run measures, each measure described once: the tables of the terminal, of pages and of Markdown, the columns of
 * CSV and the types of SQL are read off these tables, in their order. In JSON a measure is where `read` finds it.
 */
import type { RunResult, RunTaskResult } from "./run.ts";

/** How a value of a unit is stored in a table. Natural logarithms are "nats"; a "perplexity" is a number of choices. */
const STORED = {
  perplexity: "DOUBLE",
  nats: "DOUBLE",
  bits: "DOUBLE",
  /** 0 ... 1; people see percent. */
  share: "DOUBLE",
  milliseconds: "DOUBLE",
  tokens: "BIGINT",
  documents: "BIGINT",
  questions: "BIGINT",
} as const;

type Unit = keyof typeof STORED;

export interface Measure<Source> {
  /** Above its column in tables for people. None: it is only in files that programs read. */
  readonly heading?: string | undefined;
  readonly unit: Unit;
  /** Key of its ±, one standard error in the same unit. */
  readonly error?: string | undefined;
  /** `null` = there is no number. */
  readonly read: (source: Source) => number | null;
}

/** Measures by their keys: the names that they have in CSV and SQL. */
export type MeasureTable<Source> = Readonly<Record<string, Measure<Source>>>;

/** Values of a table's measures, by key. */
export type MeasuresOf<Table> = {
  [Key in keyof Table]: Table[Key] extends { read: (source: never) => infer Value } ? Value : never;
};

/** Reads all measures of a table. */
export function readMeasures<Source, Table extends MeasureTable<Source>>(
  table: Table,
  source: Source,
): MeasuresOf<Table> {
  return Object.fromEntries(
    Object.entries(table).map(([key, { read }]) => [key, read(source)]),
  ) as MeasuresOf<Table>;
}

/** Types of a table's columns, as SQL has them. */
export function storedTypes(table: MeasureTable<never>): Record<string, string> {
  return Object.fromEntries(Object.entries(table).map(([key, { unit }]) => [key, STORED[unit]]));
}

/** Of one model over one corpus. */
export const RUN_MEASURES = {
  /** Per token, 1 ... Infinity. */
  perplexity: {
    heading: "perplexity",
    unit: "perplexity",
    error: "standardError",
    read: ({ perplexity }: RunResult): number | null => perplexity,
  },
  /** ± of the perplexity. */
  standardError: {
    unit: "perplexity",
    read: ({ standardError }: RunResult): number | null => standardError,
  },
  /** 95 % interval of the perplexity. */
  low: { unit: "perplexity", read: ({ interval }: RunResult): number | null => interval?.[0] ?? null },
  high: { unit: "perplexity", read: ({ interval }: RunResult): number | null => interval?.[1] ?? null },
  /** Comparable across vocabularies. */
  bitsPerByte: {
    heading: "bits per byte",
    unit: "bits",
    error: "bitsPerByteStandardError",
    read: ({ bitsPerByte }: RunResult): number | null => bitsPerByte,
  },
  bitsPerByteStandardError: {
    unit: "bits",
    read: ({ bitsPerByteStandardError }: RunResult): number | null => bitsPerByteStandardError,
  },
  /** Perplexity per word. */
  wordPerplexity: {
    heading: "per word",
    unit: "perplexity",
    // Over a text of few "words", such as a Chinese one, it passes 1.8e308, which is not infinite but no number either.
    read: ({ wordPerplexity, nll }: RunResult): number | null =>
      wordPerplexity === Number.POSITIVE_INFINITY && Number.isFinite(nll) ? null : wordPerplexity,
  },
  /** Tokens that carry a number. */
  scored: { heading: "tokens", unit: "tokens", read: ({ scored }: RunResult): number => scored },
  /** Documents that were scored. */
  documents: {
    heading: "documents",
    unit: "documents",
    read: ({ documents }: RunResult): number => documents,
  },
  /** Documents that hold nothing to score. */
  skipped: { unit: "documents", read: ({ skipped }: RunResult): number => skipped },
  /** Tokens of the texts. */
  tokens: { unit: "tokens", read: ({ tokens }: RunResult): number => tokens },
  /** Mean of -ln p per token. */
  nll: { unit: "nats", read: ({ nll }: RunResult): number | null => nll },
  /** Arithmetic mean of the documents' perplexities. */
  meanPerplexity: {
    unit: "perplexity",
    read: ({ meanPerplexity }: RunResult): number | null => meanPerplexity,
  },
  /** Perplexity per byte. */
  bytePerplexity: {
    unit: "perplexity",
    read: ({ bytePerplexity }: RunResult): number | null => bytePerplexity,
  },
  bitsPerToken: { unit: "bits", read: ({ bitsPerToken }: RunResult): number | null => bitsPerToken },
  bitsPerCharacter: {
    unit: "bits",
    read: ({ bitsPerCharacter }: RunResult): number | null => bitsPerCharacter,
  },
  /** Tokens run through the model. */
  tokensRun: { unit: "tokens", read: ({ timing }: RunResult): number => timing.tokensRun },
  /** Work, over all sessions of the run. */
  totalMs: { unit: "milliseconds", read: ({ timing }: RunResult): number => timing.totalMs },
} as const;

type TaskSummary = RunTaskResult["summary"];

/** Of one model over one task. */
export const TASK_MEASURES = {
  /** Share of the questions answered rightly, by ln p. */
  acc: {
    heading: "acc",
    unit: "share",
    error: "accStandardError",
    read: (summary: TaskSummary): number | null => accuracyOf(summary).value,
  },
  /** lm-eval's sample standard error, as for the others. */
  accStandardError: {
    unit: "share",
    read: (summary: TaskSummary): number | null => accuracyOf(summary).standardError,
  },
  /** By ln p per character (lm-eval). */
  accNorm: {
    heading: "acc_norm",
    unit: "share",
    error: "accNormStandardError",
    read: (summary: TaskSummary): number | null => choicesOf(summary)?.accNorm.value ?? null,
  },
  accNormStandardError: {
    unit: "share",
    read: (summary: TaskSummary): number | null => choicesOf(summary)?.accNorm.standardError ?? null,
  },
  /** By mean ln p of the tokens (llama.cpp). */
  accNormTokens: {
    heading: "by tokens",
    unit: "share",
    error: "accNormTokensStandardError",
    read: (summary: TaskSummary): number | null => choicesOf(summary)?.accNormTokens.value ?? null,
  },
  accNormTokensStandardError: {
    unit: "share",
    read: (summary: TaskSummary): number | null => choicesOf(summary)?.accNormTokens.standardError ?? null,
  },
  /** What guessing would give. */
  chance: {
    heading: "chance",
    unit: "share",
    read: (summary: TaskSummary): number | null =>
      summary.kind === "multiple-choice" ? summary.chance : null,
  },
  /** Per target (lm-eval's LAMBADA). */
  perplexity: {
    heading: "perplexity",
    unit: "perplexity",
    error: "perplexityStandardError",
    read: (summary: TaskSummary): number | null => targetOf(summary)?.value ?? null,
  },
  perplexityStandardError: {
    unit: "perplexity",
    read: (summary: TaskSummary): number | null => targetOf(summary)?.standardError ?? null,
  },
  questions: {
    heading: "questions",
    unit: "questions",
    read: (summary: TaskSummary): number => summary.items,
  },
} as const;

function accuracyOf(summary: TaskSummary) {
  return summary.kind === "target" ? summary.accuracy : summary.accuracies.acc;
}

function choicesOf(summary: TaskSummary) {
  return summary.kind === "multiple-choice" ? summary.accuracies : null;
}

function targetOf(summary: TaskSummary) {
  return summary.kind === "target" ? summary.perplexity : null;
}
