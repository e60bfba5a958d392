/** Packed files, read: header, chunks, footer. */
import { SurprisalError } from "../../core/index.ts";
import { crc32c } from "./crc32c.ts";
import {
  type ChunkHeader,
  FOOTER_SUFFIX,
  type Footer,
  footerLength,
  HEADER_PREFIX,
  type Header,
  headerLength,
  MOST_CHUNK_HEADER,
  parseChunk,
  parseFooter,
  parseHeader,
} from "./format.ts";

/** Bytes at hand in any order: a file, or memory. */
export interface PackedSource {
  /** For errors. */
  name: string;
  size: number;
  /** @returns [length], fewer where the source ends. */
  read(position: number, length: number): Promise<Uint8Array>;
}

/** A source in memory. */
export const memorySource = (bytes: Uint8Array, name = "packed bytes"): PackedSource => ({
  name,
  size: bytes.length,
  read: async (position, length) => bytes.subarray(position, position + length),
});

/** Where a chunk lies. */
export interface LocatedChunk extends ChunkHeader {
  /** From 0. */
  index: number;
  /** Byte of the packed file at which its packed bytes begin. */
  at: number;
  /** Byte of the original at which it begins. */
  start: number;
}

/**
 * What stands before the chunks, and the bytes that it takes.
 * @throws SurprisalError PACKED_UNSUPPORTED, PACKED_DAMAGED
 */
export async function readHeader(source: PackedSource): Promise<{ header: Header; size: number }> {
  const size = headerLength(await source.read(0, HEADER_PREFIX), source.name);
  return { header: parseHeader(await source.read(0, size), source.name), size };
}

/**
 * What stands behind the chunks, and at which byte it begins.
 * @throws SurprisalError PACKED_DAMAGED where the end of the file is missing or damaged.
 */
export async function readFooter(source: PackedSource): Promise<{ footer: Footer; at: number }> {
  const end = Math.max(0, source.size - FOOTER_SUFFIX);
  const size = footerLength(await source.read(end, FOOTER_SUFFIX), source.name);
  const at = source.size - size;
  return { footer: parseFooter(await source.read(Math.max(0, at), size), source.name), at };
}

/**
 * Chunks in their order, as they say of themselves.
 * @param from byte at which the first begins.
 * @returns at which byte the footer begins.
 * @throws SurprisalError PACKED_DAMAGED
 */
export async function* readChunks(
  source: PackedSource,
  from: number,
): AsyncGenerator<LocatedChunk, number, void> {
  let [at, start] = [from, 0];
  for (let index = 0; ; index++) {
    const where = `${source.name}, chunk ${index + 1}, byte ${at}`;
    const found = parseChunk(await source.read(at, MOST_CHUNK_HEADER), where);
    if (!found) return at;
    const { chunk, size } = found;
    yield { ...chunk, index, at: at + size, start };
    at += size + chunk.packedLength;
    start += chunk.length;
  }
}

/** Whether these are a chunk's packed bytes. */
export const isWhole = (packed: Uint8Array, { packedLength, crcPacked }: ChunkHeader): boolean =>
  packed.length === packedLength && crc32c(packed) === crcPacked;

/** The packed bytes of a chunk. @throws SurprisalError PACKED_DAMAGED */
export async function readPacked(source: PackedSource, chunk: LocatedChunk): Promise<Uint8Array> {
  const packed = await source.read(chunk.at, chunk.packedLength);
  if (isWhole(packed, chunk)) return packed;
  throw new SurprisalError({
    code: "PACKED_DAMAGED",
    what:
      packed.length < chunk.packedLength
        ? `The packed file ends in the middle of chunk ${chunk.index + 1}`
        : `Chunk ${chunk.index + 1} is damaged: its checksum is another`,
    where: `${source.name}, bytes ${chunk.at}-${chunk.at + chunk.packedLength}; bytes ${chunk.start}-${chunk.start + chunk.length} of the original`,
    wayOut:
      "Take another copy of it. What is whole in this one comes out with `surprisal decompress --salvage`.",
  });
}
