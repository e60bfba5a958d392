/** From the log of tokens to one Parquet file, in the order of the run: model, corpus, document, token. */
import { textAndBytes } from "../../core/index.ts";
import { replaceFile } from "../../files/index.ts";
import { draftOf, runUnwritable, TOKENS } from "./files.ts";
import type { RunFolder } from "./folder.ts";
import type { RunRecord } from "./record.ts";
import type { Run } from "./run.ts";
import type { TokenFrame } from "./token-log.ts";

const ROWS = 100_000; // of a row group

/** What the file has, a row for each token: names, types of Parquet, units. */
export const TOKEN_COLUMNS = [
  ["model", "text", "name"],
  ["corpus", "text", "name"],
  ["document", "text", "name"],
  ["position", "INT32", "tokens"], // in the document, from 0
  ["byteOffset", "INT64", "bytes"], // in the document's UTF-8
  ["id", "INT32", "id"],
  ["token", "text", "text"], // U+FFFD for bytes that are no character on their own
  ["logprob", "DOUBLE", "nats"], // ln p; null = missing
  ["entropy", "DOUBLE", "nats"], // of the place: screens and pages show bits
  ["rank", "INT32", "rank"], // 1 = first choice
] as const;

type Row = (string | number | bigint | null)[];

/** @throws SurprisalError DISK_FULL, FILE_UNWRITABLE; the file is whole or not there. */
export async function writeTokens(folder: RunFolder, run: Run, record: RunRecord): Promise<void> {
  const { fileWriter, ParquetWriter } = await import("hyparquet-writer"); // slow to load
  const file = folder.file(TOKENS);
  const write = (draft: string) => {
    const writer = new ParquetWriter({
      writer: fileWriter(draft),
      schema: [
        { name: "root", num_children: TOKEN_COLUMNS.length },
        ...TOKEN_COLUMNS.map(([name, type]) =>
          type === "text"
            ? ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const)
            : ({ name, type, repetition_type: "OPTIONAL" } as const),
        ),
      ],
      kvMetadata: [{ key: "surprisal.run", value: run.id }],
    });
    let rows: Row[] = [];
    const flush = () => {
      const columnData = TOKEN_COLUMNS.map(([name], column) => ({
        name,
        data: rows.map((row) => row[column]),
      }));
      writer.write({ columnData, rowGroupSize: ROWS });
      rows = [];
    };
    for (const row of rowsOf(run, record)) {
      rows.push(row);
      if (rows.length === ROWS) flush();
    }
    if (rows.length > 0) flush();
    writer.finish();
  };
  try {
    replaceFile(file, draftOf(file), write);
  } catch (error) {
    throw runUnwritable(error, file);
  }
}

/** Of the documents that are done: in a run that has failed there are holes. */
function* rowsOf(run: Run, record: RunRecord): Generator<Row> {
  for (const [model, known] of run.models.entries()) {
    if (!known) continue; // it could not be opened
    for (const [corpus, { name }] of run.corpora.entries()) {
      const done = record.corpus(model, corpus);
      for (const entry of done.documents)
        for (const at of entry ? done.frames(entry.documentIndex) : []) {
          const frame = record.frame(at);
          if (!frame) continue;
          for (const row of tokenRows(frame)) yield [known.identity.name, name, entry!.document, ...row];
        }
    }
  }
}

function* tokenRows(frame: TokenFrame): Generator<Row> {
  const { start, byteOffsets, ids, logprobs, entropies, ranks, text } = frame;
  const base = byteOffsets[0]!;
  for (let i = 0; i < ids.length; i++) {
    const bytes = text.subarray(byteOffsets[i]! - base, byteOffsets[i + 1]! - base);
    yield [
      start + i,
      BigInt(byteOffsets[i]!),
      ids[i]!,
      textAndBytes(bytes).text,
      Number.isNaN(logprobs[i]!) ? null : logprobs[i]!,
      Number.isNaN(entropies[i]!) ? null : entropies[i]!,
      ranks[i]! > 0 ? ranks[i]! : null,
    ];
  }
}
