/**
 * The packed file. All numbers little endian, `varint` 7 bits a byte, lowest first.
 *
 *     magic      8 bytes
 *     header     uint32 length, fields (see `Header`), uint32 CRC-32C of them
 *     chunks     each: "C", method, varint length, varint packed length, uint32 CRC-32C of the packed bytes, uint32 of the bytes,
 *                low 16 bits of the CRC-32C of all that; then the packed bytes
 *     footer     "E", varint chunks, of each method, length, packed length and those 16 bits, varint length of all, its SHA-256;
 *                uint32 CRC-32C of all that, uint32 its length, 4 bytes of magic
 *
 * It is written from beginning to end and can be read so. What the footer says of the chunks, they say too: either way may be damaged.
 */
import { SurprisalError } from "../../core/index.ts";
import { crc32c } from "./crc32c.ts";
import { FieldReader, FieldWriter } from "./fields.ts";

/** A byte above 127, line ends of two kinds and the end-of-file of DOS: what a transfer as text would change is the first thing. */
export const MAGIC: Uint8Array = Uint8Array.of(0x89, 0x53, 0x55, 0x52, 0x50, 0x0d, 0x0a, 0x1a);
const TAIL = Uint8Array.of(0x53, 0x55, 0x52, 0x45);
const CHUNK = 0x43;
const FOOTER = 0x45;
/** Version of this form. */
export const PACKED_VERSION = 1;
const MOST_HEADER = 2 ** 16;
const MOST_TEXT = 1024;
/** Largest chunk, bytes: bounds the memory of whoever reads. */
export const MOST_CHUNK: number = 2 ** 24;
const MOST_FOOTER = 2 ** 28;
/** Bytes that the footer has for a chunk, at least. */
const LEAST_LISTED = 5;

/** How a chunk is packed, by number. New ones are appended. */
export const METHODS = ["raw", "brotli", "bytes", "model"] as const;
/** One of METHODS. */
export type Method = (typeof METHODS)[number];

/** Bits of `Header.features`: what a reader has to know of. */
export const FEATURES = { model: 1, bytes1: 2 } as const;
const KNOWN_FEATURES = FEATURES.model | FEATURES.bytes1;

/** What chunks of method "model" are packed with; whoever unpacks needs all of it to be the same. */
export interface PackedModel {
  /** For people, such as "mini". */
  name: string;
  /** Of its file, lower-case hex. */
  sha256: string;
  /** Of all its tokens' bytes, the first 16 bytes of their SHA-256, hex. */
  tokenizer: string;
  /** V. */
  vocabularySize: number;
  engine: string;
  /** "kernels avx2 on cpu (haswell)": the build of the CPU code, which decides the last bits. */
  arithmetic: string;
  cacheType: string;
  flashAttention: string;
  threads: number;
  batchSize: number;
  /** Tokens that the model sees at most; once it is full, `keep` of them are read again. */
  context: number;
  keep: number;
  /** Id in front of every text. */
  start: number;
}

/** What stands before the chunks. */
export interface Header {
  version: number;
  features: number;
  /** "surprisal 0.1.0" */
  writer: string;
  /** `null`: no chunk needs one. */
  model: PackedModel | null;
}

/** What a chunk says of itself. */
export interface ChunkHeader {
  method: Method;
  /** Bytes, unpacked and packed. */
  length: number;
  packedLength: number;
  crcPacked: number;
  crc: number;
}

/** What the footer says of a chunk. */
export interface ListedChunk extends Pick<ChunkHeader, "method" | "length" | "packedLength"> {
  /** The 16 bits that end the chunk's header: they tell chunks of the same lengths apart. */
  check: number;
}

/** What stands behind the chunks. */
export interface Footer {
  chunks: readonly ListedChunk[];
  /** Bytes of all, unpacked. */
  length: number;
  /** Lower-case hex. */
  sha256: string;
}

const hexBytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Magic and header. */
export function headerBytes({ version, features, writer, model }: Header): Uint8Array {
  const fields = new FieldWriter()
    .byte(version)
    .varint(features)
    .text(writer)
    .byte(model ? 1 : 0);
  if (model)
    fields
      .text(model.name)
      .raw(hexBytes(model.sha256))
      .raw(hexBytes(model.tokenizer))
      .varint(model.vocabularySize)
      .text(model.engine)
      .text(model.arithmetic)
      .text(model.cacheType)
      .text(model.flashAttention)
      .varint(model.threads)
      .varint(model.batchSize)
      .varint(model.context)
      .varint(model.keep)
      .varint(model.start);
  const bytes = fields.finish();
  return new FieldWriter().raw(MAGIC).uint32(bytes.length).raw(bytes).uint32(crc32c(bytes)).finish();
}

