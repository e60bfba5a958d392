/** Chunks of a damaged file: looked for wherever they may lie. */
import {
  type ChunkHeader,
  chunkBytes,
  type Footer,
  isChunk,
  listed,
  MOST_CHUNK_HEADER,
  parseChunk,
} from "./format.ts";
import { isWhole, type LocatedChunk, type PackedSource, readFooter } from "./read.ts";

/** A chunk that was found, or that should be there. */
export type FoundChunk =
  | { chunk: LocatedChunk; packed: Uint8Array }
  /** Its header is there and its bytes are damaged. */
  | { chunk: LocatedChunk; packed: null }
  /** The footer lists it, and it is nowhere. */
  | { chunk: Place; packed?: undefined };

type Place = Pick<LocatedChunk, "index" | "start" | "length">;

/**
 * Every chunk whose header can be found, whatever is damaged, lost or displaced. Behind a chunk that is whole the next one begins; else it is looked
 * for. Which chunk it is, the footer's table says: what is not in it, as in a chunk that is a packed file itself, or is there twice, is left out.
 * Without a table chunks are counted as they are found.
 * @param behind bytes of the file's header; `null`: it is damaged, so that the first chunk has to be looked for as well.
 */
export async function* findChunks(
  source: PackedSource,
  behind: number | null,
): AsyncGenerator<FoundChunk, void, void> {
  const from = behind ?? 0;
  const end = await readFooter(source).catch(() => null);
  const table = end ? new Table(end.footer) : null;
  for await (const each of locate(source, from, end?.at ?? source.size, table)) yield each;
  if (!table) return;
  const isOurs = end && behind !== null && behind + table.packedBytes === end.at;
  if (table.isUntouched && !isOurs)
    yield* locate(source, from, source.size, null); // it is another file's
  else for (const chunk of table.left) yield { chunk };
}

/** What may be read in vain, in sizes of the file: headers that are none can be made to point anywhere. */
const PATIENCE = 4;

async function* locate(
  source: PackedSource,
  from: number,
  end: number,
  table: Table | null,
): AsyncGenerator<FoundChunk, void, void> {
  let [index, start] = [0, 0];
  let patience = PATIENCE * source.size;
  for (let at: number | null = from; at !== null && at < end && patience > 0; ) {
    const header = await source.read(at, MOST_CHUNK_HEADER);
    const found = isChunk(header, 0) ? parsed(header, source.name) : null;
    const place = found && (table ? table.find(found.chunk) : { index, start });
    if (!found || !place) {
      at = await nextChunk(source, at + 1, end);
      continue;
    }
    const chunk: LocatedChunk = { ...found.chunk, ...place, at: at + found.size };
    const packed = await source.read(chunk.at, chunk.packedLength);
    const whole = isWhole(packed, chunk);
    if (whole) table?.take(chunk);
    if (!whole) patience -= packed.length;
    if (whole || !table) {
      yield { chunk, packed: whole ? packed : null };
      [index, start] = [place.index + 1, place.start + chunk.length];
    }
    at = whole ? chunk.at + chunk.packedLength : chunk.at;
  }
}

const parsed = (header: Uint8Array, where: string): ReturnType<typeof parseChunk> => {
  try {
    return parseChunk(header, where);
  } catch {
    return null; // a length that no chunk has
  }
};

/** The footer's list of chunks, less those that were found. */
class Table {
  /** Bytes of all chunks with their headers. */
  readonly packedBytes: number;
  readonly #size: number;
  /** Chunks of which the footer says the same, in their order. */
  readonly #left = new Map<string, Place[]>();

  constructor({ chunks }: Footer) {
    this.#size = chunks.length;
    let [start, packedBytes] = [0, 0];
    for (const [index, chunk] of chunks.entries()) {
      const key = JSON.stringify(chunk);
      const same = this.#left.get(key);
      const place = { index, start, length: chunk.length };
      if (same) same.push(place);
      else this.#left.set(key, [place]);
      start += chunk.length;
      packedBytes += chunkBytes({ ...chunk, crcPacked: 0, crc: 0 }).length + chunk.packedLength;
    }
    this.packedBytes = packedBytes;
  }

  /** Which chunk this is that is not found yet, `null`: none. */
  find(chunk: ChunkHeader): Place | null {
    return this.#left.get(JSON.stringify(listed(chunk)))?.[0] ?? null;
  }

  take(chunk: ChunkHeader): void {
    this.#left.get(JSON.stringify(listed(chunk)))?.shift();
  }

  /** What was not found, in its order. */
  get left(): Place[] {
    return [...this.#left.values()].flat().sort((a, b) => a.index - b.index);
  }

  get isUntouched(): boolean {
    return this.#size > 0 && this.left.length === this.#size;
  }
}

const SCAN = 2 ** 16;

/** The next byte at which a chunk's header stands, `null` = none before `end`. */
async function nextChunk(source: PackedSource, from: number, end: number): Promise<number | null> {
  for (let at = from; at < end; at += SCAN) {
    const bytes = await source.read(at, SCAN + MOST_CHUNK_HEADER);
    for (let i = bytes.indexOf(0x43); i >= 0 && i < SCAN && at + i < end; i = bytes.indexOf(0x43, i + 1))
      if (isChunk(bytes, i)) return at + i;
  }
  return null;
}
