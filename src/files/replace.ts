/** A file that is the old one or the complete new one for whoever reads it, never a part. */
import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder } from "./folders.ts";

/**
 * @param draft beside `file`: what is written there becomes the file, or goes again when that fails. What lies there from
 *   before goes first, and a link under that name, which somebody may have planted, is never followed.
 * @param content the text or the bytes, or what writes them to the draft.
 * @param durable the file is on the disk, under its name, when this returns: also after a power cut.
 * @throws what the system says: see `writeFailure`.
 */
export function replaceFile(
  file: string,
  draft: string,
  content: string | Uint8Array | ((draft: string) => void),
  { durable = false }: { durable?: boolean | undefined } = {},
): void {
  try {
    rmSync(draft, { force: true });
    if (typeof content === "function") content(draft);
    else writeFileSync(draft, content, { flag: "wx" });
    if (durable) toDisk(draft);
    renameSync(draft, file);
    if (durable) namesToDisk(dirname(file));
  } catch (error) {
    try {
      rmSync(draft, { force: true });
    } catch {
      // why the file could not be written is what counts
    }
    throw error;
  }
}

function toDisk(file: string): void {
  const descriptor = openSync(file, "r+");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Names of files are the folder's content: a file that is new may be lost with its name. */
function namesToDisk(folder: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(folder, "r");
  } catch {
    return; // Windows opens no folder; its names are written with the file
  }
  try {
    fsyncSync(descriptor);
  } catch {
    // a file system that knows no such thing
  } finally {
    closeSync(descriptor);
  }
}

/** Writes a JSON file whole; folders that are missing are made. @throws what the system says. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  const folder = dirname(file);
  makeFolder(folder);
  replaceFile(file, draftIn(folder), `${JSON.stringify(value, null, 2)}\n`);
}

/** A name that is nobody's, and that nobody can plant a link under. */
export function draftIn(folder: string): string {
  return join(folder, `.surprisal-${randomUUID()}.partial`);
}
