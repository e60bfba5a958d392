/** A packed file as it says of itself, and what of it is damaged; nothing is unpacked. */
import {
  type Footer,
  findChunks,
  type Header,
  type LocatedChunk,
  type PackedSource,
  readChunks,
  readFooter,
  readHeader,
  readPacked,
} from "../../compress/index.ts";
import { SurprisalError } from "../../core/index.ts";
import { bitsPer } from "./documents.ts";
import { LIKENESS_BYTES, type Likeness, likenessOf } from "./magic.ts";
import { whereabouts } from "./models.ts";
import { openPackedSource } from "./packed-input.ts";
import type { Source } from "./places.ts";

/** A chunk of a packed file. */
interface InspectedChunk extends LocatedChunk {
  bitsPerByte: number | null;
  /** Its packed bytes have the checksum that it gives. */
  isWhole: boolean;
}

/** What a file says. */
export interface Inspection {
  /** `null`: standard input. */
  input: string | null;
  /** Of the file. */
  bytes: number;
  /** What it looks like where it is no packed file. */
  looksLike: Likeness | null;
  /** `null`: damaged. */
  header: (Header & { bytes: number }) | null;
  footer: (Omit<Footer, "chunks"> & { bytes: number; chunks: number }) | null;
  /** Those that can be found. */
  chunks: InspectedChunk[];
  /** Where the model is, for people. */
  modelIs: string | null;
  /** Bits of the file per byte of the original; `null` where that is not known. */
  bitsPerByte: number | null;
  faults: string[];
  isWhole: boolean;
  /** A newer version packed it, in a way that this one does not know. */
  isNewer: boolean;
}

/** @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE */
export async function inspectSource(source: Source): Promise<Inspection> {
  await using packed = await openPackedSource(source);
  const about = { input: source.file, bytes: packed.size };
  const looksLike = likenessOf(await packed.read(0, LIKENESS_BYTES));
  if (looksLike !== null)
    return {
      ...about,
      looksLike,
      header: null,
      footer: null,
      chunks: [],
      modelIs: null,
      bitsPerByte: null,
      faults: [`It is no packed file, but looks like ${looksLike.what}`],
      isWhole: false,
      isNewer: false,
    };
  return { ...about, looksLike, ...(await partsOf(packed)) };
}

async function partsOf(packed: PackedSource): Promise<Omit<Inspection, "input" | "bytes" | "looksLike">> {
  const faults: string[] = [];
  let isNewer = false;
  const head = await readHeader(packed).catch((error: unknown) => {
    isNewer = SurprisalError.isInstance(error) && error.code === "PACKED_UNSUPPORTED";
    return noting(faults, packed.name)(error);
  });
  const end = await readFooter(packed).catch(noting(faults, packed.name));
  const chunks: InspectedChunk[] = [];
  for await (const { chunk, packed: bytes } of findChunks(packed, head?.size ?? null)) {
    if (bytes === undefined) continue; // listed, and not to be found: said below
    if (bytes === null) await readPacked(packed, chunk).catch(noting(faults, packed.name));
    chunks.push({
      ...chunk,
      bitsPerByte: bitsPer(chunk.packedLength, chunk.length),
      isWhole: bytes !== null,
    });
  }
  if (head && faults.length === 0 && end) faults.push(...(await faultsOfOrder(packed, head.size, end)));
  const lost = (end?.footer.chunks ?? []).flatMap((_, i) =>
    chunks.some(({ index }) => index === i) ? [] : [i + 1],
  );
  if (lost.length > 0)
    faults.push(
      `${lost.length === 1 ? "Chunk" : "Chunks"} ${lost.join(", ")}: not to be found, the beginning is damaged or lost`,
    );
  const { footer, at } = end ?? { footer: null, at: packed.size };
  return {
    header: head && { ...head.header, bytes: head.size },
    footer: footer && { ...footer, chunks: footer.chunks.length, bytes: packed.size - at },
    chunks,
    modelIs: head?.header.model ? whereabouts(head.header.model.sha256) : null,
    bitsPerByte: footer && bitsPer(packed.size, footer.length),
    faults,
    isWhole: faults.length === 0,
    isNewer,
  };
}

/** Chunks in their order, as whoever unpacks reads them: they are those that the footer lists, and end where it begins. */
async function faultsOfOrder(
  packed: PackedSource,
  from: number,
  { footer, at }: Awaited<ReturnType<typeof readFooter>>,
): Promise<string[]> {
  const found: LocatedChunk[] = [];
  try {
    const chunks = readChunks(packed, from);
    for (;;) {
      const { done, value } = await chunks.next();
      if (!done) {
        found.push(value);
        continue;
      }
      const isListed = ({ method, length, packedLength }: LocatedChunk, i: number) => {
        const listed = footer.chunks[i];
        return listed?.method === method && listed.length === length && listed.packedLength === packedLength;
      };
      if (value === at && found.length === footer.chunks.length && found.every(isListed)) return [];
      return ["The chunks are not those that the file's end lists"];
    }
  } catch (error) {
    return [wordsOf(error, packed.name)];
  }
}

/** The fault is kept, and the reading goes on. */
const noting =
  (faults: string[], name: string) =>
  (error: unknown): null => {
    faults.push(wordsOf(error, name));
    return null;
  };

/** What is wrong, and where in the file, whose name everybody knows. */
function wordsOf(error: unknown, name: string): string {
  if (!SurprisalError.isInstance(error)) throw error;
  const where = error.where?.replace(name, "").replace(/^, /, "");
  return where ? `${error.what} (${where})` : error.what;
}
