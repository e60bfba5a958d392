/** What the file system says about a run's folder, as something a person can act on. */
import { ftruncateSync, writeSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";

/** @returns the error to throw; one of ours as it is. */
export function writeFailure(where: string, error: unknown): SurprisalError {
  if (SurprisalError.isInstance(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new SurprisalError({
    code: full ? "DISK_FULL" : "FILE_UNWRITABLE",
    what: full ? "The disk is full" : `The run's folder cannot be written: ${message}`,
    where,
    wayOut: full
      ? "Free some space and go on with --resume: what is done is kept."
      : "Name a folder that you may write to: --run FOLDER.",
    cause: error,
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
    throw writeFailure(file, error);
  }
}
