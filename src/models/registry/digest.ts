/** sha256 of files, remembered for as long as the file system says that they are the same files, unchanged. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { abortError, SurprisalError } from "../../core/index.ts";
import { writeJson } from "../../files/index.ts";
import { inspectGguf } from "../gguf/index.ts";
import { splitName } from "../split-name.ts";
import { ProgressMeter } from "./progress.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { LocateOptions, ModelFile } from "./types.ts";

/** Size and sha256 of a file. */
interface Digest {
  bytes: number;
  sha256: string;
}

/**
 * What tells a file from another of the same name and size. `cp -p`, `rsync -a`, `tar` and `touch` set the time of change
 * (mtime) back; no program sets the time of the last change to the inode (ctime). A file that was moved to this name has
 * another inode. In nanoseconds, as decimal strings.
 */
interface Stamp {
  bytes: number;
  device: string;
  inode: string;
  mtime: string;
  ctime: string;
}

interface RememberedDigest extends Stamp {
  sha256: string;
  /** Its weights were looked at: none is NaN or infinite. */
  finite?: boolean | undefined;
}

/** Where the cache cannot be written, or another process's entry came last, a file is read once for each process. */
const inProcess = new Map<string, RememberedDigest>();

/** Two changes within one tick of the file system's clock (10 ms at most) would leave the same time. */
const TICK_MS = 50;
/** Files that change while they are read are read again, but not for ever. */
const MOST_READINGS = 3;

/**
 * sha256 of a file, lower-case hex, read once from beginning to end.
 * @param onBytes told the bytes read so far.
 */
export async function sha256OfFile(
  path: string,
  signal?: AbortSignal,
  onBytes?: (bytes: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    if (signal?.aborted) throw abortError("Reading the model file", signal);
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    onBytes?.(bytes);
  }
  return hash.digest("hex");
}

/**
 * Size and sha256 of a file; a file that did not change since the last time is not read again.
 * @param onBytes told the bytes read so far, where it has to be read.
 * @throws SurprisalError FILE_UNREADABLE: it changes all the time.
 */
export async function fileDigest(
  path: string,
  settings: Settings,
  onBytes?: (bytes: number) => void,
): Promise<Digest> {
  let stamp = await stampOf(path);
  const kept = (await readMemory(settings.cache))[path];
  if (isSame(kept, stamp)) return { bytes: stamp.bytes, sha256: kept.sha256 };
  const own = inProcess.get(path);
  if (isSame(own, stamp)) {
    await remember(path, own, settings.cache);
    return { bytes: stamp.bytes, sha256: own.sha256 };
  }
  for (let reading = 1; reading <= MOST_READINGS; reading++) {
    await untilTick(stamp);
    const sha256 = await sha256OfFile(path, settings.signal, onBytes);
    const after = await stampOf(path);
    if (isSame({ ...after, sha256 }, stamp)) {
      await remember(path, { ...stamp, sha256 }, settings.cache);
      return { bytes: stamp.bytes, sha256 };
    }
    stamp = after;
  }
  throw new SurprisalError({
    code: "FILE_UNREADABLE",
    what: "The file is being written while it is read, so it cannot be identified",
    where: path,
    wayOut: "Wait until the program that writes it has finished.",
  });
}

/** Several files as one model: their digests, and the one that stands for all. */
export interface ModelDigest extends Digest {
  /** Of a split model: its parts, in order. */
  files?: ModelFile[] | undefined;
}

/**
 * Digest of a model's file, or of all its parts. The sha256 of a split model is that of the text made of the sha256 of its
 * parts in order, in lower-case hex, each followed by a line feed: what
 * `sha256sum name-*.gguf | cut -c -64 | sha256sum` prints.
 */
export async function modelDigest(paths: readonly string[], settings: Settings): Promise<ModelDigest> {
  const sizes: number[] = [];
  for (const path of paths) sizes.push((await stampOf(path)).bytes);
  const total = sizes.reduce((a, b) => a + b, 0);
  const meter = new ProgressMeter(settings.onProgress);
  const files: ModelFile[] = [];
  let before = 0;
  for (const path of paths) {
    const name = basename(path);
    const onBytes = (bytes: number) => meter.update("verify", name, before + bytes, total);
    files.push({ name, ...(await fileDigest(path, settings, onBytes)) });
    before += files.at(-1)!.bytes;
  }
  const [only] = files;
  if (only && files.length === 1) return { bytes: only.bytes, sha256: only.sha256 };
  return { bytes: before, sha256: splitDigest(files), files };
}

/** Above this size a file is not read only to say its sha256. */
const QUICK_BYTES = 2 ** 30;

/**
 * Digest of a model as far as it is quickly known: sha256 `null` where large files would have to be read.
 * @throws what the system says of a file that is not there.
 */
