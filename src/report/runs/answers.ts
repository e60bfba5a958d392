/** Every answer of runs as a file for programs. docs/columns.md lists the columns. */
import { ANSWER_COLUMNS, type AnswerRow, answerRows, readRun } from "../../evaluate/runs/index.ts";
import { infinityAsText } from "../../text/index.ts";
import { table } from "./csv.ts";

/** What answers can be exported as. */
export const ANSWER_FORMATS = ["csv", "json", "parquet"] as const;
/** One of `ANSWER_FORMATS`. */
export type AnswerFormat = (typeof ANSWER_FORMATS)[number];

/**
 * Every answer to every question, a row for each model. `logprobs` is a list in JSON, and the text of one in CSV and Parquet.
 * @param folders of runs.
 * @returns a text; of Parquet its bytes.
 * @throws SurprisalError RUN_NOT_FOUND, RUN_DAMAGED, FILE_UNREADABLE
 */
export async function exportAnswers(
  folders: readonly string[],
  format: AnswerFormat,
): Promise<string | Uint8Array> {
  const rows = folders.flatMap((folder) => {
    const run = readRun(folder);
    return run.tasks.length > 0 ? answerRows(folder, run) : [];
  });
  if (format === "json")
    return `${JSON.stringify({ schema: "surprisal.answers/1", answers: rows }, infinityAsText, 2)}\n`;
  const flat = rows.map((row) => ({ ...row, logprobs: JSON.stringify(row.logprobs, infinityAsText) }));
  return format === "csv" ? table(flat, ANSWER_COLUMNS) : parquetOf(flat);
}

type FlatRow = Omit<AnswerRow, "logprobs"> & { logprobs: string };

const TYPES: Partial<Record<keyof AnswerRow, "INT64" | "BOOLEAN" | "DOUBLE">> = {
  item: "INT64",
  label: "INT64",
  chosen: "INT64",
  correct: "BOOLEAN",
  chosenNorm: "INT64",
  correctNorm: "BOOLEAN",
  margin: "DOUBLE",
  logprob: "DOUBLE",
  cutTokens: "INT64",
};

async function parquetOf(rows: readonly FlatRow[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer"); // slow to load
  const stored = (name: keyof AnswerRow, value: FlatRow[keyof FlatRow]) =>
    TYPES[name] === "INT64" && value !== null ? BigInt(value) : value;
  const buffer = parquetWriteBuffer({
    schema: [
      { name: "root", num_children: ANSWER_COLUMNS.length },
      ...ANSWER_COLUMNS.map((name) => {
        const type = TYPES[name];
        return type === undefined
          ? ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const)
          : ({ name, type, repetition_type: "OPTIONAL" } as const);
      }),
    ],
    columnData: ANSWER_COLUMNS.map((name) => ({ name, data: rows.map((row) => stored(name, row[name])) })),
  });
  return new Uint8Array(buffer);
}
