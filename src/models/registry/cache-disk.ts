/** The cache on the disk: one process at a time, and what to say when it cannot be written. */
import { lstatSync, rmSync } from "node:fs";
import { errorCode, SurprisalError } from "../../core/index.ts";
import {
  ensureSpace as ensureSpaceFor,
  writeFailure as failureOf,
  type LockHolder,
  makeFolder,
  type WithLockOptions,
  withLock as withLockFor,
} from "../../files/index.ts";

const MAKE_ROOM =
  "Make room, or set SURPRISAL_CACHE to a folder on another disk. A download goes on where it stopped.";

/**
 * Turns what the file system says while the cache is written into what a person can act on.
 * @param needed bytes that were still to be written; `null` = unknown.
 */
export function writeFailure(error: unknown, path: string, needed: number | null): SurprisalError {
  return failureOf(error, path, {
    subject: "The cache",
    wayOut: "Set SURPRISAL_CACHE to a folder that you may write to.",
    wayOutWhenFull: MAKE_ROOM,
    needed,
  });
}

/** The folder of one download: a real one, since what stands in it is written and removed. */
export function makeJobFolder(folder: string): void {
  try {
    if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(folder); // the link, not what it leads to
    makeFolder(folder);
  } catch (error) {
    throw writeFailure(error, folder, null);
  }
}

/** What the system said of a file or folder of the cache, in words; any other error is as it was. */
export function diskFailure(
  error: unknown,
  folder: string,
  { signal }: { signal: AbortSignal | undefined },
): unknown {
  const bySystem = !SurprisalError.isInstance(error) && /^(E[A-Z]+|ERR_FS_\w+)$/.test(errorCode(error));
  return bySystem && !signal?.aborted ? writeFailure(error, folder, null) : error;
}

/** @param needed bytes. @throws SurprisalError DISK_FULL, with figures. */
export function ensureSpace(folder: string, needed: number): void {
  ensureSpaceFor(folder, needed, MAKE_ROOM);
}

/** Runs `work` while no other process has the lock. @throws SurprisalError ABORTED, FILE_UNWRITABLE, DISK_FULL */
export function withLock<T>(
  file: string,
  options: Pick<WithLockOptions, "onWait" | "signal">,
  work: () => Promise<T>,
): Promise<T> {
  const failure = (error: unknown, path: string) => writeFailure(error, path, null);
  return withLockFor(file, { ...options, failure }, work);
}

/** For `withLock`'s onWait where waiting makes no sense. */
export function refuseToWait(file: string): WithLockOptions["onWait"] {
  return ({ pid, host }: LockHolder) => {
    throw new SurprisalError({
      code: "CACHE_LOCKED",
      what: `Process ${pid} on ${host} is downloading this model`,
      where: file,
      wayOut: "Wait until it has finished, or end it.",
    });
  };
}