/** Bytes behind the magic that say how long the header is. */
export const HEADER_PREFIX: number = MAGIC.length + 4;

/** Whether a file that begins so is a packed one. */
export const isPacked = (start: Uint8Array): boolean => MAGIC.every((byte, i) => start[i] === byte);

/**
 * Length of magic and header together.
 * @param start the first `HEADER_PREFIX` bytes of a file.
 * @throws SurprisalError PACKED_UNSUPPORTED for what is no packed file, PACKED_DAMAGED
 */
export function headerLength(start: Uint8Array, where: string): number {
  if (!isPacked(start)) throw notPacked(start, where);
  const reader = new FieldReader(start, where);
  reader.raw(MAGIC.length);
  const length = reader.uint32();
  if (length > MOST_HEADER) throw reader.damaged("its header is impossibly long");
  return HEADER_PREFIX + length + 4;
}

/** @throws SurprisalError PACKED_DAMAGED, PACKED_UNSUPPORTED for a newer version */
export function parseHeader(bytes: Uint8Array, where: string): Header {
  const outer = new FieldReader(bytes, where);
  outer.raw(HEADER_PREFIX);
  const inner = outer.raw(Math.max(0, outer.left - 4));
  if (outer.uint32() !== crc32c(inner)) throw outer.damaged("the checksum of its header is another");
  const fields = new FieldReader(inner, `${where}, header`);
  const version = fields.byte();
  if (version === 0) throw fields.damaged("there is no form 0");
  if (version > PACKED_VERSION) throw newer(`form ${version}`, where);
  const features = fields.varint();
  if (features - (features & KNOWN_FEATURES) !== 0) throw newer(`features ${features.toString(2)}`, where);
  const writer = fields.text(MOST_TEXT);
  const model = fields.byte() === 0 ? null : parseModel(fields);
  return { version, features, writer, model };
}

function parseModel(fields: FieldReader): PackedModel {
  return {
    name: fields.text(MOST_TEXT),
    sha256: hex(fields.raw(32)),
    tokenizer: hex(fields.raw(16)),
    vocabularySize: fields.varint(2 ** 29),
    engine: fields.text(MOST_TEXT),
    arithmetic: fields.text(MOST_TEXT),
    cacheType: fields.text(MOST_TEXT),
    flashAttention: fields.text(MOST_TEXT),
    threads: fields.varint(1024),
    batchSize: fields.varint(2 ** 24),
    context: fields.varint(2 ** 24),
    keep: fields.varint(2 ** 24),
    start: fields.varint(2 ** 29),
  };
}

/** What stands before a chunk's packed bytes. */
export function chunkBytes(chunk: ChunkHeader): Uint8Array {
  return uncheckedChunk(chunk).uint16(listed(chunk).check).finish();
}

function uncheckedChunk({ method, length, packedLength, crcPacked, crc }: ChunkHeader): FieldWriter {
  return new FieldWriter()
    .byte(CHUNK)
    .byte(METHODS.indexOf(method))
    .varint(length)
    .varint(packedLength)
    .uint32(crcPacked)
    .uint32(crc);
}

/** What the footer says of a chunk with this header. */
export function listed(chunk: ChunkHeader): ListedChunk {
  const { method, length, packedLength } = chunk;
  return { method, length, packedLength, check: crc32c(uncheckedChunk(chunk).finish()) & 0xffff };
}

/** Whether a chunk is the one that the footer lists. */
export function isListed(chunk: ChunkHeader, entry: ListedChunk): boolean {
  const { method, length, packedLength, check } = listed(chunk);
  return (
    check === entry.check &&
    method === entry.method &&
    length === entry.length &&
    packedLength === entry.packedLength
  );
}

/** Most bytes that `chunkBytes` gives. */
export const MOST_CHUNK_HEADER = 20;
/** Bytes of the largest length in it. */
const MOST_VARINT = 4;

/**
 * @param bytes from the chunk's first on, `MOST_CHUNK_HEADER` or what is left of the file.
 * @returns `null` where the footer begins; `size`: bytes that the chunk's header takes.
 * @throws SurprisalError PACKED_DAMAGED
 */
export function parseChunk(bytes: Uint8Array, where: string): { chunk: ChunkHeader; size: number } | null {
  const fields = new FieldReader(bytes, where);
  const kind = fields.byte();
  if (kind === FOOTER) return null;
  if (kind !== CHUNK) throw fields.damaged("a chunk does not begin where it should");
  const method = METHODS[fields.byte()];
  const length = fields.varint(MOST_CHUNK);
  const packedLength = fields.varint(2 * MOST_CHUNK);
  const [crcPacked, crc] = [fields.uint32(), fields.uint32()];
  const check = crc32c(bytes.subarray(0, fields.at)) & 0xffff;
  if (fields.uint16() !== check) throw fields.damaged("the checksum of a chunk's header is another");
  if (!method) throw newer("another way to pack a chunk", where);
  return { chunk: { method, length, packedLength, crcPacked, crc }, size: fields.at };
}

