/** From the log of tokens to one Parquet file, in the order of the run: model, corpus, document, token. */
import { textAndBytes } from "../../core/index.ts";
import { replaceFile } from "../../files/index.ts";
import { damageError, scoredAgain } from "./damage.ts";
import { draftOf, runUnwritable, TOKEN_LOG, TOKENS } from "./files.ts";
import type { RunFolder } from "./folder.ts";
import type { DocumentEntry } from "./journal.ts";
import { damagedTokens, namedTokens } from "./kept-tokens.ts";
import type { RunRecord } from "./record.ts";
import { sumsOf } from "./repair.ts";
import type { Run } from "./run.ts";
import type { TokenFrame } from "./token-log.ts";
import { describeFile } from "./whole-run.ts";

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

/**
 * Writes the file, reads it again, and holds it against the sums of the journal; then run.json will have its checksum.
 * @throws SurprisalError DISK_FULL, FILE_UNWRITABLE (the file is whole or not there), RUN_DAMAGED
 */
export async function writeTokens(folder: RunFolder, run: Run, record: RunRecord): Promise<void> {
  await writeFile(folder, run, record);
  await checkTokens(folder, run, record);
}

/**
 * @returns once each document has the scored tokens and Σ -ln p that its entry in the journal has.
 * @throws SurprisalError RUN_DAMAGED
 */
export async function checkTokens(folder: RunFolder, run: Run, record: RunRecord): Promise<void> {
  const file = folder.file(TOKENS);
  const expected = documentsOf(run, record);
  let found: { entry: DocumentEntry; scored: number; totalNll: number } | null = null;
  const check = () => {
    if (!found) return;
    const { sums, document } = found.entry;
    if (sums?.scored !== found.scored || sums.totalNll !== found.totalNll)
      throw damagedTokens(file, `has other numbers of ${document} than the journal`, {
        wayOut: scoredAgain(file),
      });
  };
  for await (const { model, corpus, document, first, logprobs } of namedTokens(file)) {
    if (first) {
      check();
      const next = expected.next();
      if (next.done || namesOf(run, next.value).join("\n") !== [model, corpus, document].join("\n"))
        throw damagedTokens(file, "has other documents than the journal", { wayOut: scoredAgain(file) });
      found = { entry: next.value.entry, scored: 0, totalNll: 0 };
    }
    if (found) Object.assign(found, sumsOf(logprobs, found));
  }
  check();
  if (!expected.next().done)
    throw damagedTokens(file, "has fewer documents than the journal", { wayOut: scoredAgain(file) });
  Object.assign(folder.seal, { tokens: await describeFile(file) });
}

async function writeFile(folder: RunFolder, run: Run, record: RunRecord): Promise<void> {
  const { fileWriter, ParquetWriter } = await import("hyparquet-writer"); // slow to load
  if (!folder.isHeld) return; // interrupted meanwhile
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
    for (const row of rowsOf(folder, run, record)) {
      rows.push(row);
      if (rows.length === ROWS) flush();
    }
    if (rows.length > 0) flush();
    writer.finish();
  };
  try {
    replaceFile(file, draftOf(file), write, { durable: true });
  } catch (error) {
    throw runUnwritable(error, file);
  }
}

interface DoneDocument {
  model: number;
  corpus: number;
  entry: DocumentEntry;
}

/** Documents with tokens that are done, in order: in a run that has failed there are holes. */
function* documentsOf(run: Run, record: RunRecord): Generator<DoneDocument> {
  for (const [model, known] of run.models.entries()) {
    if (!known) continue; // it could not be opened
    for (const corpus of run.corpora.keys())
      for (const entry of record.corpus(model, corpus).documents)
        if (entry?.sums && entry.sums.tokens > 0) yield { model, corpus, entry };
  }
}

function namesOf({ models, corpora }: Run, { model, corpus, entry }: DoneDocument): string[] {
  return [models[model]!.identity.name, corpora[corpus]!.name, entry.document];
}

function* rowsOf(folder: RunFolder, run: Run, record: RunRecord): Generator<Row> {
  for (const { model, corpus, entry } of documentsOf(run, record)) {
    const names = namesOf(run, { model, corpus, entry });
    for (const location of record.corpus(model, corpus).frames(entry.documentIndex)) {
      const frame = record.frame(location);
      if (!frame)
        throw damageError({
          what: `Numbers of tokens of ${entry.document}: the frame does not fit its checksum`,
          where: `${folder.file(TOKEN_LOG)}, byte ${location[0]}`,
        });
      for (const row of tokenRows(frame)) yield [...names, ...row];
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
