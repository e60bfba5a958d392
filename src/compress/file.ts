/** Packed files on disk: written whole or not at all, gone on with where it was broken off, read in any order. */
import { createReadStream, existsSync } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { SurprisalError } from "../core/index.ts";
import { readFailure, writeFailure } from "../files/index.ts";
import type { ChunkHeader } from "./container/format.ts";
import { type PackedSource, readChunks, readHeader, readPacked } from "./container/read.ts";
import { type PackOptions, type PackReport, pack } from "./pack.ts";

/** A file as a source, for as long as it is open. */
export interface PackedFile extends PackedSource, AsyncDisposable {}

/**
 * Opens a packed file to read from; close it, as by `await using`.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function openPacked(file: string): Promise<PackedFile> {
  let handle: FileHandle;
  let size: number;
  try {
    handle = await open(file);
    size = (await handle.stat()).size;
  } catch (error) {
    throw readFailure(error, file);
  }
  return {
    name: file,
    size,
    async read(position, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - position)));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, position);
      return bytes.subarray(0, bytesRead);
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** Where a file is written before it is whole. */
export const draftOf = (file: string): string => `${file}.partial`;

/** Options of `packFile`. */
export interface PackFileOptions extends Omit<PackOptions, "resume"> {
  /** Goes on with what is there of an interrupted run. Default false: it is begun anew. */
  resume?: boolean | undefined;
  /** Called with the draft before it becomes the file; what it throws keeps the draft from becoming it. */
  check?: ((draft: string, report: PackReport) => Promise<void>) | undefined;
}

/**
 * Packs a file. Until all of it is there and checked, it is called `draftOf(to)`: an interrupted run leaves that behind to be gone on with, a failed
 * check removes it.
 * @param from a file's name, or the bytes.
 * @throws SurprisalError FILE_*, DISK_FULL; as `pack`; INVALID_ARGUMENT where what is there was packed in another way
 */
export async function packFile(
  from: string | AsyncIterable<Uint8Array>,
  to: string,
  options: PackFileOptions = {},
): Promise<PackReport> {
  const draft = draftOf(to);
  const known = options.resume && existsSync(draft) ? await wholeChunks(draft) : null;
  let report: PackReport;
  const out = await open(draft, known ? "r+" : "w").catch((error: unknown) => {
    throw writeFailure(error, draft);
  });
  const begun = { chunks: known !== null };
  try {
    if (known) await out.truncate(known.size);
    const source = typeof from === "string" ? sourceOf(from) : from;
    report = await writePieces(out, draft, source, options, known, begun);
    await out.sync();
  } catch (error) {
    if (!begun.chunks) await rm(draft, { force: true }); // there is nothing to go on with
    throw error;
  } finally {
    await out.close();
  }
  try {
    await options.check?.(draft, report);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await rename(draft, to).catch((error: unknown) => {
    throw writeFailure(error, to);
  });
  return report;
}

async function* sourceOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    if ((await stat(file)).isDirectory())
      throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
    yield* createReadStream(file, { highWaterMark: 2 ** 18 });
  } catch (error) {
    throw readFailure(error, file);
  }
}

async function writePieces(
  out: FileHandle,
  draft: string,
  source: AsyncIterable<Uint8Array>,
  options: PackFileOptions,
  known: { chunks: readonly ChunkHeader[]; header: Uint8Array; size: number } | null,
  begun: { chunks: boolean },
): Promise<PackReport> {
  const { coder, chunkBytes, onProgress, signal } = options;
  const pieces = pack(source, { coder, chunkBytes, onProgress, signal, resume: known?.chunks });
  let at = known?.size ?? 0;
  for (let first = true; ; first = false) {
    const { done, value } = await pieces.next();
    if (done) return value;
    if (first && known) {
      if (Buffer.compare(value, known.header) === 0) continue;
      throw new SurprisalError({
        code: "INVALID_ARGUMENT",
        what: "What was packed before was packed with another model, other settings or another version",
        where: draft,
        wayOut: "Give the same, or start afresh without --resume.",
      });
    }
    try {
      // The disk may take less than it is given, as when it is nearly full.
      for (let from = 0; from < value.length; )
        from += (await out.write(value, from, value.length - from, at + from)).bytesWritten;
    } catch (error) {
      throw writeFailure(error, draft);
    }
    at += value.length;
    begun.chunks ||= !first;
  }
}

/** The chunks at the beginning of a broken-off file that are whole. */
async function wholeChunks(
  draft: string,
): Promise<{ chunks: ChunkHeader[]; header: Uint8Array; size: number } | null> {
  await using source = await openPacked(draft);
  try {
    const { size: headerSize } = await readHeader(source);
    const chunks: ChunkHeader[] = [];
    let size = headerSize;
    try {
      for await (const chunk of readChunks(source, headerSize)) {
        await readPacked(source, chunk);
        const { method, length, packedLength, crcPacked, crc } = chunk;
        chunks.push({ method, length, packedLength, crcPacked, crc });
        size = chunk.at + packedLength;
      }
    } catch (error) {
      if (!SurprisalError.isInstance(error)) throw error; // where it was broken off
    }
    return { chunks, header: await source.read(0, headerSize), size };
  } catch (error) {
    if (SurprisalError.isInstance(error)) return null; // broken off in the header
    throw error;
  }
}
