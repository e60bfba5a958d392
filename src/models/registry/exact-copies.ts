/**
 * Models with their weights as 32-bit floats, for `exact`: made here from a model's file, and kept in the cache.
 *
 *   exact/<sha256 of the model>/model.gguf + manifest.json, exact/<sha256>.lock
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { invalidArgument } from "../../core/index.ts";
import { makeFolder, onInterrupt, writeJson } from "../../files/index.ts";
import { bytesHeld } from "./cache.ts";
import { ensureSpace, refuseToWait, withLock, writeFailure } from "./cache-disk.ts";
import { fileDigest, isDigest } from "./digest.ts";
import { isRecord } from "./json.ts";
import { readSettings } from "./settings.ts";
import type { LocatedModel, LocateOptions } from "./types.ts";

const SCHEMA = "surprisal.exact/1";
const FILE = "model.gguf";
const MANIFEST = "manifest.json";

/** A copy in the cache, or what a process that was killed has left of one. */
export interface ExactCopy {
  /** Name of the model it was made of. */
  name: string;
  /** Path or address of the model it was made of. */
  source: string;
  /** sha256 of the model it was made of. */
  sha256: string;
  /** sha256 of the copy itself: what was changed since is made anew. `null`: it is not whole. */
  copySha256: string | null;
  /** Room that it takes, bytes. */
  bytes: number;
  /** When it was begun, ISO 8601. */
  date: string;
  path: string;
}

const foldersIn = (cache: string): string => join(cache, "exact");

/** Every copy that is there, those that are not whole too: they take room. */
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

/** The copy of a model, whole or not; `null`: there is none. */
export function readExactCopy(cache: string, sha256: string): ExactCopy | null {
  if (!isDigest(sha256)) return null;
  const folder = join(foldersIn(cache), sha256);
  const path = join(folder, FILE);
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, MANIFEST), "utf8"));
    if (!isRecord(manifest) || manifest.schema !== SCHEMA || manifest.sha256 !== sha256) return null;
    const { name, source, date, copySha256 } = manifest;
    if (typeof name !== "string" || typeof source !== "string" || typeof date !== "string") return null;
    const whole = isDigest(copySha256) ? copySha256 : null;
    return { name, source, sha256, copySha256: whole, date, path, bytes: bytesOf(folder) };
  } catch {
    return null; // being removed, or not ours
  }
}

/** Without the manifest. */
const bytesOf = (folder: string): number => bytesHeld(folder) - statSync(join(folder, MANIFEST)).size;

/**
 * The copy of a model, made when there is none; only one process makes it. One that is there is taken as it lies, also
 * from a cache that cannot be written.
 * @param bytes size it will have, about.
 * @param write writes the weights as 32-bit floats to a path.
 * @throws SurprisalError DISK_FULL, FILE_UNWRITABLE, ABORTED, and what `write` throws.
 */
export async function makeExactCopy(
  model: Pick<LocatedModel, "name" | "source" | "sha256">,
  bytes: number,
  options: LocateOptions,
  write: (path: string) => Promise<void>,
): Promise<ExactCopy> {
  const settings = readSettings(options);
  const { cache, signal, onMessage } = settings;
  if (!isDigest(model.sha256)) throw invalidArgument("Not a sha256 in lower-case hex", "sha256");
  const there = await wholeCopy(model.sha256, settings);
  if (there) return there;
  const folder = join(foldersIn(cache), model.sha256);
  const lock = `${folder}.lock`;
  const onWait = ({ pid, host }: { pid: number; host: string }) =>
    onMessage(`Process ${pid} on ${host} is writing the weights of ${model.name} as F32; waiting for it.`);
  return withLock(lock, { onWait, signal }, async () => {
    const made = await wholeCopy(model.sha256, settings); // by the process that was waited for
    if (made) return made;
    const undo = () => {
      rmSync(folder, { recursive: true, force: true });
      rmSync(lock, { force: true });
    };
    const calledOff = onInterrupt(undo);
    try {
      const path = join(folder, FILE);
      const manifest = { schema: SCHEMA, ...model, date: new Date().toISOString() };
      try {
        rmSync(folder, { recursive: true, force: true }); // what a process that was killed has left
        makeFolder(folder);
        // Before the weights, so that what is left of them can be told whose they are.
        await writeJson(join(folder, MANIFEST), { ...manifest, copySha256: null });
      } catch (error) {
        throw writeFailure(error, folder, bytes);
      }
      ensureSpace(folder, bytes);
      await write(path);
      const { sha256: copySha256, bytes: size } = await fileDigest(path, settings);
      await writeJson(join(folder, MANIFEST), { ...manifest, copySha256, bytes: size });
      return { ...model, date: manifest.date, copySha256, bytes: size, path };
    } catch (error) {
      await rm(folder, { recursive: true, force: true }).catch(() => {}); // why it failed is what counts
      throw error;
    } finally {
      calledOff();
    }
  });
}

/** The copy, if it is as it was made. */
async function wholeCopy(
  sha256: string,
  settings: ReturnType<typeof readSettings>,
): Promise<ExactCopy | null> {
  const copy = readExactCopy(settings.cache, sha256);
  if (!copy?.copySha256) return null;
  if (!existsSync(copy.path)) return null;
  const { sha256: found } = await fileDigest(copy.path, settings);
  return found === copy.copySha256 ? copy : null;
}

/** Deletes the copy of a model, whole or not. @returns bytes freed. @throws SurprisalError CACHE_LOCKED: it is being made. */
export async function discardExactCopy(cache: string, sha256: string): Promise<number> {
  if (!isDigest(sha256)) throw invalidArgument("Not a sha256 in lower-case hex", "sha256");
  const folder = join(foldersIn(cache), sha256);
  const held = bytesHeld(folder);
  if (held === 0) return 0;
  const bytes = readExactCopy(cache, sha256)?.bytes ?? held;
  const lock = `${folder}.lock`;
  return withLock(lock, { onWait: refuseToWait(lock), signal: undefined }, async () => {
    await rm(join(folder, MANIFEST), { force: true });
    await rm(folder, { recursive: true, force: true });
    return bytes;
  });
}
