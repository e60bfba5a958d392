/** Any bytes to a packed file, as they come. */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { abortError, invalidArgument } from "../core/index.ts";
import { packageVersion } from "../evaluate/runs/index.ts";
import { packingBytes } from "./bytes/index.ts";
import { crc32c } from "./container/crc32c.ts";
import {
  type ChunkHeader,
  chunkBytes,
  FEATURES,
  footerBytes,
  headerBytes,
  listed,
  type Method,
  MOST_CHUNK,
  PACKED_VERSION,
} from "./container/format.ts";
import type { ModelCoder } from "./model/model-coder.ts";
import { characterStart } from "./model/segments.ts";

/** Options of `pack`. */
export interface PackOptions {
  /** Packs what is text; without one, bytes mode packs everything, and any machine can unpack it. */
  coder?: ModelCoder | undefined;
  /** Bytes of a chunk, 4 KiB ... 16 MiB: what is lost when one is damaged, and what is held in memory. Default 1 MiB. */
  chunkBytes?: number | undefined;
  /** Told after every chunk, and in between. */
  onProgress?: ((progress: PackProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Goes on behind chunks that were packed before: they are compared with the source and not packed again. */
  resume?: readonly ChunkHeader[] | undefined;
}

/** How far it is. */
export interface PackProgress {
  /** Bytes of the original, packed. */
  bytes: number;
  packedBytes: number;
}

/** What was packed. */
export interface PackReport {
  bytes: number;
  packedBytes: number;
  sha256: string;
  chunks: readonly Pick<ChunkHeader, "method" | "length" | "packedLength">[];
}

const DEFAULT_CHUNK = 2 ** 20;
const LEAST_CHUNK = 4096;
/** What quick brotli makes this small nothing else has to try. */
const TINY = 1 / 64;
/** Up to here thorough brotli is tried as well: its dictionary helps with short texts. */
const SHORT = 2 ** 14;
/** Bytes of a chunk that the model tries first. */
const TRIAL = 2 ** 14;

/**
 * Packs bytes. Each chunk is packed by whichever way makes it smallest; the model is only asked where it can win.
 * @returns pieces of the packed file, in their order.
 * @throws SurprisalError INVALID_ARGUMENT, ENGINE_FAILED, OUT_OF_MEMORY, ABORTED; whatever the source throws
 */
export async function* pack(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: PackOptions = {},
): AsyncGenerator<Uint8Array, PackReport, void> {
  const { coder, chunkBytes: size = DEFAULT_CHUNK, signal, onProgress, resume = [] } = options;
  if (!Number.isInteger(size) || size < LEAST_CHUNK || size > MOST_CHUNK)
    throw invalidArgument(
      `${size} bytes are no size of a chunk`,
      "chunkBytes",
      `Give ${LEAST_CHUNK} to ${MOST_CHUNK}.`,
    );
  const header = headerBytes({
    version: PACKED_VERSION,
    features: FEATURES.bytes1 + (coder ? FEATURES.model : 0),
    writer: `surprisal ${packageVersion()}`,
    model: coder?.identity ?? null,
  });
  yield header;
  const hash = createHash("sha256");
  const chunks: ChunkHeader[] = [];
  let [bytes, packedBytes] = [0, header.length];
  for await (const raw of chunksOf(source, size)) {
    if (signal?.aborted) throw abortError("Packing", signal);
    hash.update(raw);
    const known = resume[chunks.length];
    const crc = crc32c(raw);
    if (known) {
      if (known.length !== raw.length || known.crc !== crc)
        throw invalidArgument(
          `The source is not what was packed before: bytes ${bytes}-${bytes + raw.length} differ`,
          "resume",
          "Start afresh, without resume.",
        );
      const { method, length, packedLength, crcPacked } = known;
      chunks.push({ method, length, packedLength, crcPacked, crc });
      packedBytes += chunkBytes(known).length + known.packedLength;
    } else {
      const { method, packed } = await smallest(raw, coder, signal, (done) =>
        onProgress?.({ bytes: bytes + done, packedBytes }),
      );
      const chunk = {
        method,
        length: raw.length,
        packedLength: packed.length,
        crcPacked: crc32c(packed),
        crc,
      };
      const head = chunkBytes(chunk);
      chunks.push(chunk);
      packedBytes += head.length + packed.length;
      yield head;
      yield packed;
    }
    bytes += raw.length;
    onProgress?.({ bytes, packedBytes });
  }
  if (resume.length > chunks.length)
    throw invalidArgument(
      `The source is shorter than what was packed before: it has ${bytes} bytes`,
      "resume",
      "Start afresh, without resume.",
    );
  const sha256 = hash.digest("hex");
  const footer = footerBytes({ chunks: chunks.map(listed), length: bytes, sha256 });
  yield footer;
  return { bytes, packedBytes: packedBytes + footer.length, sha256, chunks };
}

interface Packed {
  method: Method;
  packed: Uint8Array;
}

async function smallest(
  raw: Uint8Array,
  coder: ModelCoder | undefined,
  signal: AbortSignal | undefined,
  onBytes: (done: number) => void,
): Promise<Packed> {
  const quick = await brotli(raw, 5);
  if (quick.length <= raw.length * TINY) return least(raw, { method: "brotli", packed: quick });
  const found: Packed[] = [{ method: "brotli", packed: raw.length <= SHORT ? await brotli(raw, 11) : quick }];
  found.push({ method: "bytes", packed: await bytesMode(raw, signal, coder ? () => {} : onBytes) });
  const best = () => found.reduce((a, b) => (b.packed.length < a.packed.length ? b : a));
  if (coder && (await mayWin(coder, raw, best().packed.length, signal))) {
    const packed = await coder.pack(raw, {
      signal,
      onShare: (share) => onBytes(Math.round(share * raw.length)),
    });
    if (packed) found.push({ method: "model", packed });
  }
  return least(raw, best());
}

const least = (raw: Uint8Array, packed: Packed): Packed =>
  packed.packed.length < raw.length ? packed : { method: "raw", packed: raw };

/** Whether the model does better on the chunk's beginning than what is there does on all of it. */
async function mayWin(
  coder: ModelCoder,
  raw: Uint8Array,
  toBeat: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (raw.length < 4 * TRIAL) return true;
  const trial = raw.subarray(0, characterStart(raw, TRIAL));
  const packed = await coder.pack(trial, { signal });
  return packed !== null && packed.length / trial.length < toBeat / raw.length;
}

async function bytesMode(
  raw: Uint8Array,
  signal: AbortSignal | undefined,
  onBytes: (done: number) => void,
): Promise<Uint8Array> {
  const packing = packingBytes(raw);
  try {
    for (;;) {
      const { done, value } = packing.next();
      if (done) return value;
      if (signal?.aborted) throw abortError("Packing", signal);
      onBytes(value);
      await new Promise((resume) => setImmediate(resume));
    }
  } finally {
    packing.return(raw);
  }
}

const compressed = promisify(brotliCompress);
const brotli = (raw: Uint8Array, quality: number): Promise<Uint8Array> =>
  compressed(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
      [constants.BROTLI_PARAM_LGWIN]: 24,
    },
  });

/** The source in chunks of `size`, or up to 3 bytes less where a character would be torn apart. */
async function* chunksOf(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  let buffer = new Uint8Array(size + 4);
  let length = 0;
  for await (const piece of source)
    for (let at = 0; at < piece.length; ) {
      const count = Math.min(piece.length - at, buffer.length - length);
      buffer.set(piece.subarray(at, at + count), length);
      length += count;
      at += count;
      if (length < buffer.length) continue;
      const cut = characterStart(buffer, size);
      yield buffer.subarray(0, cut);
      const rest = buffer.subarray(cut, length);
      buffer = new Uint8Array(size + 4);
      buffer.set(rest);
      length = rest.length;
    }
  // What is left may be a little longer than a chunk.
  const cut = length > size ? characterStart(buffer, size) : length;
  if (cut > 0) yield buffer.subarray(0, cut);
  if (cut < length) yield buffer.subarray(cut, length);
}
