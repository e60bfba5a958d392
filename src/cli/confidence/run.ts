/** Many answers: so many side by side as there are places, kept in their order as they come. */
import { readFileSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";
import { onInterrupt } from "../../files/index.ts";
import type { Provenance } from "../../models/index.ts";
import type { ConfidenceAnswer } from "../../report/index.ts";
import { formatCount, formatPlural, infinityFromText, visible } from "../../text/index.ts";
import { errorEvent } from "../chat/index.ts";
import { partsOf, someFailed, triesAgain } from "../errors.ts";
import { type AnswerFile, endsAll, InOrder, type Kept, type Request } from "../generate/index.ts";
import { startProgress } from "../render/index.ts";
import type { ItemRow } from "./given.ts";
import type { Measured } from "./measure.ts";

/** A line of the file: the place of the question is `prompt`, as in the rows of `surprisal generate`. */
interface RowHead extends Kept {
  type: "answer";
  id: string | number | null;
}

/** A line of `surprisal confidence`. */
export interface ConfidenceRow extends RowHead, ConfidenceAnswer {
  type: "answer";
  id: string | number | null;
  usage: Measured["usage"];
  provenance: Provenance | null;
  more?: Measured["more"];
  spent?: Measured["spent"];
}

/** A line with what was found of its answer. */
export type DoneRow<Found> = RowHead & Found;

/** A line that could not be measured. */
export interface FailedRow extends Kept {
  type: "error";
  id: string | number | null;
  code: string;
  message: string;
  where?: string | undefined;
}

/** A line, or why it cannot be read. */
interface GivenRow<Item> extends Pick<ItemRow, "index" | "id" | "where" | "sha256"> {
  item: Item | SurprisalError;
}

interface Run<Item, Found> {
  rows: readonly GivenRow<Item>[];
  /** @throws SurprisalError what is wrong with this line, or with the model. */
  measure(item: Item, signal: AbortSignal): Promise<Found>;
  /** What is done, on the line of the progress. */
  label: string;
  request: Request;
  /** `null`: rows go to `show` alone. */
  file: AnswerFile | null;
  /** Its name. */
  out: string | undefined;
  atOnce: number;
  quiet: boolean;
  /** What a row is called. Default "answer". */
  noun?: string | undefined;
  /** Given rows in their order, as they are done. */
  show(row: DoneRow<Found> | FailedRow): void;
}

/** What a run came to: how many rows, and which could not be measured. */
export interface Outcome {
  done: number;
  failures: { row: GivenRow<unknown>; error: unknown }[];
}

/**
 * Measures what is missing.
 * @throws SurprisalError what would fail for all of them, at once; what is done is in the file.
 */
export async function measureAll<Item, Found>({
  rows,
  measure,
  label,
  request,
  file,
  out,
  atOnce,
  quiet,
  noun = "answer",
  show,
}: Run<Item, Found>): Promise<Outcome> {
  const missing = rows.filter((row) => !file?.has(row, 0));
  const outcome: Outcome = { done: 0, failures: [] };
  const progress = startProgress({ label, unit: `${noun}s` });
  const stop = new AbortController();
  const ordered = new InOrder<DoneRow<Found> | FailedRow>(
    (row) => {
      file?.add(row);
      show(row);
    },
    file === null ? Number.POSITIVE_INFINITY : atOnce * 2,
  );
  for (const row of rows) if (file?.has(row, 0)) ordered.skip(row.index);
  const stopWatching = onInterrupt(() => {
    progress.end();
    ordered.flush();
    file?.[Symbol.dispose]();
    const so = `Interrupted: ${formatCount(outcome.done)} of ${formatPlural(missing.length, noun)} done`;
    process.stderr.write(
      out === undefined
        ? `${so}. With --out FILE they can be gone on with.\n`
        : `${so}, in ${visible(out)}. Go on with the same command and --resume.\n`,
    );
  });
  let next = 0;
  let fatal: { error: unknown } | null = null;
  const work = async () => {
    while (next < missing.length && fatal === null) {
      const row = missing[next++]!;
      const head = { prompt: row.index, id: row.id, sample: 0, promptSha256: row.sha256, request };
      try {
        let done: DoneRow<Found> | FailedRow;
        try {
          if (row.item instanceof SurprisalError) throw row.item;
          done = { type: "answer", ...head, ...(await measure(row.item, stop.signal)) };
        } catch (error) {
          if (fatal !== null || endsAll(error) || !SurprisalError.isInstance(error)) throw error;
          outcome.failures.push({ row, error });
          const { type, ...said } = errorEvent(error);
          done = { type, ...head, ...said };
        }
        ordered.add(row.index, done);
      } catch (error) {
        fatal ??= { error };
        stop.abort();
        return;
      }
      outcome.done++;
      if (!quiet) progress.update({ done: outcome.done, total: missing.length });
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, missing.length) }, work));
    ordered.flush();
    if (fatal !== null) throw withWayOn((fatal as { error: unknown }).error, out, file);
    file?.finish();
  } finally {
    stopWatching();
    progress.end();
  }
  return outcome;
}

function withWayOn(error: unknown, out: string | undefined, file: AnswerFile | null): unknown {
  if (!SurprisalError.isInstance(error) || out === undefined || !file?.count) return error;
  const { code, what, where, wayOut = "" } = error;
  const on = `What is done is in ${out}: go on with the same command and --resume.`;
  return new SurprisalError({ code, what, where, wayOut: `${wayOut} ${on}`.trim(), cause: error });
}

/** @returns `null` where nothing failed. */
export function failureOf(
  { failures, done }: Outcome,
  out: string | undefined,
  noun = "answer",
): SurprisalError | null {
  if (failures.length === 0) return null;
  return someFailed({
    failures: failures
      .toSorted((a, b) => a.row.index - b.row.index)
      .map(({ error, row }) => {
        const { where } = partsOf(error);
        return { error, where: where?.includes(row.where) ? where : row.where };
      }),
    ...{ done, noun, wayOut: "Mend the line.", next: triesAgain(out) },
  });
}

/** All rows of a file of `surprisal confidence`, in order; of errors none. */
export const keptRows = (file: string): ConfidenceRow[] => rowsIn<ConfidenceRow>(file, numberFromText);

/** All rows of a file that was written so, in order; of errors none. @param reviver of numbers that JSON has none of. */
export function rowsIn<Row extends RowHead>(
  file: string,
  reviver: (key: string, value: unknown) => unknown,
): Row[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line, reviver) as Row | FailedRow)
    .filter((row): row is Row => row.type === "answer")
    .toSorted((a, b) => a.prompt - b.prompt);
}

/** Uncertainties, too, may be infinite. */
const numberFromText = (key: string, value: unknown): unknown =>
  infinityFromText(key === "uncertainty" || key === "confidence" ? "value" : key, value);
