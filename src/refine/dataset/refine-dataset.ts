/** SPIRIT-FT over a data set: several samples side by side, results in the order of the file, and what is there already kept. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { LanguageModel, ModelIdentity } from "../../models/index.ts";
import { reconstructionsOf } from "../prune/index.ts";
import { segment } from "../segment/index.ts";
import { type DatasetFormat, trainingLine } from "./formats.ts";
import { type RefineSampleOptions, refineSample } from "./refine-sample.ts";
import type { DatasetReport, SampleReport } from "./report.ts";
import {
  assistantText,
  type LeftStep,
  leftChain,
  lineWith,
  type ReasoningSample,
  type SampleRow,
} from "./sample.ts";
import { totalsOf } from "./totals.ts";

/** Options of `refineDataset`. */
export interface RefineDatasetOptions extends RefineSampleOptions {
  /** Samples that are worked on side by side, at least 1. Default 4. Results do not depend on it. */
  atOnce?: number | undefined;
  /** What is there already, such as from a journal: such a sample is not scored again. */
  done?: ((row: SampleRow) => SampleReport | undefined) | undefined;
  /** Told of every new result, as it comes: in any order. */
  onSample?: ((report: SampleReport) => void) | undefined;
  /** Name of the file, for the report. Default "data set". */
  source?: string | undefined;
  /** What stands in the report as settings. Default: the options that are texts and numbers. */
  settings?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Refines all samples.
 * @throws {SurprisalError} INVALID_ARGUMENT; the first error that is not a sample's own. `onSample` has been told of what was done.
 */
export async function refineDataset(
  model: LanguageModel,
  rows: readonly SampleRow[],
  options: RefineDatasetOptions = {},
): Promise<DatasetReport> {
  const { atOnce = 4, done, onSample, source = "data set", settings } = options;
  if (!Number.isInteger(atOnce) || atOnce < 1)
    throw invalidArgument(
      `${atOnce} is no number of samples at once`,
      "atOnce",
      "Give an integer of at least 1.",
    );
  const reports: SampleReport[] = Array.from({ length: rows.length });
  let next = 0;
  let failure: { error: unknown } | null = null;
  const work = async () => {
    while (next < rows.length && failure === null) {
      const place = next++;
      const row = rows[place]!;
      const kept = done?.(row);
      if (kept) reports[place] = kept;
      else
        try {
          const report = await refineSample(model, row, options);
          reports[place] = report;
          onSample?.(report);
        } catch (error) {
          failure ??= { error };
        }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, rows.length) }, work));
  if (failure !== null) throw (failure as { error: unknown }).error;
  return datasetReport(reports, model.identity, {
    ...options,
    source,
    settings: settings ?? settingsOf(options),
  });
}

const settingsOf = (options: RefineDatasetOptions): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).filter(([, value]) => typeof value !== "function" && value !== undefined),
  );

/** What samples came to, together. */
export function datasetReport(
  samples: readonly SampleReport[],
  model: ModelIdentity,
  { method = "spirit", measure, draws = 20, source, settings }: RefineDatasetOptions,
): DatasetReport {
  return {
    ...{ mode: "ft", source: source ?? "data set", model, settings: settings ?? {}, method },
    measure: measure ?? MEASURED[method] ?? "chain",
    reconstructed: reconstructionsOf(method),
    samples,
    totals: totalsOf(samples, draws),
  };
}

/** What methods go by where nobody said. */
const MEASURED: Partial<Record<string, DatasetReport["measure"]>> = { "token-budget": "rest", pir: "answer" };

/**
 * The line of a sample for training, as it came out of refining; `null` where it is left out: because it was asked for, or because it could
 * not be read and the format is another one than it came in.
 * @returns without a newline.
 * @throws {SurprisalError} CORPUS_MALFORMED where the format has no room for the chat.
 */
export function refinedLine(
  row: SampleRow,
  report: SampleReport,
  format: DatasetFormat = "same",
  { by }: Pick<RefineSampleOptions, "by"> = {},
): string | null {
  if (report.outcome === "dropped") return null;
  const { sample, line, where } = row;
  if (sample instanceof SurprisalError) return format === "same" ? line : null;
  const isAsItWas =
    report.outcome !== "refined" ||
    report.steps.every(({ fate, now, text }) => fate === "kept" && now === text);
  if (isAsItWas && format === "same") return line;
  const cut = cutOf(sample, by);
  if (cut === null) return trainingLineOf(sample, wholeText(sample), format, where);
  const left: LeftStep[] =
    report.outcome === "refined"
      ? report.steps.flatMap(({ step, now }) => (now === null ? [] : [{ step, text: now }]))
      : cut.steps.map(({ text }, step) => ({ step, text }));
  const chain = leftChain(cut, left);
  return format === "same"
    ? lineWith(line, sample, chain, left)
    : trainingLine(sample, assistantText(sample, chain), format, where);
}

const trainingLineOf = (
  sample: ReasoningSample,
  said: string,
  format: DatasetFormat,
  where: string,
): string | null => (format === "same" ? null : trainingLine(sample, said, format, where));

/** Reasoning that cannot be cut, such as a list with an empty step, is written as it is. */
function wholeText({ head, reasoning, frame, answer, tail }: ReasoningSample): string {
  const text = typeof reasoning === "string" ? reasoning : reasoning.map((step) => `${step}\n`).join("");
  return head + text + frame + answer + tail;
}

function cutOf(sample: ReasoningSample, by: RefineSampleOptions["by"]) {
  if (typeof sample.reasoning !== "string")
    return {
      lead: "",
      steps: sample.reasoning.map((text) => ({ text, separator: "\n", kind: "text" as const })),
    };
  try {
    return segment(sample.reasoning, { by });
  } catch (error) {
    if (SurprisalError.isInstance(error)) return null;
    throw error;
  }
}
