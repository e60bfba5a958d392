/** A file that is the old one or the complete new one for whoever reads it, never a part. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "./folders.ts";

/**
 * @param draft beside `file`: what is written there becomes the file, or goes again when that fails.
 * @param content the text or the bytes, or what writes them to the draft.
 * @throws what the system says: see `writeFailure`.
 */
export function replaceFile(
  file: string,
  draft: string,
  content: string | Uint8Array | ((draft: string) => void),
): void {
  try {
    if (typeof content === "function") content(draft);
    else writeFileSync(draft, content);
    renameSync(draft, file);
  } catch (error) {
    try {
      rmSync(draft, { force: true });
    } catch {
      // why the file could not be written is what counts
    }
    throw error;
  }
}

/** Writes a JSON file whole; folders that are missing are made. @throws what the system says. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  makeFolder(dirname(file));
  replaceFile(file, `${file}.${process.pid}`, `${JSON.stringify(value, null, 2)}\n`);
}
