/** Files of a configuration: certificates, pip's settings. */
import { readFileSync, statSync } from "node:fs";

/** The certificates of all authorities take less than 1 MiB. */
const MOST_BYTES = 64 * 2 ** 20;

/** @returns what stands in it; `null`: it cannot be read, or is no file of such a kind: a pipe, a device, far too large. */
export function readSmallFile(file: string): string | null {
  try {
    const found = statSync(file);
    return found.isFile() && found.size <= MOST_BYTES ? readFileSync(file, "utf8") : null;
  } catch {
    return null;
  }
}
