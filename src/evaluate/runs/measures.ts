/**
 * What a run measures, each measure described once: the tables of the terminal, of pages and of Markdown, the columns of
 * CSV and the types of SQL are read off these tables, in their order. In JSON a measure is where `read` finds it.
 */
import { logInterval } from "../../core/index.ts";
import {
  type MeasureTable,
  type TableOf,
  TEXT_MEASURES,
  type TextValues,
  type Unit,
} from "../scoring/index.ts";
import type { RunResult, RunTaskResult } from "./run.ts";

/** How a value of a unit is stored in a table. */
const STORED: Readonly<Record<Unit, string>> = {
  perplexity: "DOUBLE",
  nats: "DOUBLE",
  bits: "DOUBLE",
  share: "DOUBLE",
  milliseconds: "DOUBLE",
  tokens: "BIGINT",
  documents: "BIGINT",
  questions: "BIGINT",
};

/** Types of a table's columns, as SQL has them. */
export function storedTypes(table: MeasureTable<never>): Record<string, string> {
  return Object.fromEntries(Object.entries(table).map(([key, { unit }]) => [key, STORED[unit]]));
}

/** Of one model over one corpus: the measures of its texts, their errors, and what they took. */
export interface RunValues
  extends TextValues,
    Pick<
      RunResult,
      "standardError" | "bitsPerByteStandardError" | "documents" | "skipped" | "meanPerplexity"
    > {
  /** 95 % interval of the perplexity. */
  low: number | null;
  high: number | null;
  tokensRun: number;
  /** Over all sessions of the run, milliseconds. */
  totalMs: number;
}

/** By the bootstrap; where the method gives no interval, from the standard error on the log scale. */
function intervalOf({ interval, perplexity, standardError }: RunResult): readonly number[] | null {
  if (interval !== null) return interval;
  const found = logInterval(perplexity, standardError, undefined, 1);
  return found && Number.isFinite(found.high) ? [found.low, found.high] : null;
}

const { perplexity, bitsPerByte, ...others } = TEXT_MEASURES;

export const RUN_MEASURES: TableOf<RunValues, RunResult> = {
  perplexity,
  standardError: { unit: "perplexity" },
  low: { unit: "perplexity", read: (result) => intervalOf(result)?.[0] ?? null },
  high: { unit: "perplexity", read: (result) => intervalOf(result)?.[1] ?? null },
  bitsPerByte,
  bitsPerByteStandardError: { unit: "bits" },
  ...others,
  documents: { heading: "documents", unit: "documents" },
  skipped: { unit: "documents" },
  meanPerplexity: { unit: "perplexity" },
  tokensRun: { unit: "tokens", read: ({ timing }) => timing.tokensRun },
  totalMs: { unit: "milliseconds", read: ({ timing }) => timing.totalMs },
};

type TaskSummary = RunTaskResult["summary"];

/** Of one model over one task. */
export interface TaskValues {
  /** Share of the questions answered rightly, by ln p. */
  acc: number | null;
  /** lm-eval's sample standard error, as for the others. */
  accStandardError: number | null;
  /** By ln p per character (lm-eval). */
  accNorm: number | null;
  accNormStandardError: number | null;
  /** By mean ln p of the tokens (llama.cpp). */
  accNormTokens: number | null;
  accNormTokensStandardError: number | null;
  /** What guessing would give. */
  chance: number | null;
  /** Per target (lm-eval's LAMBADA). */
  perplexity: number | null;
  perplexityStandardError: number | null;
  questions: number;
  /** Of them, those that could not be asked, and those that lost their beginning. */
  refused: number;
  cut: number;
}

export const TASK_MEASURES: TableOf<TaskValues, TaskSummary> = {
  acc: {
    heading: "acc",
    unit: "share",
    error: "accStandardError",
    read: (summary) => accuracyOf(summary).value,
  },
  accStandardError: { unit: "share", read: (summary) => accuracyOf(summary).standardError },
  accNorm: {
    heading: "acc_norm",
    unit: "share",
    error: "accNormStandardError",
    read: (summary) => choicesOf(summary)?.accNorm.value ?? null,
  },
  accNormStandardError: {
    unit: "share",
    read: (summary) => choicesOf(summary)?.accNorm.standardError ?? null,
  },
  accNormTokens: {
    heading: "by tokens",
    unit: "share",
    error: "accNormTokensStandardError",
    read: (summary) => choicesOf(summary)?.accNormTokens.value ?? null,
  },
  accNormTokensStandardError: {
    unit: "share",
    read: (summary) => choicesOf(summary)?.accNormTokens.standardError ?? null,
  },
  chance: {
    heading: "chance",
    unit: "share",
    read: (summary) => (summary.kind === "multiple-choice" ? summary.chance : null),
  },
  perplexity: {
    heading: "perplexity",
    unit: "perplexity",
    error: "perplexityStandardError",
    read: (summary) => targetOf(summary)?.value ?? null,
  },
  perplexityStandardError: {
    unit: "perplexity",
    read: (summary) => targetOf(summary)?.standardError ?? null,
  },
  questions: { heading: "questions", unit: "questions", read: ({ items }) => items },
  refused: { unit: "questions", read: ({ refused = 0 }) => refused },
  cut: { unit: "questions", read: ({ cut = 0 }) => cut },
};

function accuracyOf(summary: TaskSummary) {
  return summary.kind === "target" ? summary.accuracy : summary.accuracies.acc;
}

function choicesOf(summary: TaskSummary) {
  return summary.kind === "multiple-choice" ? summary.accuracies : null;
}

function targetOf(summary: TaskSummary) {
  return summary.kind === "target" ? summary.perplexity : null;
}
