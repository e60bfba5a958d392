/** The runs that are in a folder. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import type { Run } from "./run.ts";
import { readRun } from "./run-file.ts";

/** A folder with a run in it. */
export interface ListedRun {
  path: string;
  /** `null`: it cannot be read, see `damage`. */
  run: Run | null;
  damage: string | null;
}

/**
 * The runs in a folder's sub-folders, oldest first.
 * @throws SurprisalError FILE_NOT_FOUND
 */
export function listRuns(folder: string): ListedRun[] {
  let names: string[];
  try {
    names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch (cause) {
    throw new SurprisalError({
      code: "FILE_NOT_FOUND",
      what: "There is no such folder",
      where: folder,
      wayOut: "`surprisal eval` writes its runs to ./surprisal-runs unless --run names a folder.",
      cause,
    });
  }
  const listed = names.flatMap((name) => entryOf(join(folder, name)));
  return listed.sort((a, b) => (a.run?.created ?? "").localeCompare(b.run?.created ?? ""));
}

function entryOf(path: string): ListedRun[] {
  try {
    return [{ path, run: readRun(path), damage: null }];
  } catch (error) {
    if (!SurprisalError.isInstance(error) || error.code === "RUN_NOT_FOUND") return [];
    return [{ path, run: null, damage: error.what }];
  }
}
