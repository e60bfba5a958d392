/**
 * The numbers of single tokens, as they come: frames in one file, one after the other. The journal says where each
 * begins, and has its checksum; what lies behind the last one it knows was broken off and is cut away.
 *
 * A frame, little-endian: uint32 document, uint32 start (index of its first token), uint32 m (tokens), uint32 b (bytes of
 * text), [m] float64 ln p, [m] float64 entropy, [m+1] uint32 byte offsets in the document, [m] int32 id, [m] int32 rank,
 * [b] text, zeros up to a multiple of 8.
 */
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { checksumOf } from "./checksum.ts";
import { appendWhole, runUnwritable } from "./files.ts";

/** Where a frame of the token log begins and ends, bytes, and its checksum, which older versions did not write. */
export type FrameLocation =
  | readonly [at: number, end: number]
  | readonly [at: number, end: number, check: string];

export interface TokenFrame {
  documentIndex: number;
  /** Index of the first token in its document. */
  start: number;
  /** [m] ln p, nats; NaN = missing. */
  logprobs: Float64Array;
  /** [m] nats; NaN = missing. */
  entropies: Float64Array;
  /** [m+1] offsets into the document's UTF-8 bytes. */
  byteOffsets: Uint32Array;
  /** [m] */
  ids: Int32Array;
  /** [m] 0 = missing. */
  ranks: Int32Array;
  /** UTF-8 bytes of these tokens. */
  text: Uint8Array;
}

const HEADER = 16; // bytes

export class TokenLog {
  readonly #file: string;
  readonly #descriptor: number;
  #end: number;

  /** @param end what lies behind it is cut away. */
  constructor(file: string, end: number) {
    this.#file = file;
    try {
      this.#descriptor = openSync(file, "a+");
      this.#end = Math.min(end, fstatSync(this.#descriptor).size);
      ftruncateSync(this.#descriptor, this.#end);
    } catch (error) {
      throw runUnwritable(error, file);
    }
  }

  /** One past the last frame, bytes. */
  get end(): number {
    return this.#end;
  }

  /** @returns where the frame is. @throws SurprisalError DISK_FULL, FILE_UNWRITABLE */
  append(frame: TokenFrame): FrameLocation {
    const at = this.#end;
    const bytes = encode(frame);
    appendWhole(this.#file, this.#descriptor, bytes, at);
    this.#end += bytes.length;
    return [at, this.#end, checksumOf(bytes)];
  }

  /** All frames are on the disk when this returns. @throws SurprisalError DISK_FULL, FILE_UNWRITABLE */
  sync(): void {
    try {
      fdatasyncSync(this.#descriptor);
    } catch (error) {
      throw runUnwritable(error, this.#file);
    }
  }

  /** The frame at a place; `null` where there is none that fits its checksum. */
  read(location: FrameLocation): TokenFrame | null {
    return readFrame(this.#descriptor, location);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The frame at a place of an open file; `null` where there is none that fits its checksum. */
export function readFrame(descriptor: number, [at, end, check]: FrameLocation): TokenFrame | null {
  const length = end - at;
  if (length < HEADER || end > fstatSync(descriptor).size) return null;
  const bytes = new Uint8Array(length); // its own buffer, so that columns are aligned
  for (let done = 0; done < length; ) {
    const read = readSync(descriptor, bytes, done, length - done, at + done);
    if (read === 0) return null;
    done += read;
  }
  if (check !== undefined && checksumOf(bytes) !== check) return null;
  const view = new DataView(bytes.buffer);
  const [documentIndex, start, m, b] = [0, 4, 8, 12].map((offset) => view.getUint32(offset, true));
  if (sizeOf(m!, b!) !== length) return null;
  return { documentIndex: documentIndex!, start: start!, ...columnsOf(bytes, m!, b!) };
}

function sizeOf(m: number, b: number): number {
  return Math.ceil((HEADER + m * (8 + 8 + 4 + 4 + 4) + 4 + b) / 8) * 8;
}

function columnsOf(bytes: Uint8Array<ArrayBuffer>, m: number, b: number) {
  const { buffer } = bytes;
  let at = HEADER;
  const take = (size: number) => {
    at += size;
    return at - size;
  };
  return {
    logprobs: new Float64Array(buffer, take(8 * m), m),
    entropies: new Float64Array(buffer, take(8 * m), m),
    byteOffsets: new Uint32Array(buffer, take(4 * (m + 1)), m + 1),
    ids: new Int32Array(buffer, take(4 * m), m),
    ranks: new Int32Array(buffer, take(4 * m), m),
    text: new Uint8Array(buffer, take(b), b),
  };
}

function encode(frame: TokenFrame): Uint8Array {
  const { documentIndex, start, logprobs, text } = frame;
  const [m, b] = [logprobs.length, text.length];
  const bytes = new Uint8Array(sizeOf(m, b));
  const view = new DataView(bytes.buffer);
  for (const [i, value] of [documentIndex, start, m, b].entries()) view.setUint32(4 * i, value, true);
  const columns = columnsOf(bytes, m, b);
  columns.logprobs.set(logprobs);
  columns.entropies.set(frame.entropies);
  columns.byteOffsets.set(frame.byteOffsets);
  columns.ids.set(frame.ids);
  columns.ranks.set(frame.ranks);
  columns.text.set(text);
  return bytes;
}
