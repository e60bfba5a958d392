/** How files are read; the same for every format. */
export interface Reading {
  /** Longest document, bytes. */
  limit: number;
  /** Told what a person should know, such as a byte order mark that was left out. */
  onNote: (note: string) => void;
  signal: AbortSignal | undefined;
}
