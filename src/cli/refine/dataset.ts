/** `surprisal refine --mode ft`: every line by itself, gone on with after whatever ended it. */
import { basename } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { writeWhole } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import {
  type DatasetReport,
  datasetReport,
  type ReadDataset,
  type ReadSampleOptions,
  type RefineSampleOptions,
  readDataset,
  refinedLine,
  refineSample,
  type SampleReport,
  type SampleRow,
} from "../../refine/index.ts";
import { formatCount, formatPlural, visible } from "../../text/index.ts";
import { type DoneRow, type FailedRow, failureOf, measureAll } from "../confidence/index.ts";
import { AnswerFile, placesOf, requestOf } from "../generate/index.ts";
import { readGiven } from "../input.ts";
import { type RefineFiles, sha256 } from "./files.ts";
import { readJournal } from "./journal.ts";
import { type RefineGiven, readingOf, refiningOf, settingsOf, shownThresholds } from "./options.ts";

/** A file of samples, and of which bytes. */
export interface GivenDataset extends ReadDataset {
  source: string;
  sha256: string;
}

/** @throws SurprisalError of the first line that cannot be read, unless they are to be skipped; of the first where all lack something. */
export async function readSamples(
  file: string | undefined,
  given: RefineGiven,
  { answerAlone = false }: Pick<ReadSampleOptions, "answerAlone"> = {},
): Promise<GivenDataset> {
  const source = file === undefined || file === "-" ? "standard input" : file;
  const bytes = await readGiven(file ?? "-", { maxMib: given.maxMib, wayOut: "Cut it into several files" });
  const read = readDataset(bytes, source, { ...readingOf(given), answerAlone });
  const { limit = Number.POSITIVE_INFINITY } = given;
  const rows = read.rows.slice(0, limit);
  // What stands behind the lines that are asked for is no hindrance.
  const last =
    read.rows.length > limit ? Number(/\d+$/.exec(rows.at(-1)!.where)![0]) : Number.POSITIVE_INFINITY;
  const skipped = read.unreadable.filter(({ line }) => line < last);
  const [bad] = skipped;
  if (bad !== undefined && (!given.skipUnreadable || read.rows.length === 0))
    throw unreadable(bad.error, { rows, unreadable: skipped });
  const [first] = rows;
  if (first !== undefined && rows.every(({ sample }) => sample instanceof SurprisalError)) throw first.sample;
  return { rows, unreadable: skipped, source, sha256: sha256(bytes) };
}

function unreadable(
  { code, what, where, wayOut = "" }: SurprisalError,
  { unreadable: all, rows }: ReadDataset,
): SurprisalError {
  const count = all.length > 1 ? ` (and so ${formatPlural(all.length - 1, "further line")})` : "";
  const on = rows.length > 0 ? " Or go on without such lines: --skip-unreadable." : "";
  return new SurprisalError({ code, what: `${what}${count}`, where, wayOut: `${wayOut}${on}`.trim() });
}

/** A line of the file of samples. */
interface Found {
  report: SampleReport;
}

/**
 * Refines what is missing, and writes the files, each whole.
 * @returns the report, and what failed otherwise than by a sample of its own.
 */
export async function refineLines(
  { rows, unreadable: skipped, source, sha256: sourceSha256 }: GivenDataset,
  files: RefineFiles,
  given: RefineGiven,
  model: LanguageModel,
  writer: LanguageModel | null,
): Promise<{ report: DatasetReport; failure: SurprisalError | null }> {
  const options = refiningOf(given, writer);
  const settings = settingsOf(given);
  const request = requestOf(model.identity, settings);
  const { samples: journal } = files;
  const shown = rows.map((row) => ({ ...row, item: row }));
  using file =
    journal === null
      ? null
      : AnswerFile.open(journal, { resume: given.resume, request, rows: shown, samples: 1 });
  const inMemory: (DoneRow<Found> | FailedRow)[] = [];
  const outcome = await measureAll<SampleRow, Found>({
    ...{ rows: shown, request, file, out: journal ?? undefined, quiet: given.quiet },
    ...{ label: "refining", noun: "sample", atOnce: placesOf({ atOnce: given.atOnce ?? 4 }, model) },
    measure: async (row, signal) => ({ report: await refineSample(model, row, { ...options, signal }) }),
    show: (row) => journal === null && inMemory.push(row),
  });
  const kept = journal === null ? null : readJournal(journal);
  const reports =
    kept?.reports ??
    new Map(inMemory.flatMap((row) => (row.type === "answer" ? [[row.prompt, row.report] as const] : [])));
  const failed = new Map(outcome.failures.map(({ row, error }) => [row.index, error]));
  const samples = rows.map(
    (row) => reports.get(row.index) ?? unmeasured(row, failed.get(row.index), options),
  );
  const report = {
    ...datasetReport(samples, model.identity, { ...options, source, settings }),
    thresholds: shownThresholds(given),
  };
  const notWritten =
    kept === null
      ? undefined
      : await writeFiles({ report, rows, skipped, sourceSha256, samplesSha256: kept.sha256 }, files, given);
  return { report: { ...report, notWritten }, failure: failureOf(outcome, files.out ?? undefined, "sample") };
}