export async function knownDigest(
  paths: readonly string[],
  settings: Settings,
): Promise<{ bytes: number; sha256: string | null }> {
  const stamps: Stamp[] = [];
  for (const path of paths) stamps.push(await stampOf(path));
  const bytes = stamps.reduce((sum, stamp) => sum + stamp.bytes, 0);
  const memory = await readMemory(settings.cache);
  const remembered = paths.every((path, i) => isSame(memory[path], stamps[i]!));
  if (!remembered && bytes > QUICK_BYTES) return { bytes, sha256: null };
  return modelDigest(paths, settings);
}

/** The one sha256 of a split model; see `modelDigest`. */
export function splitDigest(files: readonly Pick<ModelFile, "sha256">[]): string {
  return createHash("sha256")
    .update(files.map(({ sha256 }) => `${sha256}\n`).join(""))
    .digest("hex");
}

/**
 * Paths of the files that are a model, once the parts of a split one have been checked; otherwise just `path`.
 * @throws SurprisalError GGUF_*, FILE_NOT_FOUND: a part is missing, or belongs to another model.
 */
export async function modelFiles(path: string): Promise<readonly string[]> {
  if (splitName(path) === null) return [path];
  return (await inspectGguf(path)).parts;
}

/**
 * Remembers what a download or an unpacking found. Only saves time: a memory that cannot be written, or loses an entry to
 * another process, costs a second reading.
 */
export async function rememberDigest(path: string, sha256: string, cache: string): Promise<void> {
  const stamp = await stampOf(path).catch(() => null);
  if (stamp) await remember(path, { ...stamp, sha256 }, cache);
}

/** Whether the weights of these files, as they are now, were found to be finite. */
export async function isKnownFinite(paths: readonly string[], options: LocateOptions = {}): Promise<boolean> {
  try {
    const entries = await entriesOf(paths, readSettings(options).cache);
    return entries.length === paths.length && entries.every(([, { finite }]) => finite === true);
  } catch {
    return false;
  }
}

/** Remembers it beside the sha256, of files whose sha256 is remembered. Only saves time, as `rememberDigest`. */
export async function rememberFinite(paths: readonly string[], options: LocateOptions = {}): Promise<void> {
  try {
    const { cache } = readSettings(options);
    for (const [path, entry] of await entriesOf(paths, cache))
      await remember(path, { ...entry, finite: true }, cache);
  } catch {
    // there is no place for a cache
  }
}

/** What is remembered of those files that did not change since. */
async function entriesOf(paths: readonly string[], cache: string): Promise<[string, RememberedDigest][]> {
  const memory = await readMemory(cache);
  const entries: [string, RememberedDigest][] = [];
  for (const path of paths.map((each) => resolve(each))) {
    const entry = memory[path];
    if (isSame(entry, await stampOf(path))) entries.push([path, entry]);
  }
  return entries;
}

async function remember(path: string, entry: RememberedDigest, cache: string): Promise<void> {
  inProcess.set(path, entry);
  try {
    await writeJson(memoryFile(cache), { ...(await readMemory(cache)), [path]: entry });
  } catch {
    // see `rememberDigest`
  }
}

async function stampOf(path: string): Promise<Stamp> {
  const { size, dev, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return {
    bytes: Number(size),
    device: String(dev),
    inode: String(ino),
    mtime: String(mtimeNs),
    ctime: String(ctimeNs),
  };
}

/** An entry of an older release lacks some of it, or was damaged, and is not believed. */
function isSame(one: RememberedDigest | null | undefined, other: Stamp): one is RememberedDigest {
  return (
    typeof one === "object" &&
    one !== null &&
    isDigest(one.sha256) &&
    one.bytes === other.bytes &&
    one.device === other.device &&
    one.inode === other.inode &&
    one.mtime === other.mtime &&
    one.ctime === other.ctime
  );
}

/** Waits until a later change is sure to show. A clock of another machine, ahead of ours, is waited for no longer. */
async function untilTick({ ctime }: Stamp): Promise<void> {
  const age = Date.now() - Number(BigInt(ctime) / 1_000_000n);
  if (age >= 0 && age < TICK_MS) await new Promise((done) => setTimeout(done, TICK_MS - age));
}

/** The sha256 of something: lower-case hex. It becomes the name of a folder. */
export function isDigest(value: unknown): value is string {
  return typeof value === "string" && /^[\da-f]{64}$/.test(value);
}

async function readMemory(cache: string): Promise<Record<string, RememberedDigest>> {
  try {
    const memory: unknown = JSON.parse(await readFile(memoryFile(cache), "utf8"));
    return isRecord(memory) ? memory : {};
  } catch {
    return {};
  }
}

/** Entries are believed by what they say of the file; whatever else the file holds is none of ours. */
function isRecord(memory: unknown): memory is Record<string, RememberedDigest> {
  return typeof memory === "object" && memory !== null && !Array.isArray(memory);
}

const memoryFile = (cache: string) => join(cache, "digests.json");