/**
 * Whether a chunk's header stands at a byte: `parseChunk` without errors, for whoever asks at every byte.
 * @param at the header has to lie wholly within `bytes`.
 */
export function isChunk(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== CHUNK || !(bytes[at + 1]! < METHODS.length)) return false;
  let end = at + 2;
  for (let numbers = 0; numbers < 2; numbers++) {
    const last = end + MOST_VARINT;
    while (bytes[end]! >= 128) if (++end === last) return false;
    end++;
  }
  end += 8;
  const check = crc32c(bytes.subarray(at, end)) & 0xffff;
  return bytes[end] === (check & 255) && bytes[end + 1] === check >> 8;
}

/** What ends the file. */
export function footerBytes({ chunks, length, sha256 }: Footer): Uint8Array {
  const fields = new FieldWriter().byte(FOOTER).varint(chunks.length);
  for (const chunk of chunks)
    fields
      .byte(METHODS.indexOf(chunk.method))
      .varint(chunk.length)
      .varint(chunk.packedLength)
      .uint16(chunk.check);
  const bytes = fields.varint(length).raw(hexBytes(sha256)).finish();
  return new FieldWriter().raw(bytes).uint32(crc32c(bytes)).uint32(bytes.length).raw(TAIL).finish();
}

/** Bytes at the end of a file that say how long the footer is. */
export const FOOTER_SUFFIX: number = 8 + TAIL.length;

/**
 * Length of the footer, all in all.
 * @param end the last `FOOTER_SUFFIX` bytes of a file.
 * @throws SurprisalError PACKED_DAMAGED
 */
export function footerLength(end: Uint8Array, where: string): number {
  const reader = new FieldReader(end, where);
  reader.uint32();
  const length = reader.uint32();
  if (TAIL.some((byte) => reader.byte() !== byte)) throw reader.damaged("its end is missing");
  if (length > MOST_FOOTER) throw reader.damaged("its footer is impossibly long");
  return length + FOOTER_SUFFIX;
}

/** @throws SurprisalError PACKED_DAMAGED */
export function parseFooter(bytes: Uint8Array, where: string): Footer {
  const outer = new FieldReader(bytes, where);
  const inner = outer.raw(Math.max(0, outer.left - FOOTER_SUFFIX));
  if (outer.uint32() !== crc32c(inner)) throw outer.damaged("the checksum of its footer is another");
  const fields = new FieldReader(inner, `${where}, footer`);
  if (fields.byte() !== FOOTER) throw fields.damaged("its footer does not begin where it should");
  const chunks = Array.from({ length: fields.varint(Math.floor(inner.length / LEAST_LISTED)) }, () => {
    const method = METHODS[fields.byte()];
    if (!method) throw newer("another way to pack a chunk", where);
    const [length, packedLength] = [fields.varint(MOST_CHUNK), fields.varint(2 * MOST_CHUNK)];
    return { method, length, packedLength, check: fields.uint16() };
  });
  return { chunks, length: fields.varint(), sha256: hex(fields.raw(32)) };
}

const newer = (what: string, where: string): SurprisalError =>
  new SurprisalError({
    code: "PACKED_UNSUPPORTED",
    what: `The file was packed by a newer version of surprisal (${what})`,
    where,
    wayOut: "Update surprisal.",
  });

/** What other tools' files begin with, for whoever mixed them up. */
const OTHERS: readonly [string, string, readonly number[]][] = [
  ["gzip", "gunzip", [0x1f, 0x8b]],
  ["zstd", "zstd -d", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", "xz -d", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["bzip2", "bzip2 -d", [0x42, 0x5a, 0x68]],
  ["zip", "unzip", [0x50, 0x4b, 0x03, 0x04]],
  ["GGUF, a model", "surprisal models", [0x47, 0x47, 0x55, 0x46]],
];

function notPacked(start: Uint8Array, where: string): SurprisalError {
  const other = OTHERS.find(([, , magic]) => magic.every((byte, i) => start[i] === byte));
  return new SurprisalError({
    code: "PACKED_UNSUPPORTED",
    what:
      start.length === 0
        ? "The file is empty"
        : `This is no file that surprisal packed${other ? `: it is ${other[0]}` : ""}`,
    where,
    wayOut: other ? `Use \`${other[1]}\`.` : "Give a file that `surprisal compress` wrote.",
  });
}
