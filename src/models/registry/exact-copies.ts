/**
 * Models with their weights as 32-bit floats, for `exact`: made here from a model's file, and kept in the cache.
 *
 *   exact/<sha256 of the model>/model.gguf + manifest.json, exact/<sha256>.lock
 */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../../files/index.ts";
import { ensureSpace, refuseToWait, withLock, writeFailure } from "./cache-disk.ts";
import { fileDigest } from "./digest.ts";
import { readSettings } from "./settings.ts";
import type { LocatedModel, LocateOptions } from "./types.ts";

const SCHEMA = "surprisal.exact/1";
const FILE = "model.gguf";
const MANIFEST = "manifest.json";

/** A copy in the cache. */
export interface ExactCopy {
  /** Name of the model it was made of. */
  name: string;
  /** Path or address of the model it was made of. */
  source: string;
  /** sha256 of the model it was made of. */
  sha256: string;
  /** sha256 of the copy itself: what was changed since is made anew. */
  copySha256: string;
  /** Size of the copy, bytes. */
  bytes: number;
  /** When it was made, ISO 8601. */
  date: string;
  path: string;
}

const foldersIn = (cache: string): string => join(cache, "exact");

/** Every copy that is there, whole. */
export function readExactCopies(cache: string): ExactCopy[] {
  const folder = foldersIn(cache);
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => /^[\da-f]{64}$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => readExactCopy(cache, name) ?? []);
}

/** The copy of a model; `null`: there is none. */
export function readExactCopy(cache: string, sha256: string): ExactCopy | null {
  const folder = join(foldersIn(cache), sha256);
  try {
    const { schema, ...manifest } = JSON.parse(readFileSync(join(folder, MANIFEST), "utf8"));
    const path = join(folder, FILE);
    return schema === SCHEMA && statSync(path).size === manifest.bytes ? { ...manifest, path } : null;
  } catch {
    return null; // being made, being removed, or not ours
  }
}

/**
 * The copy of a model, made when there is none; only one process makes it.
 * @param bytes size it will have, about.
 * @param write writes the weights as 32-bit floats to a path.
 * @throws SurprisalError DISK_FULL, FILE_UNWRITABLE, ABORTED, and what `write` throws.
 */
export async function makeExactCopy(
  { name, source, sha256 }: Pick<LocatedModel, "name" | "source" | "sha256">,
  bytes: number,
  options: LocateOptions,
  write: (path: string) => Promise<void>,
): Promise<ExactCopy> {
  const settings = readSettings(options);
  const { cache, signal, onMessage } = settings;
  const folder = join(foldersIn(cache), sha256);
  const onWait = ({ pid, host }: { pid: number; host: string }) =>
    onMessage(`Process ${pid} on ${host} is writing the weights of ${name} as F32; waiting for it.`);
  return withLock(`${folder}.lock`, { onWait, signal }, async () => {
    const there = readExactCopy(cache, sha256);
    if (there && (await fileDigest(there.path, settings)).sha256 === there.copySha256) return there;
    try {
      rmSync(folder, { recursive: true, force: true }); // what a process that was killed has left
      await mkdir(folder, { recursive: true });
    } catch (error) {
      throw writeFailure(error, folder, bytes);
    }
    const path = join(folder, FILE);
    try {
      ensureSpace(folder, bytes);
      await write(path);
      const date = new Date().toISOString();
      const { sha256: copySha256, bytes: size } = await fileDigest(path, settings);
      const manifest = { name, source, sha256, copySha256, bytes: size, date };
      await writeJson(join(folder, MANIFEST), { schema: SCHEMA, ...manifest });
      return { ...manifest, path };
    } catch (error) {
      await rm(folder, { recursive: true, force: true }).catch(() => {}); // why it failed is what counts
      throw error;
    }
  });
}

/** Deletes the copy of a model. @returns bytes freed. @throws SurprisalError CACHE_LOCKED: it is being made. */
export async function discardExactCopy(cache: string, sha256: string): Promise<number> {
  const folder = join(foldersIn(cache), sha256);
  const copy = readExactCopy(cache, sha256);
  if (!copy) return 0;
  const lock = `${folder}.lock`;
  return withLock(lock, { onWait: refuseToWait(lock), signal: undefined }, async () => {
    await rm(join(folder, MANIFEST), { force: true });
    await rm(folder, { recursive: true, force: true });
    return copy.bytes;
  });
}
