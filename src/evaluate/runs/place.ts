/** Where runs are kept: the usual folder, names for new ones, and what may be in the folder of one. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RunRequest } from "./run.ts";

/** The folder of runs that were given no other, in the working directory. */
export const RUNS_FOLDER = "surprisal-runs";

/** What a run writes in its folder, drafts included; names that begin with a dot are the file system's. */
const OF_RUN =
  /^(\.|(run\.json|journal\.jsonl|log\.txt|tokens\.(bin|parquet)|lock)(\.part|\.damaged|\.\d+\.stale)?$)/;

/**
 * A file that is no part of a run, `null` without one. A run among a corpus's texts would be read as one of them the
 * next time.
 */
export function otherFileIn(folder: string): string | null {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return null;
  return readdirSync(folder).find((name) => !OF_RUN.test(name)) ?? null;
}

/** A new run's folder: "surprisal-runs/2026-11-24T10-00-00-mini-domains". */
export function newRunFolder({ models, corpora, tasks }: RunRequest): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const parts = [time, wordOf(models[0]!), wordOf((corpora[0] ?? tasks[0])!)];
  return join(RUNS_FOLDER, parts.filter((part) => part !== "").join("-"));
}

/** A run by its folder, or by its name in the usual one. */
export function runFolderNamed(name: string): string {
  return !existsSync(name) && existsSync(join(RUNS_FOLDER, name)) ? join(RUNS_FOLDER, name) : name;
}

/** The end of a path or address, as a part of a folder's name. */
function wordOf(reference: string): string {
  return reference
    .replace(/[/\\]+$/, "")
    .split(/[/\\]/)
    .at(-1)!
    .replace(/[^\p{L}\p{N}.]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 30);
}
