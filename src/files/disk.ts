/** The disk: is there room, and what to say when there is none. */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode, SurprisalError } from "../core/index.ts";

/** @throws SurprisalError DISK_FULL, with figures. */
export async function ensureSpace(folder: string, needed: number): Promise<void> {
  const free = await freeSpace(folder);
  if (free !== null && free < needed) throw diskFull(folder, needed, free);
}

/** Bytes this user may still write to the folder's file system; `null` where that cannot be known. */
async function freeSpace(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** Turns what the file system says while the cache is written into what a person can act on. */
export async function writeFailure(
  error: unknown,
  path: string,
  needed: number | null,
): Promise<SurprisalError> {
  if (SurprisalError.isInstance(error)) return error;
  const code = errorCode(error);
  if (code === "ENOSPC" || code === "EDQUOT")
    return diskFull(path, needed, await freeSpace(dirname(path)), error);
  return new SurprisalError({
    code: "FILE_UNWRITABLE",
    what: `The cache cannot be written: ${(error as Error).message}`,
    where: path,
    wayOut: "Set SURPRISAL_CACHE to a folder that you may write to.",
    cause: error,
  });
}

function diskFull(
  where: string,
  needed: number | null,
  free: number | null,
  cause?: unknown,
): SurprisalError {
  const figures = [
    ...(needed === null ? [] : [`${megabytes(needed)} needed`]),
    ...(free === null ? [] : [`${megabytes(free)} free`]),
  ];
  return new SurprisalError({
    code: "DISK_FULL",
    what: `Not enough room on the disk${figures.length > 0 ? `: ${figures.join(", ")}` : ""}`,
    where,
    wayOut:
      "Make room, or set SURPRISAL_CACHE to a folder on another disk. A download goes on where it stopped.",
    cause,
  });
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
