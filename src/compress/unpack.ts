/** A packed file back to its bytes; or what of it is whole. */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { abortError, SurprisalError } from "../core/index.ts";
import { unpackingBytes } from "./bytes/index.ts";
import { crc32c } from "./container/crc32c.ts";
import { findChunks } from "./container/find.ts";
import { type Header, isListed, isPacked, MAGIC, type PackedModel } from "./container/format.ts";
import {
  type LocatedChunk,
  type PackedSource,
  readChunks,
  readFooter,
  readHeader,
  readPacked,
} from "./container/read.ts";
import { checkSameModel, type ModelCoder } from "./model/model-coder.ts";

/** Options of `unpack` and `salvage`. */
export interface UnpackOptions {
  /**
   * Opens the model that chunks were packed with. Asked for once, when the first such chunk comes; what it gives is compared with what it is asked for.
   * @throws SurprisalError where it cannot be had
   */
  coderFor?: ((model: PackedModel) => Promise<ModelCoder>) | undefined;
  /** Told how many bytes of the original are done, of how many; `null` = not known. */
  onProgress?: ((progress: { bytes: number; total: number | null }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What was unpacked. */
export interface UnpackReport {
  bytes: number;
  sha256: string;
  chunks: number;
}

/**
 * Unpacks a file, chunk by chunk. Whoever writes what comes keeps it only once this has ended without an error: the last thing compared is the
 * SHA-256 of everything.
 * @throws SurprisalError PACKED_UNSUPPORTED, PACKED_DAMAGED, ENVIRONMENT_DIFFERS, ABORTED
 */
export async function* unpack(
  source: PackedSource,
  options: UnpackOptions = {},
): AsyncGenerator<Uint8Array, UnpackReport, void> {
  const { header, size } = await readHeader(source);
  const { footer, at: footerAt } = await readFooter(source);
  const unpacker = new Unpacker(source, header.model, options, footer.length);
  const hash = createHash("sha256");
  const located = readChunks(source, size);
  let [bytes, chunks] = [0, 0];
  for (;;) {
    const next = await located.next();
    if (next.done) {
      if (next.value !== footerAt || chunks !== footer.chunks.length || bytes !== footer.length)
        throw damaged(
          `It holds ${chunks} chunks of ${bytes} bytes, and its footer says ${footer.chunks.length} of ${footer.length}`,
          source.name,
        );
      break;
    }
    const entry = footer.chunks[chunks];
    if (entry && !isListed(next.value, entry))
      throw damaged(
        "A chunk is not the one that the footer lists there: it was moved, doubled or changed",
        `${source.name}, chunk ${chunks + 1}`,
      );
    const raw = await unpacker.chunk(next.value);
    hash.update(raw);
    bytes += raw.length;
    chunks++;
    yield raw;
  }
  const sha256 = hash.digest("hex");
  if (sha256 !== footer.sha256) throw damaged("The SHA-256 of what came out is another", source.name);
  return { bytes, sha256, chunks };
}

/** Options of `salvage`. */
export interface SalvageOptions extends UnpackOptions {
  /** Asked for where the header is damaged, so that it names no model: what it unpacks is kept where the chunk's checksum says that it is right. */
  coderWithoutHeader?: (() => Promise<ModelCoder>) | undefined;
}

/** A chunk of a damaged file. */
export type Salvaged =
  | { index: number; start: number; bytes: Uint8Array; error: null }
  | { index: number; start: number; bytes: null; error: unknown };

/**
 * Chunks that are whole, of a file that is damaged, as they lie in it; then the others with what is wrong with them. `start`, the byte of the
 * original, is known only where the file's end or all chunks before are whole; else it counts what was found.
 * @throws SurprisalError PACKED_UNSUPPORTED for what is no packed file, or of a newer version
 */
export async function* salvage(source: PackedSource, options: SalvageOptions = {}): AsyncGenerator<Salvaged> {
  const { header, size, error } = await headerOf(source);
  const unpacker = new Unpacker(source, header?.model ?? null, options, null, options.coderWithoutHeader);
  let found = false;
  for await (const { chunk, packed } of findChunks(source, size)) {
    found = true;
    const { index, start } = chunk;
    const where = `${source.name}, chunk ${index + 1}, bytes ${start}-${start + chunk.length} of the original`;
    try {
      if (!packed) throw damaged("A chunk is damaged or missing", where);
      yield { index, start, bytes: await unpacker.chunk(chunk, packed), error: null };
    } catch (error) {
      if (options.signal?.aborted) throw error;
      yield { index, start, bytes: null, error };
    }
  }
  if (!found && error?.code === "PACKED_UNSUPPORTED") throw error;
}

/** The header; or where to look for chunks without it, and what is wrong with it. */
async function headerOf(
  source: PackedSource,
): Promise<{ header: Header | null; size: number | null; error: SurprisalError | null }> {
  try {
    return { ...(await readHeader(source)), error: null };
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    const isNewer = error.code === "PACKED_UNSUPPORTED" && isPacked(await source.read(0, MAGIC.length));
    if (isNewer) throw error;
    return { header: null, size: null, error };
  }
}

class Unpacker {
  readonly #source: PackedSource;
  readonly #model: PackedModel | null;
  readonly #options: UnpackOptions;
  readonly #total: number | null;
  readonly #unnamed: (() => Promise<ModelCoder>) | undefined;
  #coder: Promise<ModelCoder> | null = null;

  /** @param unnamed what to try where the header names no model. */
  constructor(
    source: PackedSource,
    model: PackedModel | null,
    options: UnpackOptions,
    total: number | null,
    unnamed?: () => Promise<ModelCoder>,
  ) {
    this.#unnamed = unnamed;
    this.#source = source;
    this.#model = model;
    this.#options = options;
    this.#total = total;
  }

  /** @param known its packed bytes, where they are read already. */
  async chunk(chunk: LocatedChunk, known?: Uint8Array): Promise<Uint8Array> {
    const { signal, onProgress } = this.#options;
    if (signal?.aborted) throw abortError("Unpacking", signal);
    const where = `${this.#source.name}, chunk ${chunk.index + 1}`;
    const packed = known ?? (await readPacked(this.#source, chunk));
    const told = (bytes: number) => onProgress?.({ bytes: chunk.start + bytes, total: this.#total });
    const raw = await this.#byMethod(chunk, packed, where, told).catch((error: unknown) => {
      throw SurprisalError.isInstance(error) && !error.where?.includes(where)
        ? error.at(error.where ? `${where}, ${error.where}` : where)
        : error;
    });
    if (raw.length !== chunk.length || crc32c(raw) !== chunk.crc)
      throw chunk.method === "model"
        ? new SurprisalError({
            code: "ENVIRONMENT_DIFFERS",
            what: "What came out of a chunk is not what was packed: the model computes something else here",
            where,
            wayOut:
              "Unpack it with the same version of surprisal on a machine of the same kind; `surprisal inspect` says which that was.",
          })
        : damaged("What came out of a chunk is not what was packed", where);
    told(raw.length);
    return raw;
  }

  async #byMethod(
    { method, length }: LocatedChunk,
    packed: Uint8Array,
    where: string,
    told: (bytes: number) => void,
  ): Promise<Uint8Array> {
    const { signal } = this.#options;
    if (method === "raw") return packed;
    if (method === "brotli")
      return inflated(packed, { maxOutputLength: Math.max(1, length) }).catch((cause: unknown) => {
        throw damaged(`brotli cannot read it: ${String((cause as Error).message)}`, where);
      });
    if (method === "bytes") return bytesMode(packed, length, signal, told);
    this.#coder ??= this.#open(where);
    const coder = await this.#coder;
    return coder.unpack(packed, length, { signal, onShare: (share) => told(Math.round(share * length)) });
  }

  async #open(where: string): Promise<ModelCoder> {
    const { coderFor } = this.#options;
    const model = this.#model;
    if (!model && this.#unnamed) return this.#unnamed();
    if (!model) throw damaged("A chunk needs a model, and the header names none", where);
    if (!coderFor)
      throw new SurprisalError({
        code: "UNSUPPORTED_CAPABILITY",
        what: `The file was packed with the model ${model.name} (sha256 ${model.sha256})`,
        where,
        wayOut: "Give that model.",
      });
    const coder = await coderFor(model);
    checkSameModel(model, coder.identity);
    return coder;
  }
}

async function bytesMode(
  packed: Uint8Array,
  length: number,
  signal: AbortSignal | undefined,
  told: (bytes: number) => void,
): Promise<Uint8Array> {
  const raw = new Uint8Array(length);
  let at = 0;
  for (const piece of unpackingBytes(packed, length)) {
    if (signal?.aborted) throw abortError("Unpacking", signal);
    raw.set(piece, at);
    at += piece.length;
    told(at);
    await new Promise((resume) => setImmediate(resume));
  }
  return raw;
}

const inflated = promisify(brotliDecompress);

const damaged = (what: string, where: string): SurprisalError =>
  new SurprisalError({
    code: "PACKED_DAMAGED",
    what,
    where,
    wayOut:
      "Take another copy of it. What is whole in this one comes out with `surprisal decompress --salvage`.",
  });