/** A sample that the model failed on: written as it was, and tried again with --resume. */
function unmeasured(
  { index, id, where }: SampleRow,
  error: unknown,
  { unrefined }: RefineSampleOptions,
): SampleReport {
  const [code, message] = SurprisalError.isInstance(error)
    ? [error.code, error.what]
    : ["INTERNAL", String(error)];
  return { outcome: unrefined === "drop" ? "dropped" : "kept", index, id, where, code, message };
}

/** What the files hold. */
interface Written {
  report: DatasetReport;
  rows: readonly SampleRow[];
  skipped: ReadDataset["unreadable"];
  sourceSha256: string;
  samplesSha256: string;
}

/** @returns the samples that the format has no place for. */
async function writeFiles(
  { report, rows, skipped, sourceSha256, samplesSha256 }: Written,
  { out, samples, manifest }: RefineFiles,
  { format, by }: RefineGiven,
): Promise<NonNullable<DatasetReport["notWritten"]>> {
  const lost: { where: string; message: string }[] = [];
  const lines = rows.flatMap((row, i) => {
    const line = lineOf(row, report.samples[i]!, format, by, lost);
    return line === null ? [] : [line + (format === "same" ? row.lineEnd : "\n")];
  });
  const content = lines.join("");
  await writeWhole(out!, content);
  const { samples: _, totals, ...head } = report;
  const document = {
    schema: "surprisal.refine-manifest/1",
    ...head,
    source: { file: basename(report.source), sha256: sourceSha256, lines: rows.length },
    totals,
    skippedLines: skipped.map(({ line, error }) => ({ line, code: error.code, message: error.what })),
    notWritten: lost,
    data: { file: basename(out!), format, lines: lines.length, sha256: sha256(content) },
    samples: { file: basename(samples!), sha256: samplesSha256 },
  };
  await writeWhole(manifest!, `${JSON.stringify(document, infinityReplacer, 2)}\n`);
  return lost;
}

const infinityReplacer = (_: string, value: unknown): unknown =>
  value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY ? String(value) : value;

function lineOf(
  row: SampleRow,
  report: SampleReport,
  format: RefineGiven["format"],
  by: RefineGiven["by"],
  lost: { where: string; message: string }[],
): string | null {
  try {
    const line = refinedLine(row, report, format, { by });
    if (line === null && report.outcome === "kept") lost.push({ where: row.where, message: report.message });
    return line;
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    lost.push({ where: row.where, message: error.what });
    return null;
  }
}

/** What is said on standard error at the end. */
export function writtenText(
  { totals, notWritten = [] }: DatasetReport,
  { out, samples, manifest }: RefineFiles,
  skipped: number,
  format: RefineGiven["format"],
): string[] {
  const without =
    skipped > 0
      ? `${formatPlural(skipped, "line")} could not be read and ${skipped === 1 ? "is" : "are"} left out`
      : null;
  const written =
    out === null
      ? "The refined lines are not written: --out FILE.jsonl keeps them."
      : `${formatCount(totals.samples - totals.dropped - notWritten.length)} of ${formatPlural(totals.samples, "sample")} in ${visible(out)}; what was cut and why in ${visible(samples!)}, totals in ${visible(manifest!)}`;
  const [first] = notWritten;
  const lost =
    first === undefined
      ? []
      : [
          `${formatPlural(notWritten.length, "sample")} not written, because --format ${format} has no place for them: ${visible(first.where)}: ${visible(first.message)}${notWritten.length > 1 ? ", ..." : ""}. The manifest has all; --format same keeps them, with --resume at once.`,
        ];
  return [...(without === null ? [] : [without]), written, ...lost];
}
