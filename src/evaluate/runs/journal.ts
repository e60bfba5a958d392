/**
 * What has been done, in lines of JSON: an entry, or a list of entries that were done together. A line is written as
 * soon as that is done. A process may be killed at any moment: a line is complete when its newline is there; half a
 * line at the end is cut off when the run goes on.
 */
import { closeSync, ftruncateSync, openSync, readSync } from "node:fs";
import { type ScoreSums, SurprisalError, type TextSize } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import { infinityAsText, infinityFromText } from "../../text/index.ts";
import type { TaskResult } from "../tasks/index.ts";
import { appendWhole, runUnwritable } from "./files.ts";
import type { DocumentUnits } from "./paired-units.ts";
import type { PerplexityError } from "./run.ts";

/** A document that is done. */
export interface DocumentEntry extends Omit<PerplexityError, "standardErrorMethod"> {
  type: "document";
  /** Which model and corpus: indices in run.json. */
  modelIndex: number;
  corpusIndex: number;
  /** Index in the corpus. */
  documentIndex: number;
  document: string;
  /** sha256 of its UTF-8 bytes. */
  sha256: string;
  /** `null`: there was nothing to score. */
  sums: ScoreSums | null;
  /** Words, bytes and characters of the whole text. */
  size: TextSize;
  /** What it adds to the parts of the corpus; left out where there was nothing to score, and in older journals. */
  parts?: DocumentUnits | undefined;
  /** Tokens run through the model. */
  tokensRun: number;
  /** Where its frame of the token log begins and ends, bytes; `null`: it has none, or one for each of its windows. */
  log: readonly [at: number, end: number] | null;
}

/** Windows of a document that is not done yet; their numbers are a frame of the token log. */
export interface WindowsEntry {
  type: "windows";
  modelIndex: number;
  corpusIndex: number;
  documentIndex: number;
  /** Index of the first token and one past the last. */
  start: number;
  end: number;
  /** Where their frame of the token log begins and ends, bytes. */
  log: readonly [at: number, end: number];
  tokensRun: number;
}

/** Time that a model took for a corpus in one session. */
interface TimeEntry {
  type: "time";
  modelIndex: number;
  corpusIndex: number;
  ms: number;
}

/** Items of a task that are done. */
export interface ItemEntry {
  type: "item";
  modelIndex: number;
  taskIndex: number;
  result: TaskResult;
  /** Time since the item before, milliseconds. */
  ms: number;
}

export type JournalEntry = DocumentEntry | WindowsEntry | TimeEntry | ItemEntry;

const CHUNK = 2 ** 20;

export class Journal {
  readonly #file: string;
  readonly #descriptor: number;
  #end: number;

  private constructor(file: string, descriptor: number, end: number) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.#end = end;
  }

  /**
   * Opens the journal, made if it is not there, and reads what it has.
   * @param accept is given every line; what comes from the first one on that it refuses is cut off.
   * @throws SurprisalError RUN_DAMAGED, FILE_UNWRITABLE, ...
   */
  static open(file: string, accept: (entries: readonly JournalEntry[]) => boolean): Journal {
    try {
      const descriptor = openSync(file, "a+");
      const end = readLines(descriptor, (line) => accept(parseLine(file, line)));
      ftruncateSync(descriptor, end);
      return new Journal(file, descriptor, end);
    } catch (error) {
      throw runUnwritable(error, file);
    }
  }

  /** @throws SurprisalError DISK_FULL, FILE_UNWRITABLE; what was there stays. */
  append(entries: readonly JournalEntry[]): void {
    const line = Buffer.from(
      `${JSON.stringify(entries.length === 1 ? entries[0] : entries, infinityAsText)}\n`,
    );
    appendWhole(this.#file, this.#descriptor, line, this.#end);
    this.#end += line.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/**
 * Reads a journal without changing it.
 * @throws SurprisalError RUN_DAMAGED, also where there is none; FILE_UNREADABLE
 */
export function readJournal(file: string, onEntry: (entry: JournalEntry) => void): void {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, "r");
    readLines(descriptor, (line) => {
      parseLine(file, line).forEach(onEntry);
      return true;
    });
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw damaged("The run has no journal", file, `${AGAIN}.`, error);
    throw syscall === undefined ? error : readFailure(error, file);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function parseLine(file: string, line: string): JournalEntry[] {
  const broken = (what: string, cause?: unknown) =>
    damaged(
      `A line of the run's journal is ${what}: ${line.slice(0, 80)}`,
      file,
      `${AGAIN}; or take the line out, and what it stood for is done again.`,
      cause,
    );
  let entries: JournalEntry[];
  try {
    entries = [JSON.parse(line, infinityFromText) as JournalEntry | JournalEntry[]].flat();
  } catch (cause) {
    throw broken("not JSON", cause);
  }
  if (!entries.every(isEntry)) throw broken("not an entry");
  return entries;
}

/** Whether it has what every reader takes for granted. */
function isEntry(entry: JournalEntry | null): boolean {
  if (typeof entry?.type !== "string" || typeof entry.modelIndex !== "number") return false;
  return entry.type !== "document" || typeof entry.size?.bytes === "number";
}

const AGAIN = "Start the run again in another folder";

function damaged(what: string, where: string, wayOut: string, cause?: unknown): SurprisalError {
  return new SurprisalError({ code: "RUN_DAMAGED", what, where, wayOut, cause });
}

/** @returns one past the last complete line that was accepted, bytes. */
function readLines(descriptor: number, accept: (line: string) => boolean): number {
  const chunk = Buffer.alloc(CHUNK);
  let kept: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  let position = 0;
  for (;;) {
    const length = readSync(descriptor, chunk, 0, CHUNK, position);
    if (length === 0) return position - kept.length;
    position += length;
    const bytes = Buffer.concat([kept, chunk.subarray(0, length)]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      if (!accept(bytes.toString("utf8", start, end))) return position - (bytes.length - start);
      start = end + 1;
    }
    kept = bytes.subarray(start);
  }
}

const NEWLINE = 0x0a;
