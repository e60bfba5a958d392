/** A stored file as a stream of bytes, unpacked on the way. */
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { abortError, SurprisalError } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import type { Reading } from "./reading.ts";
import { malformed, type StoredFile, tooLarge } from "./stored-file.ts";

const CHUNK_BYTES = 1 << 18;

/**
 * The file's content, unpacked, in pieces. A piece is the caller's to keep.
 *
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, CORPUS_MALFORMED (damaged archive), ABORTED
 */
export function readBytes(file: StoredFile, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const stored = readStored(file, signal);
  if (file.compression === "gzip") return gunzip(stored, file);
  if (file.compression === "xz") return unpackXz(stored, file);
  return file.compression === "zstd" ? unpackZstd(stored, file) : stored;
}

async function* readStored({ path, name }: StoredFile, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const handle = await open(path).catch((error) => {
    throw readFailure(error, name);
  });
  try {
    for (let position = 0; ; ) {
      if (signal?.aborted) throw abortError("Reading the corpus", signal);
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, position).catch((error) => {
        throw readFailure(error, name);
      });
      if (bytesRead === 0) return;
      position += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** Any number of members one after the other, as gzip itself reads them. */
async function* gunzip(stored: AsyncGenerator<Buffer>, { name }: StoredFile): AsyncGenerator<Buffer> {
  const unpacked = createGunzip({ chunkSize: 1 << 16 });
  const source = Readable.from(stored);
  const flow = pipeline(source, unpacked).catch(() => {}); // the same error comes out of the loop
  try {
    for await (const chunk of unpacked) yield chunk as Buffer;
  } catch (error) {
    throw SurprisalError.isInstance(error) ? error : damaged(error, name, "gzip -t");
  } finally {
    source.destroy();
    unpacked.destroy();
    await flow;
  }
}

/** Any number of frames one after the other. fzstd does not verify checksums; it knows windows up to 32 MiB. */
async function* unpackZstd(stored: AsyncGenerator<Buffer>, { name }: StoredFile): AsyncGenerator<Buffer> {
  const { Decompress } = await import("fzstd");
  const pieces: Buffer[] = [];
  const unpacked = new Decompress((piece) => {
    pieces.push(Buffer.from(piece)); // a copy: the decoder writes to its own memory again
  });
  const push = (chunk: Uint8Array, final: boolean): Buffer[] => {
    try {
      unpacked.push(chunk, final);
    } catch (error) {
      throw damaged(error, name, "zstd -t");
    }
    return pieces.splice(0);
  };
  for await (const chunk of stored) yield* push(chunk, false);
  yield* push(new Uint8Array(0), true);
}

/** Any number of streams one after the other. xz-decompress verifies CRC32 and CRC64, and knows no filter but LZMA2. */
async function* unpackXz(stored: AsyncGenerator<Buffer>, { name }: StoredFile): AsyncGenerator<Buffer> {
  const { default: packed } = await import("xz-decompress");
  let failure: unknown = null; // what reading the file throws, in its own words
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await stored.next().catch((error: unknown) => {
        failure = error;
        throw error;
      });
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await stored.return(undefined);
    },
  });
  const reader = new packed.XzReadableStream(source).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield Buffer.from(value); // a copy: the decoder's memory is used again
    }
  } catch (error) {
    throw failure ?? damaged(inWords(error), name, "xz -t");
  } finally {
    await reader.cancel().catch(() => {});
    await stored.return(undefined);
  }
}

/** Statuses of the xz embedded decoder (xz.h, `enum xz_ret`). */
const XZ_STATUS: Readonly<Record<string, string>> = {
  "3": "there is not enough memory",
  "4": "there is not enough memory",
  "5": "it is no .xz file (a .lzma file is none)",
  "6": "it has a check or a filter that is not known here (CRC32, CRC64 and LZMA2 are)",
  "7": "it is damaged",
  "8": "it is cut off, or something else stands behind it",
};

function inWords(error: unknown): Error {
  const { message } = error as Error;
  const [, status] = /error code (\d+)/.exec(message) ?? [];
  // Of an empty file the decoder reads a chunk that is not there.
  const words = error instanceof TypeError ? "it is empty" : XZ_STATUS[status ?? ""];
  return words === undefined ? (error as Error) : new Error(words, { cause: error });
}

function damaged(error: unknown, name: string, check: string): SurprisalError {
  return malformed(
    `The packed file cannot be unpacked: ${(error as Error).message}`,
    name,
    `${check} tells whether it is whole. If it is, unpack it and give the unpacked file.`,
    error,
  );
}

/** All bytes of a file. @throws SurprisalError DOCUMENT_TOO_LARGE beyond the limit, with this way out */
export async function wholeFile(
  file: StoredFile,
  { limit, signal }: Pick<Reading, "limit" | "signal">,
  wayOut: string,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readBytes(file, signal)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) throw tooLarge(limit, file.name, wayOut);
  }
  return Buffer.concat(chunks);
}

/** A piece of a stream, without the delimiter behind it. */
export interface BytePiece {
  bytes: Buffer;
  /** Position in the stream of its first byte. */
  offset: number;
  /** False for the last piece when no delimiter stands behind it. */
  terminated: boolean;
}

/**
 * Cuts a stream at every `delimiter`. What follows the last delimiter is a piece unless it is empty.
 *
 * @param limit longest piece, bytes.
 * @param fail makes the error for a longer one; given its number, from 1.
 */
export async function* cut(
  chunks: AsyncIterable<Buffer>,
  delimiter: Buffer,
  limit: number,
  fail: (piece: number) => Error,
): AsyncGenerator<BytePiece> {
  let held: Buffer = Buffer.alloc(0); // begins with the open piece; grows by doubling
  let length = 0;
  let offset = 0;
  let count = 1;
  for await (const chunk of chunks) {
    if (length + chunk.length > held.length) {
      const grown = Buffer.allocUnsafe(
        Math.max(length + chunk.length, Math.min(2 * length, limit + chunk.length)),
      );
      held.copy(grown, 0, 0, length);
      held = grown;
    }
    const searched = Math.max(0, length - delimiter.length + 1);
    chunk.copy(held, length);
    length += chunk.length;
    const filled = held.subarray(0, length);
    let start = 0;
    for (
      let found = filled.indexOf(delimiter, searched);
      found >= 0;
      found = filled.indexOf(delimiter, start)
    ) {
      if (found - start > limit) throw fail(count);
      yield { bytes: Buffer.from(filled.subarray(start, found)), offset: offset + start, terminated: true };
      count++;
      start = found + delimiter.length;
    }
    held.copyWithin(0, start, length);
    length -= start;
    offset += start;
    if (length > limit + delimiter.length) throw fail(count);
  }
  if (length > limit) throw fail(count);
  if (length > 0) yield { bytes: Buffer.from(held.subarray(0, length)), offset, terminated: false };
}
