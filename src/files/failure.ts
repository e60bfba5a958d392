/** What the file system says, as something a person can act on. */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode, SurprisalError } from "../core/index.ts";

export interface ReadFailureOptions {
  /** The way out when the file is not there. */
  wayOutWhenMissing?: string | undefined;
}

/**
 * @param error what the system said; one of ours is given back as it is.
 * @param where the file as the person knows it.
 * @returns FILE_NOT_FOUND or FILE_UNREADABLE
 */
export function readFailure(error: unknown, where: string, options: ReadFailureOptions = {}): SurprisalError {
  if (SurprisalError.isInstance(error)) return error;
  const code = errorCode(error);
  if (code === "ENOENT")
    return new SurprisalError({
      code: "FILE_NOT_FOUND",
      what: "There is no such file",
      where,
      wayOut: options.wayOutWhenMissing ?? "Check the path.",
      cause: error,
    });
  const isFolder = code === "EISDIR";
  const limit = limitOf(code);
  return new SurprisalError({
    code: "FILE_UNREADABLE",
    what: `The file cannot be read: ${isFolder ? "it is a folder" : (limit?.what ?? messageOf(error))}`,
    where,
    wayOut: isFolder ? "Name one file." : (limit?.wayOut ?? "Check its permissions and that it is a file."),
    cause: error,
  });
}

export interface WriteFailureOptions {
  /** What cannot be written. Default "The file". */
  subject?: string | undefined;
  /** The way out. Default: another name. */
  wayOut?: string | undefined;
  /** The way out when the disk is full. Default: free some space. */
  wayOutWhenFull?: string | undefined;
  /** Bytes that were still to be written; `null` or left out = unknown. */
  needed?: number | null | undefined;
}

/**
 * @param error what the system said; one of ours is given back as it is.
 * @param where the file or folder as the person knows it.
 * @returns DISK_FULL or FILE_UNWRITABLE
 */
export function writeFailure(
  error: unknown,
  where: string,
  options: WriteFailureOptions = {},
): SurprisalError {
  if (SurprisalError.isInstance(error)) return error;
  const { subject = "The file", wayOut, wayOutWhenFull, needed } = options;
  const code = errorCode(error);
  if (code === "ENOSPC" || code === "EDQUOT")
    return diskFull(where, {
      needed,
      free: needed ? freeSpace(dirname(where)) : null,
      wayOut: wayOutWhenFull,
      cause: error,
    });
  const limit = limitOf(code);
  return new SurprisalError({
    code: "FILE_UNWRITABLE",
    what: `${subject} cannot be written: ${limit?.what ?? messageOf(error)}`,
    where,
    wayOut: limit?.wayOut ?? wayOut ?? "Name a file in a folder that exists and that you may write to.",
    cause: error,
  });
}

/** What the shell or the system has set for this process; another file or folder does not help. */
function limitOf(code: string | undefined): { what: string; wayOut: string } | null {
  if (code === "EFBIG")
    return {
      what: "it would be larger than this process may write, or than its file system takes (EFBIG)",
      wayOut: "Raise the limit (ulimit -f unlimited), or use another file system. What is written is kept.",
    };
  if (code === "EMFILE" || code === "ENFILE")
    return {
      what: `too many files are open (${code})`,
      wayOut: "Raise the limit (ulimit -n), or work on fewer files at a time.",
    };
  return null;
}

/**
 * Fails before a long work, not in the middle of it.
 * @param needed bytes.
 * @throws SurprisalError DISK_FULL, with figures.
 */
export function ensureSpace(folder: string, needed: number, wayOut: string): void {
  const free = freeSpace(folder);
  if (free !== null && free < needed) throw diskFull(folder, { needed, free, wayOut });
}

interface Shortage {
  needed: number | null | undefined;
  free: number | null;
  wayOut: string | undefined;
  cause?: unknown;
}

function diskFull(where: string, { needed, free, wayOut, cause }: Shortage): SurprisalError {
  const figures = [
    needed == null ? [] : `${megabytes(needed)} needed`,
    free === null ? [] : `${megabytes(free)} free`,
  ].flat();
  return new SurprisalError({
    code: "DISK_FULL",
    what: figures.length > 0 ? `Not enough room on the disk: ${figures.join(", ")}` : "The disk is full",
    where,
    wayOut: wayOut ?? "Free some space.",
    cause,
  });
}

/** Bytes this user may still write to the folder's file system; `null` where that cannot be known. */
function freeSpace(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
