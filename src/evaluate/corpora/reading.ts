/** How files are read, and what rows are; the same for every format. */
export interface Reading {
  /** Longest document, bytes. */
  limit: number;
  /** Told what a person should know, such as a byte order mark that was left out. */
  onNote: (note: string) => void;
  signal: AbortSignal | undefined;
  /**
   * Given what is wrong with a row or a piece that can be left out; then reading goes on behind it. Left out: it is thrown.
   * @throws what is about something else.
   */
  onUnreadable?: ((error: unknown, name: string) => void) | undefined;
}

/** A column, and whether texts stand in it. */
export interface Column {
  /** Within another column: "meta.body". */
  name: string;
  isText: boolean;
  /** Chats stand in it. */
  isChat: boolean;
  /** It stands within another column. */
  nested: boolean;
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
