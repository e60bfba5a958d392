/** Making, filling and reading token tables. */
import type { AlternativeColumns, TokenRecord, TokenTable } from "./token.ts";

/** The measured columns of a table or of a piece of one; see TokenTable. */
export type TokenColumns = Pick<TokenTable, "logprobs" | "entropies" | "ranks" | "alternatives">;

/** [n] columns in which every number is missing. `k` alternatives per token. */
export function emptyColumns(n: number, k: number): TokenColumns {
  const alternatives: AlternativeColumns | null =
    k > 0
      ? { k, ids: new Int32Array(n * k).fill(-1), logprobs: new Float32Array(n * k).fill(Number.NaN) }
      : null;
  return {
    logprobs: new Float64Array(n).fill(Number.NaN),
    entropies: new Float64Array(n).fill(Number.NaN),
    ranks: new Int32Array(n),
    alternatives,
  };
}

/** A table over `ids` in which every number is missing. */
export function emptyTable(ids: Int32Array, byteOffsets: Uint32Array, k: number): TokenTable {
  return { length: ids.length, ids, byteOffsets, ...emptyColumns(ids.length, k) };
}

/** Writes the columns of a scored piece into a table, its first token at index `start`. */
export function fillColumns(table: TokenColumns, start: number, piece: TokenColumns): void {
  table.logprobs.set(piece.logprobs, start);
  table.entropies.set(piece.entropies, start);
  table.ranks.set(piece.ranks, start);
  if (!table.alternatives || !piece.alternatives) return;
  const { k } = table.alternatives;
  table.alternatives.ids.set(piece.alternatives.ids, start * k);
  table.alternatives.logprobs.set(piece.alternatives.logprobs, start * k);
}

/** Columns of the tokens [start, end), without copying. */
export function sliceColumns(columns: TokenColumns, start: number, end: number): TokenColumns {
  const { alternatives } = columns;
  return {
    logprobs: columns.logprobs.subarray(start, end),
    entropies: columns.entropies.subarray(start, end),
    ranks: columns.ranks.subarray(start, end),
    alternatives: alternatives && {
      k: alternatives.k,
      ids: alternatives.ids.subarray(start * alternatives.k, end * alternatives.k),
      logprobs: alternatives.logprobs.subarray(start * alternatives.k, end * alternatives.k),
    },
  };
}

const NUMBER_OR_NULL = (value: number): number | null => (Number.isNaN(value) ? null : value);

/**
 * Token i of a table as a record.
 * @param text UTF-8 bytes of the text the table's offsets point into.
 * @param piece bytes of a token by id, for the alternatives.
 */
export function tokenRecord(
  table: TokenTable,
  i: number,
  text: Uint8Array,
  piece: (id: number) => Uint8Array,
): TokenRecord {
  const record: TokenRecord = {
    ...textAndBytes(text.subarray(table.byteOffsets[i], table.byteOffsets[i + 1])),
    id: table.ids[i]!,
    logprob: NUMBER_OR_NULL(table.logprobs[i]!),
  };
  if (table.ranks[i]! > 0) record.rank = table.ranks[i]!;
  if (!Number.isNaN(table.entropies[i]!)) record.entropy = table.entropies[i]!;
  if (table.alternatives) record.alternatives = alternativesAt(table.alternatives, i, piece);
  return record;
}

/** The alternatives of position i, best first. */
export function alternativesAt(
  { k, ids, logprobs }: AlternativeColumns,
  i: number,
  piece: (id: number) => Uint8Array,
): NonNullable<TokenRecord["alternatives"]> {
  const list: NonNullable<TokenRecord["alternatives"]> = [];
  for (let j = i * k; j < (i + 1) * k && ids[j]! >= 0; j++)
    list.push({ ...textAndBytes(piece(ids[j]!)), id: ids[j]!, logprob: NUMBER_OR_NULL(logprobs[j]!) });
  return list;
}

/** Bytes as text, and the bytes themselves where they are not UTF-8 on their own. */
export function textAndBytes(bytes: Uint8Array): { text: string; bytes?: Uint8Array | undefined } {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return text.includes("\uFFFD") ? { text, bytes } : { text };
}
