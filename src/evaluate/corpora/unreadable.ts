/** Texts of a corpus that cannot be read, where a person said to go on without them. */
import { SurprisalError } from "../../core/index.ts";

/** A file, a row or a piece that was left out. */
export interface UnreadablePart {
  /** Where it is: file, with line, row or byte. */
  name: string;
  code: string;
  /** What is wrong with it. */
  reason: string;
}

/** What was left out of a corpus. */
export interface Unreadable {
  /** Files, rows and pieces. A packed file that is damaged is one, and none of it is read. */
  count: number;
  /** The first ones, as many as a person may want to look at. */
  parts: UnreadablePart[];
}

const MOST_PARTS = 100;

/** What is wrong with the text itself. The reader's own (an abort, a package, the condition) and a file that changes are not. */
const CODES: ReadonlySet<string> = new Set([
  "INVALID_UTF8",
  "BINARY_INPUT",
  "CORPUS_MALFORMED",
  "DOCUMENT_TOO_LARGE",
  "FILE_UNREADABLE",
  "FILE_NOT_FOUND",
]);

/** Whether an error is about a text that can be left out. */
export function isUnreadable(error: unknown): error is SurprisalError {
  return SurprisalError.isInstance(error) && CODES.has(error.code);
}

/** The same error with leaving it out as another way. */
export function orLeftOut(error: unknown): unknown {
  if (!isUnreadable(error)) return error;
  const { code, what, where, wayOut, cause } = error;
  return new SurprisalError({
    code,
    what,
    where,
    wayOut: [
      wayOut,
      "Or go on without what cannot be read: --skip-unreadable (in code, skipUnreadable: true).",
    ]
      .filter(Boolean)
      .join(" "),
    cause,
  });
}

export class UnreadableParts implements Unreadable {
  count = 0;
  readonly parts: UnreadablePart[] = [];

  /** @throws the error, when it is about something else. */
  add(error: unknown, name: string): void {
    if (!isUnreadable(error)) throw error;
    this.count++;
    if (this.parts.length < MOST_PARTS)
      this.parts.push({ name: error.where ?? name, code: error.code, reason: error.what });
  }
}
