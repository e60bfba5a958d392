/**
 * What has been done, in lines of JSON: an entry, or a list of entries that were done together. A line is written as
 * soon as that is done. A process may be killed at any moment: a line is complete when its newline is there; half a
 * line at the end is cut off when the run goes on. Every line has checksums: see `journal-line.ts`.
 */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readSync } from "node:fs";
import { errorCode, type ScoreSums, type TextSize } from "../../core/index.ts";
import { readFailure, replaceFile } from "../../files/index.ts";
import { infinityAsText, infinityFromText } from "../../text/index.ts";
import type { TaskResult } from "../tasks/index.ts";
import { type ChainPosition, journalSeed, type RunSeal } from "./checksum.ts";
import { type Damage, damageError } from "./damage.ts";
import { appendWhole, draftOf, runUnwritable } from "./files.ts";
import { LineChain, takeApart } from "./journal-line.ts";
import type { DocumentUnits } from "./paired-units.ts";
import type { PerplexityError, Run } from "./run.ts";
import { type Extents, shapeOfEntry } from "./run-shape.ts";
import type { FrameLocation } from "./token-log.ts";

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
  /** Where its frame of the token log is; `null`: it has none, or one for each of its windows. */
  log: FrameLocation | null;
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
  /** Where their frame of the token log is. */
  log: FrameLocation;
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

/** What is known of a journal before it is read. */
export interface JournalFacts {
  /** Ties it to its run: see `journalSeed`. */
  seed: string;
  /** Every line must have its checksums. */
  isSealed: boolean;
  /** What it has at least. */
  atLeast: ChainPosition | null;
  /** `null`: unknown. */
  extents: Extents | null;
}

const UNKNOWN: JournalFacts = { seed: "", isSealed: false, atLeast: null, extents: null };

/** @param seal `null`: the run is an older version's. */
export function journalFacts(run: Run, seal: RunSeal | null): JournalFacts {
  return {
    seed: journalSeed(run),
    isSealed: seal !== null,
    atLeast: seal?.journal ?? null,
    extents: { models: run.request.models.length, corpora: run.corpora, tasks: run.tasks },
  };
}

/** A journal that is added to. */
export class Journal {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #chain: LineChain;
  #end: number;

