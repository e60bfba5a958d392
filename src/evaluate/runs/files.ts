/** What lies in a run's folder, and what to say when it cannot be written. */
import { ftruncateSync, lstatSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { SurprisalError } from "../../core/index.ts";
import { writeFailure } from "../../files/index.ts";

export const RUN = "run.json";
export const JOURNAL = "journal.jsonl";
export const TOKEN_LOG = "tokens.bin";
export const TOKENS = "tokens.parquet";
export const LOG = "log.txt";
export const LOCK = "lock";

/** What a repair keeps of a file as it was found. */
export const damagedCopyOf = (file: string): string => `${file}.damaged`;

/** What a file of the run is called until it is whole. */
export const draftOf = (file: string): string => `${file}.part`;

/** What surprisal reads or writes in a run's folder. */
const ALL = [RUN, JOURNAL, TOKEN_LOG, TOKENS, LOG, LOCK].flatMap((file) => [
  file,
  draftOf(file),
  damagedCopyOf(file),
]);

/** Something that is called as a file of a run is, and is none. */
export interface OtherThing {
  path: string;
  kind: string;
}

/**
 * What in a run's folder is called as one of its files, and leads elsewhere. The folder may be a stranger's: a link in it would
 * have another file read, cut off and written to; from a pipe nothing may come for ever, and from a device without an end.
 * @returns the first; `null` = none.
 */
export function otherThingIn(folder: string): OtherThing | null {
  for (const name of ALL) {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.isFile() || found.isDirectory()) continue; // of a folder, the system says what it is
    return { path, kind: found.isSymbolicLink() ? "a link" : "a pipe, a socket or a device" };
  }
  return null;
}

/** @returns the error to throw; one of ours as it is. */
export function runUnwritable(error: unknown, where: string): SurprisalError {
  return writeFailure(error, where, {
    subject: "The run's folder",
    wayOut: "Name a folder that you may write to: --run FOLDER.",
    wayOutWhenFull: "Free some space and go on with --resume: what is done is kept.",
  });
}

/**
 * Adds bytes to a file that is open for appending: all of them, or none.
 * @param end size of the file before.
 * @throws SurprisalError DISK_FULL, FILE_UNWRITABLE
 */
export function appendWhole(file: string, descriptor: number, bytes: Uint8Array, end: number): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
  } catch (error) {
    try {
      ftruncateSync(descriptor, end);
    } catch {
      // half a line, or a frame no line knows of: cut off when the run goes on
    }
    throw runUnwritable(error, file);
  }
}
