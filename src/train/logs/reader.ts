/** What reads a log of one format, as its bytes come. */

export interface LogReader {
  /** In words, such as "JSON lines". */
  readonly format: string;
  push(bytes: Uint8Array): void;
  /** No more comes, as far as is known: what has no end is read where it is whole. May be called again after more came. */
  end(): void;
}
