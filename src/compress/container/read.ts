/** Packed files, read: header, chunks, footer; from both ends where one is damaged. */
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
  MAGIC,
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

/** The packed bytes of a chunk. @throws SurprisalError PACKED_DAMAGED */
export async function readPacked(source: PackedSource, chunk: LocatedChunk): Promise<Uint8Array> {
  const packed = await source.read(chunk.at, chunk.packedLength);
  if (packed.length === chunk.packedLength && crc32c(packed) === chunk.crcPacked) return packed;
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

/**
 * Every chunk whose header can be found, whatever is damaged or lost between them. Behind a chunk that is whole the next one begins; else it is looked
 * for. Which chunk it is, the footer's table says; without it they are counted as they are found.
 * @param behind the file's header; `null`: it is damaged, so that the first chunk has to be looked for as well.
 */
export async function* findChunks(
  source: PackedSource,
  behind: number | null,
): AsyncGenerator<LocatedChunk, void, void> {
  const table = await readFooter(source).catch(() => null);
  const end = table?.at ?? source.size;
  let [index, start] = [0, 0];
  for (let at = behind ?? MAGIC.length; at < end; ) {
    const found = await chunkAt(source, at);
    if (!found) {
      at = (await nextChunk(source, at + 1, end)) ?? end;
      continue;
    }
    const { length, packedLength } = found.chunk;
    for (let i = index, from = start; table && i < table.footer.chunks.length; i++) {
      const listed = table.footer.chunks[i]!;
      if (listed.length === length && listed.packedLength === packedLength) {
        [index, start] = [i, from];
        break;
      }
      from += listed.length;
    }
    const chunk = { ...found.chunk, index, at: at + found.size, start };
    yield chunk;
    at = chunk.at;
    if (await isWhole(source, chunk)) at += packedLength;
    index++;
    start += length;
  }
}

const isWhole = (source: PackedSource, chunk: LocatedChunk): Promise<boolean> =>
  readPacked(source, chunk).then(
    () => true,
    () => false,
  );

async function chunkAt(source: PackedSource, at: number): Promise<ReturnType<typeof parseChunk>> {
  try {
    return parseChunk(await source.read(at, MOST_CHUNK_HEADER), source.name);
  } catch {
    return null;
  }
}

const SCAN = 2 ** 16;

/** The next byte at which a chunk's header stands, `null` = none before `end`. */
async function nextChunk(source: PackedSource, from: number, end: number): Promise<number | null> {
  for (let at = from; at < end; at += SCAN) {
    const bytes = await source.read(at, SCAN + MOST_CHUNK_HEADER);
    for (let i = 0; i < Math.min(SCAN, bytes.length); i++) {
      if (bytes[i] !== 0x43) continue;
      try {
        if (parseChunk(bytes.subarray(i, i + MOST_CHUNK_HEADER), source.name)) return at + i;
      } catch {
        // a C like any other
      }
    }
  }
  return null;
}
