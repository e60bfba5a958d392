/** What every source of model files is given, and what it gives back. */
import type { HttpClient } from "./http.ts";
import type { ProgressMeter } from "./progress.ts";
import type { ModelFile } from "./types.ts";

/** One model being fetched. */
export interface FetchJob {
  client: HttpClient;
  meter: ProgressMeter;
  /** Folder inside the cache that belongs to this job alone. */
  folder: string;
  /** sha256 the model file must have, where it is known beforehand. */
  sha256: string | undefined;
}

/** A verified model file, still in the job's folder. */
export interface FetchedFile {
  /** Of a split model: its first part. */
  path: string;
  /** File name the model goes by. */
  file: string;
  /** Of a split model: what stands for all parts (`splitDigest`). */
  sha256: string;
  /** The parts of a split model, in order, beside each other in the job's folder; left out for a single file. */
  files?: readonly ModelFile[] | undefined;
  /** Reference with the exact version or revision. */
  source: string;
  /** What a person should know of how it came; left out without. */
  notes?: readonly string[] | undefined;
}

/** Beside a file that its source gave no sha256 for. @param what the file that was fetched */
export function uncheckedNote(source: "index" | "hub", what: string): string {
  return `the ${source} gave no sha256 for ${what}: what arrived was not checked against anything; compare its sha256 with one that you trust`;
}
