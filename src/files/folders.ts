/** Folders made with all those that they lie in. */
import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { errorCode } from "../core/index.ts";

/**
 * Makes a folder, and those above it that are missing. Node's own `recursive` goes round for ever where a folder is there
 * and the system says of a new one in it that there is no such place: /proc.
 * @throws what the system says.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    try {
      mkdirSync(folder);
      break;
    } catch (error) {
      if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) break;
      const above = dirname(folder);
      const isThere = statSync(above, { throwIfNoEntry: false }) !== undefined;
      if (errorCode(error) !== "ENOENT" || above === folder || isThere) throw error;
      missing.push(folder);
    }
  }
  for (const folder of missing.reverse())
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another process may have made it meanwhile.
      if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
    }
}
