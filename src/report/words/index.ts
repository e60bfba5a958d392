/** Words with their numbers, and the columns of the table they are from, as a file for R, Python and spreadsheets. */
import type { WordScore } from "../../evaluate/index.ts";
import { infinityAsText } from "../../text/index.ts";

/** What every row has besides a person's own columns: names, types of Parquet, units. */
export const WORD_COLUMNS = [
  ["textIndex", "INT64", "index"],
  ["wordIndex", "INT64", "index"],
  ["word", "text", "text"],
  ["start", "INT64", "characters"],
  ["end", "INT64", "characters"],
  ["characters", "INT64", "characters"],
  ["tokens", "INT64", "tokens"],
  ["surprisalSum", "DOUBLE", "nats"],
  ["surprisalCorrected", "DOUBLE", "nats"],
  ["entropy", "DOUBLE", "nats"],
  ["boundaryBefore", "DOUBLE", "nats"],
  ["boundaryAfter", "DOUBLE", "nats"],
  ["surprisalSumBits", "DOUBLE", "bits"],
  ["surprisalCorrectedBits", "DOUBLE", "bits"],
  ["entropyBits", "DOUBLE", "bits"],
  ["model", "text", "name"],
  ["recipeId", "text", "name"],
  ["boundary", "text", "name"],
] as const;

/** A value of a cell; `null` = missing. */
export type WordCell = string | number | boolean | null;

/** A table: every row has a cell for each column. */
export interface WordTable {
  columns: readonly { name: string; type: "text" | "INT64" | "DOUBLE" | "BOOLEAN" }[];
  rows: readonly (readonly WordCell[])[];
}

/** A scored text, and the columns of the row that it is from. */
export interface ScoredItem {
  /** Its place in the input, from 0. */
  textIndex: number;
  own: Readonly<Record<string, unknown>>;
  score: WordScore;
}

/** Formats of `wordFile`. */
export const WORD_FORMATS = ["csv", "tsv", "jsonl", "parquet"] as const;
/** One of `WORD_FORMATS`. */
export type WordFormat = (typeof WORD_FORMATS)[number];

/**
 * A row for each word: a person's own columns, repeated, and `WORD_COLUMNS`.
 * @param given names of the own columns, in order. One that is called as one of ours becomes "given.NAME".
 */
export function wordTable(items: readonly ScoredItem[], given: readonly string[]): WordTable {
  const ours = new Set<string>([...WORD_COLUMNS.map(([name]) => name), ...given]);
  const nameOf = (name: string): string => {
    if (!WORD_COLUMNS.some(([one]) => one === name)) return name;
    let other = `given.${name}`;
    while (ours.has(other)) other = `given.${other}`;
    return other;
  };
  const own = given.map((name) => {
    const values = items.map((item) => item.own[name] ?? null);
    return { name: nameOf(name), key: name, type: typeOf(values) };
  });
  const rows = items.flatMap(({ textIndex, own: row, score }) => {
    const front = own.map(({ key, type }) => cellOf(row[key], type));
    const bits = (nats: number | null) => (nats === null ? null : nats / Math.LN2);
    return score.words.map((word): WordCell[] => [
      ...front,
      textIndex,
      word.wordIndex,
      word.word,
      word.start,
      word.end,
      word.characters,
      word.tokens,
      word.surprisalSum,
      word.surprisalCorrected,
      word.entropy,
      word.boundaryBefore,
      word.boundaryAfter,
      bits(word.surprisalSum),
      bits(word.surprisalCorrected),
      bits(word.entropy),
      score.model.name,
      score.recipe.id,
      score.boundary,
    ]);
  });
  const columns = [
    ...own.map(({ name, type }) => ({ name, type })),
    ...WORD_COLUMNS.map(([name, type]) => ({ name, type })),
  ];
  return { columns, rows };
}

/** Numbers and truth values stay what they are where a column has nothing else; all else is text. */
function typeOf(values: readonly unknown[]): "text" | "DOUBLE" | "BOOLEAN" {
  const there = values.filter((value) => value !== null && value !== undefined);
  if (there.length === 0) return "text";
  if (there.every((value) => typeof value === "boolean")) return "BOOLEAN";
  return there.every((value) => typeof value === "number") ? "DOUBLE" : "text";
}

function cellOf(value: unknown, type: "text" | "DOUBLE" | "BOOLEAN"): WordCell {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (type !== "text" && (typeof value === "number" || typeof value === "boolean")) return value;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "bigint" ? `${value}` : JSON.stringify(value);
}

/**
 * The table as a file: the bytes of Parquet, else a text. CSV is RFC 4180, TSV the same with tabs; texts stand in both as they are,
 * for programs: a spreadsheet may take a word such as "=x" for a formula. A missing number is an empty field.
 */
export async function wordFile(table: WordTable, format: WordFormat): Promise<string | Uint8Array> {
  if (format === "parquet") return parquetOf(table);
  if (format === "jsonl")
    return table.rows.map((row) => `${JSON.stringify(objectOf(table, row), infinityAsText)}\n`).join("");
  const separator = format === "csv" ? "," : "\t";
  const field = (value: WordCell) => {
    const text = value === null ? "" : `${value}`;
    return /[",;\t\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [table.columns.map(({ name }) => name), ...table.rows];
  return lines.map((line) => `${line.map(field).join(separator)}\r\n`).join("");
}

/** A row by the names of its columns. */
export function objectOf({ columns }: WordTable, row: readonly WordCell[]): Record<string, WordCell> {
  return Object.fromEntries(columns.map(({ name }, i) => [name, row[i]!]));
}

async function parquetOf({ columns, rows }: WordTable): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer"); // slow to load
  const buffer = parquetWriteBuffer({
    schema: [
      { name: "root", num_children: columns.length },
      ...columns.map(({ name, type }) =>
        type === "text"
          ? ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const)
          : ({ name, type, repetition_type: "OPTIONAL" } as const),
      ),
    ],
    columnData: columns.map(({ name, type }, i) => ({
      name,
      data: rows.map((row) => (type === "INT64" && row[i] !== null ? BigInt(Number(row[i])) : row[i])),
    })),
  });
  return new Uint8Array(buffer);
}