  private constructor(file: string, descriptor: number, end: number, chain: LineChain) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.#end = end;
    this.#chain = chain;
  }

  /**
   * Opens the journal, made if it is not there, and reads what it has.
   * @param accept is given every line; what comes from the first one on that it refuses is cut off.
   * @throws SurprisalError RUN_DAMAGED (nothing is changed), FILE_UNWRITABLE, ...
   */
  static open(
    file: string,
    accept: (entries: readonly JournalEntry[]) => boolean,
    facts: JournalFacts = UNKNOWN,
  ): Journal {
    const raise = (damage: Damage) => {
      throw damageError(damage);
    };
    const { end, chain } = surveyJournal(file, accept, facts, raise, { mayBeMissing: true });
    try {
      const descriptor = openSync(file, "a");
      ftruncateSync(descriptor, end);
      return new Journal(file, descriptor, end, chain);
    } catch (error) {
      throw runUnwritable(error, file);
    }
  }

  /** What it has. */
  get position(): ChainPosition {
    return this.#chain.position;
  }

  /** @throws SurprisalError DISK_FULL, FILE_UNWRITABLE; what was there stays. */
  append(entries: readonly JournalEntry[]): void {
    const before = this.#chain.position;
    const line = Buffer.from(`${this.#chain.seal(bodyOf(entries))}\n`);
    try {
      appendWhole(this.#file, this.#descriptor, line, this.#end);
    } catch (error) {
      this.#chain.moveTo(before);
      throw error;
    }
    this.#end += line.length;
  }

  /** All lines are on the disk when this returns. @throws SurprisalError DISK_FULL, FILE_UNWRITABLE */
  sync(): void {
    try {
      fdatasyncSync(this.#descriptor);
    } catch (error) {
      throw runUnwritable(error, this.#file);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

const bodyOf = (entries: readonly JournalEntry[]): string =>
  JSON.stringify(entries.length === 1 ? entries[0] : entries, infinityAsText);

/** Writes a journal anew, with checksums. @throws SurprisalError DISK_FULL, FILE_UNWRITABLE; the old one stays. */
export function rewriteJournal(
  file: string,
  lines: readonly (readonly JournalEntry[])[],
  seed: string,
): void {
  const chain = new LineChain(seed);
  const text = lines.map((entries) => `${chain.seal(bodyOf(entries))}\n`).join("");
  try {
    replaceFile(file, draftOf(file), text, { durable: true });
  } catch (error) {
    throw runUnwritable(error, file);
  }
}

/**
 * Reads a journal without changing it.
 * @throws SurprisalError RUN_DAMAGED, also where there is none; FILE_UNREADABLE
 */
export function readJournal(
  file: string,
  onEntry: (entry: JournalEntry) => void,
  facts: JournalFacts = UNKNOWN,
): void {
  const take = (entries: readonly JournalEntry[]) => {
    entries.forEach(onEntry);
    return true;
  };
  const raise = (damage: Damage) => {
    throw damageError(damage);
  };
  surveyJournal(file, take, facts, raise);
}

/**
 * Reads a journal line by line, the damaged ones too.
 * @param accept is given what is whole; nothing more is read when it refuses.
 * @param onDamage told of what is not; what it stands for is left out.
 * @returns one past the last line that was accepted, bytes, and the chain of checksums there.
 * @throws SurprisalError FILE_UNREADABLE, RUN_DAMAGED where there is no journal.
 */
export function surveyJournal(
  file: string,
  accept: (entries: readonly JournalEntry[]) => boolean,
  { seed, isSealed, atLeast, extents }: JournalFacts,
  onDamage: (damage: Damage) => void,
  { mayBeMissing = false }: { mayBeMissing?: boolean | undefined } = {},
): { end: number; chain: LineChain } {
  const chain = new LineChain(seed);
  const shape = shapeOfEntry(extents);
  const seen = new Set<string>();
  let reached = atLeast === null || atLeast.lines === 0;
  let number = 0;
  const end = linesOf(file, mayBeMissing && reached, (line) => {
    const before = chain.position;
    const where = `${file}:${++number}`;
    const broken = (what: string, cause?: unknown) =>
      onDamage({ what: `A line of the run's journal ${what}: ${line.slice(0, 80)}`, where, cause });
    const sealed = takeApart(line);
    if (sealed) {
      if (!chain.isWhole(sealed)) {
        broken("does not fit its checksum");
        chain.moveTo({ lines: chain.lines + 1, link: sealed.link });
        return true;
      }
      if (!chain.follows(sealed)) {
        broken("does not follow on the one before it: lines were taken out, repeated or moved");
        chain.moveTo({ lines: chain.lines + 1, link: sealed.link });
      }
      if (seen.has(sealed.self)) return true;
      seen.add(sealed.self);
    } else chain.skip();
    let entries: unknown[];
    try {
      entries = [JSON.parse(sealed?.body ?? line, infinityFromText)].flat();
    } catch (cause) {
      broken("is not JSON", cause);
      return true;
    }
    if (!sealed && isSealed) {
      broken("has no checksum");
      return true;
    }
    for (const entry of entries) {
      const problem = shape(entry, "it");
      if (problem === null) continue;
      broken(`is not an entry (${problem})`);
      return true;
    }
    if (!accept(entries as JournalEntry[])) {
      chain.moveTo(before);
      return false;
    }
    if (atLeast !== null && chain.lines === atLeast.lines) {
      reached = true;
      if (chain.position.link !== atLeast.link) broken("is not the one that run.json was written after");
    }
    return true;
  });
  if (!reached)
    onDamage({
      what: `The run's journal has lost its end: ${chain.lines} of at least ${atLeast!.lines} lines are there`,
      where: file,
    });
  return { end, chain };
}

/** @returns one past the last complete line that was accepted, bytes. */
function linesOf(file: string, mayBeMissing: boolean, accept: (line: string) => boolean): number {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, "r");
    return readLines(descriptor, accept);
  } catch (error) {
    if (errorCode(error) === "ENOENT") {
      if (mayBeMissing) return 0;
      throw damageError({ what: "The run has no journal", where: file, cause: error });
    }
    throw isOfSystem(error) ? readFailure(error, file) : error;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

const isOfSystem = (error: unknown): boolean => error instanceof Error && "syscall" in error;

/** Of a line longer than this its beginning alone is read, which is no entry, bytes. */
const LONGEST_LINE = 16 * 2 ** 20;

/** @returns one past the last complete line that was accepted, bytes. */
function readLines(descriptor: number, accept: (line: string) => boolean): number {
  const chunk = Buffer.alloc(CHUNK);
  /** Of the line under way: what is kept, its bytes, and how many bytes were let go. */
  let pieces: Buffer[] = [];
  let kept = 0;
  let dropped = 0;
  let position = 0;
  for (;;) {
    const length = readSync(descriptor, chunk, 0, CHUNK, position);
    if (length === 0) return position - kept - dropped;
    position += length;
    let rest: Buffer = Buffer.from(chunk.subarray(0, length));
    if (rest.includes(NEWLINE)) {
      const bytes = Buffer.concat([...pieces, rest]);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        const line =
          dropped === 0 ? bytes.toString("utf8", start, end) : `${bytes.toString("utf8", 0, 80)}...`;
        if (!accept(line)) return position - (bytes.length - start) - dropped;
        start = end + 1;
        dropped = 0;
      }
      rest = bytes.subarray(start);
      pieces = [];
      kept = 0;
    }
    if (dropped > 0 || kept + rest.length > LONGEST_LINE) {
      const beginning = (pieces[0] ?? rest).subarray(0, 80);
      dropped += kept + rest.length - beginning.length;
      pieces = [beginning];
      kept = beginning.length;
    } else {
      pieces.push(rest);
      kept += rest.length;
    }
  }
}

const NEWLINE = 0x0a;
