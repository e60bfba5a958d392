/**
 * The cache folder:
 *
 *   models/<sha256>/<file>.gguf + manifest.json   verified models, one folder each; may be copied to other machines.
 *                                                 A split model lies there with all its parts.
 *   downloads/<key>/, downloads/<key>.lock        what is being fetched
 *   accepted-terms.json, digests.json
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileIn, makeFolder, nameFault, writeJson } from "../../files/index.ts";
import { writeFailure } from "./cache-disk.ts";
import { isDigest, modelDigest, rememberDigest } from "./digest.ts";
import type { FetchedFile } from "./job.ts";
import { isRecord, isSize } from "./json.ts";
import type { Settings } from "./settings.ts";
import type { ModelFile } from "./types.ts";

const SCHEMA = "surprisal.model/1";

/** What the cache knows of a verified model. */
interface Manifest {
  name: string;
  /** File name inside the model's folder; of a split model, of its first part. */
  file: string;
  /** The parts of a split model, in order; left out for a single file. */
  files?: readonly ModelFile[] | undefined;
  /** Where it was fetched from, with the exact version or revision. */
  source: string;
  /** Canonical references that lead to this file. */
  references: string[];
  sha256: string;
  bytes: number;
  licence: string | null;
  /** When it was fetched, ISO 8601. */
  date: string;
  /** What a person should know of how it came here. */
  notes?: readonly string[] | undefined;
}

export interface CachedModel extends Manifest {
  path: string;
}

/** Every model whose files are there with the sizes its manifest gives. */
export function readCache(cache: string): CachedModel[] {
  const models = join(cache, "models");
  return foldersIn(models).flatMap((folder) => {
    try {
      const manifest = asManifest(JSON.parse(readFileSync(join(models, folder, "manifest.json"), "utf8")));
      if (manifest?.sha256 !== folder) return [];
      const model = { ...manifest, path: fileIn(join(models, folder), manifest.file, models) };
      return isThere(model) ? [model] : [];
    } catch {
      return []; // being written, being removed, or not ours
    }
  });
}

/**
 * A cache may be a copy of somebody's: what its manifest names is removed, read and shown, so that it has to be a
 * manifest in all its parts. `null`: it is none.
 */
function asManifest(value: unknown): Manifest | null {
  if (!isRecord(value) || value.schema !== SCHEMA) return null;
  const { name, file, files, source, references, sha256, bytes, licence, date, notes } = value;
  const isText = (each: unknown): each is string => typeof each === "string";
  if (!isText(name) || !isText(file) || !isText(source) || !isText(date)) return null;
  if (nameFault(file) !== null || !isDigest(sha256) || !isSize(bytes)) return null;
  if (!Array.isArray(references) || !references.every(isText)) return null;
  if (files !== undefined && !(Array.isArray(files) && files.length > 0 && files.every(isModelFile)))
    return null;
  const known = Array.isArray(notes) ? notes.filter(isText) : [];
  return {
    name,
    file,
    ...(files && { files }),
    source,
    references,
    sha256,
    bytes,
    licence: isText(licence) ? licence : null,
    date,
    ...(known.length > 0 && { notes: known }),
  };
}

function isModelFile(value: unknown): value is ModelFile {
  if (!isRecord(value)) return false;
  const { name, sha256, bytes } = value;
  return typeof name === "string" && nameFault(name) === null && isDigest(sha256) && isSize(bytes);
}

function isThere(model: CachedModel): boolean {
  const { files = [{ name: model.file, bytes: model.bytes }] } = model;
  return files.every(({ name, bytes }) => {
    const facts = statSync(join(dirname(model.path), name));
    return facts.isFile() && facts.size === bytes;
  });
}

/** Paths of a cached model's files, in order. */
function pathsOf({ path, files }: CachedModel): string[] {
  return files ? files.map(({ name }) => join(dirname(path), name)) : [path];
}

/** The cached model that a reference leads to; of a known sha256 whatever it was fetched as. */
export function findCached(
  cache: string,
  reference: string,
  sha256: string | undefined,
): CachedModel | undefined {
  return readCache(cache).find((model) =>
    sha256 ? model.sha256 === sha256 : model.references.includes(reference),
  );
}

/** False when the file's content is not what was verified once. */
export async function isIntact(model: CachedModel, settings: Settings): Promise<boolean> {
  return (await modelDigest(pathsOf(model), settings)).sha256 === model.sha256;
}

/** Moves a verified model to its place. The manifest comes last: without it a folder does not count. */
export async function publish(
  { path, file, sha256, source, files, notes }: FetchedFile,
  { name, reference, licence }: { name: string; reference: string; licence: string | null },
  { cache }: Settings,
): Promise<CachedModel> {
  const folder = join(cache, "models", sha256);
  const target = fileIn(folder, file, source);
  const known = readCache(cache).find((model) => model.sha256 === sha256);
  try {
    makeFolder(folder);
    const own = files ?? [{ name: file, sha256, bytes: statSync(path).size }];
    const bytes = own.reduce((sum, part) => sum + part.bytes, 0);
    for (const part of own) {
      const place = fileIn(folder, part.name, source);
      await rename(join(dirname(path), part.name), place);
      await rememberDigest(place, part.sha256, cache);
    }
    const references = [...new Set([...(known?.references ?? []), reference])];
    const manifest: Manifest = {
      name,
      file,
      source,
      references,
      sha256,
      bytes,
      ...(files && { files }),
      licence,
      date: new Date().toISOString(),
      ...(notes && { notes }),
    };
    await writeJson(join(folder, "manifest.json"), { schema: SCHEMA, ...manifest });
    return { ...manifest, path: target };
  } catch (error) {
    throw writeFailure(error, folder, null);
  }
}

export async function discard({ sha256 }: CachedModel, cache: string): Promise<void> {
  const folder = join(cache, "models", sha256);
  await rm(join(folder, "manifest.json"), { force: true });
  await rm(folder, { recursive: true, force: true });
}

/** Folder that belongs to the download of one reference, and the lock in front of it. */
export function downloadFolder(cache: string, reference: string): { folder: string; lock: string } {
  const key = createHash("sha256").update(reference).digest("hex").slice(0, 16);
  const folder = join(cache, "downloads", key);
  return { folder, lock: `${folder}.lock` };
}

/** Bytes of an interrupted download. */
export function bytesHeld(folder: string): number {
  return filesIn(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}

function foldersIn(folder: string): string[] {
  return filesIn(folder).filter((name) => /^[\da-f]{64}$/.test(name));
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
