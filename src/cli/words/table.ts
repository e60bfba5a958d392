/** The texts whose words are scored: one, the lines of a file, or the rows of a table with all of their columns. */
import { invalidArgument } from "../../core/index.ts";
import { readItems } from "../../evaluate/index.ts";

/** A text, and the row it is from. */
export interface WordText {
  text: string;
  /** Read in front, and not scored; "": nothing. */
  context: string;
  /** The person's own columns; none of a plain text. */
  own: Record<string, unknown>;
  /** "items.csv:14", for errors. */
  where: string;
}

export interface WordTexts {
  texts: WordText[];
  /** Names of the own columns, in order. */
  columns: string[];
  /** The column with the texts; `null`: they are from no table. */
  column: string | null;
  notes: string[];
}

const USUAL = ["text", "sentence"];

/**
 * A table, read whole; `null`: the file is a plain text.
 * @throws SurprisalError INVALID_ARGUMENT naming the row, and what `readItems` throws.
 */
export async function readTable(
  path: string,
  names: { column: string | undefined; contextColumn: string | undefined },
  context: string,
): Promise<WordTexts | null> {
  const notes: string[] = [];
  const rows = await readItems(path, { onNote: (note) => notes.push(note) });
  if (rows === null) return null;
  const columns = new Set<string>();
  const read: { row: Record<string, unknown>; where: string }[] = [];
  for await (const one of rows) {
    read.push(one);
    for (const name of Object.keys(one.row)) columns.add(name);
  }
  if (read.length === 0)
    throw invalidArgument("The table has no rows", path, "Give one with a line of names and rows.");
  const all = [...columns];
  const column = columnOf(names.column, all, path);
  if (names.contextColumn !== undefined) known(names.contextColumn, all, path, "--context-column");
  const texts = read.map(({ row, where }) => ({
    text: textOf(row[column], column, where),
    context:
      names.contextColumn === undefined
        ? context
        : textOf(row[names.contextColumn], names.contextColumn, where),
    own: row,
    where,
  }));
  return { texts, columns: all, column, notes };
}

/** Pairs and words look for their columns alike. */
export function columnOf(
  given: string | undefined,
  columns: readonly string[],
  path: string,
  usual: readonly string[] = USUAL,
  option: string = "--column",
): string {
  if (given !== undefined) return known(given, columns, path, option);
  const found =
    usual.find((name) => columns.includes(name)) ?? (columns.length === 1 ? columns[0] : undefined);
  if (found !== undefined) return found;
  throw invalidArgument(
    `No column is called ${usual.join(" or ")}`,
    path,
    `Name the one with the texts, ${option} NAME. The columns are: ${columns.join(", ")}.`,
  );
}

export function known(name: string, columns: readonly string[], path: string, option: string): string {
  if (columns.includes(name)) return name;
  throw invalidArgument(
    `There is no column "${name}" (${option})`,
    path,
    `The columns are: ${columns.join(", ")}.`,
  );
}

/** A missing value is an empty text. @throws SurprisalError INVALID_ARGUMENT */
export function textOf(value: unknown, column: string, where: string): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  throw invalidArgument(
    `The column "${column}" holds no text here`,
    where,
    "Make it a string, or name another column.",
  );
}

/** Each line of a text that holds a word. */
export function linesOf(text: string, source: string, context: string): WordText[] {
  return text
    .split(/\r?\n/)
    .flatMap((line, i) =>
      /\S/.test(line) ? [{ text: line, context, own: { line: i + 1 }, where: `${source}:${i + 1}` }] : [],
    );
}
