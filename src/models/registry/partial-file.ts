/**
 * A download that is not finished: `<file>.partial` holds the bytes so far, `<file>.partial.json` what they are the
 * beginning of. Both survive a killed process.
 */
import { createHash, type Hash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { writeJson } from "../../files/index.ts";
import { writeFailure } from "./cache-disk.ts";

/** What a server said the bytes belong to. */
export interface RemoteIdentity {
  /** ETag, Last-Modified or sha256 of the whole; `null` = the server gives none, the bytes cannot be added to later. */
  validator: string | null;
  /** Size of the whole, bytes; `null` when the server does not say. */
  total: number | null;
}

export class PartialFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  #hash: Hash = createHash("sha256");
  /** Bytes held. */
  size = 0;
  /** How often bytes were dropped. */
  dropped = 0;
  /** `null` while nothing is held. */
  remote: RemoteIdentity | null = null;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Opens what an earlier run left, if anything, and hashes it again. */
  static async open(file: string): Promise<PartialFile> {
    const path = `${file}.partial`;
    const partial = new PartialFile(path, await openForUpdate(path));
    try {
      partial.remote = await readIdentity(path);
      if (partial.remote)
        for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
          partial.#hash.update(chunk as Buffer);
          partial.size += (chunk as Buffer).length;
        }
      else await partial.#handle.truncate(0);
    } catch (error) {
      await partial.close();
      throw error;
    }
    return partial;
  }

  /** Drops what is held and begins with something else. */
  async restart(remote: RemoteIdentity | null): Promise<void> {
    if (this.size > 0) this.dropped++;
    await this.#handle.truncate(0);
    this.#hash = createHash("sha256");
    this.size = 0;
    this.remote = remote;
    // Bytes without a validator could not be continued, so nothing is said about them and they are dropped on opening.
    if (remote?.validator) await writeJson(`${this.#path}.json`, remote);
    else await rm(`${this.#path}.json`, { force: true });
  }

  /** @throws SurprisalError DISK_FULL, FILE_UNWRITABLE */
  async append(chunk: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < chunk.length; )
        written += (await this.#handle.write(chunk, written, chunk.length - written, this.size + written))
          .bytesWritten;
    } catch (error) {
      const total = this.remote?.total ?? null;
      throw writeFailure(error, this.#path, total === null ? null : total - this.size);
    }
    this.#hash.update(chunk);
    this.size += chunk.length;
  }

  /** sha256 of the bytes held, lower-case hex. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }

  /** The download is whole: gives it its name. */
  async finish(file: string): Promise<void> {
    await this.#handle.sync();
    await this.close();
    await rename(this.#path, file);
    await rm(`${this.#path}.json`, { force: true });
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => {}); // closed already
  }
}

/** Nothing is written through a link that somebody put in the place of our file; Windows knows no such flag. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/** Neither "r+" (fails when there is no file) nor "w+" (empties it) nor "a+" (ignores positions) does it alone. */
async function openForUpdate(path: string): Promise<FileHandle> {
  try {
    await (await open(path, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | NO_LINK)).close();
    return await open(path, constants.O_RDWR | NO_LINK);
  } catch (error) {
    throw writeFailure(error, path, null);
  }
}

async function readIdentity(path: string): Promise<RemoteIdentity | null> {
  try {
    const { validator, total } = JSON.parse(await readFile(`${path}.json`, "utf8"));
    return typeof validator === "string"
      ? { validator, total: typeof total === "number" && Number.isSafeInteger(total) ? total : null }
      : null;
  } catch {
    return null;
  }
}
