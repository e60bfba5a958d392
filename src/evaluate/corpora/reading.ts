/** How files are read, and what rows are; the same for every format. */
export interface Reading {
  /** Longest document, bytes. */
  limit: number;
  /** Told what a person should know, such as a byte order mark that was left out. */
  onNote: (note: string) => void;
  signal: AbortSignal | undefined;
}

/** A column, and whether texts stand in it. */
export interface Column {
  name: string;
  isText: boolean;
}

/** What stands in the wanted column of a row. */
export interface Row {
  /** From 1; lines that hold nothing are no rows. */
  number: number;
  /** For messages: "news.jsonl:14" (the line) or "news.parquet, row 14". */
  where: string;
  /** `undefined`: the row has no such column. */
  value: unknown;
}
