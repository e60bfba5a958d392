/**
 * The numbers of single tokens, as they come: frames in one file, one after the other. The journal says where each
 * begins; what lies behind the last one it knows was broken off and is cut away.
 *
 * A frame, little-endian: uint32 document, uint32 start (index of its first token), uint32 m (tokens), uint32 b (bytes of
 * text), [m] float64 ln p, [m] float64 entropy, [m+1] uint32 byte offsets in the document, [m] int32 id, [m] int32 rank,
 * [b] text, zeros up to a multiple of 8.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { appendWhole, runUnwritable } from "./files.ts";

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

  /** @returns where the frame begins. @throws SurprisalError DISK_FULL, FILE_UNWRITABLE */
  append(frame: TokenFrame): number {
    const at = this.#end;
    const bytes = encode(frame);
    appendWhole(this.#file, this.#descriptor, bytes, at);
    this.#end += bytes.length;
    return at;
  }

  /** The frame that begins at an offset; `null` where the log ends before it does. */
  read(at: number): TokenFrame | null {
    if (at + HEADER > this.#end) return null;
    const head = this.#bytes(at, HEADER);
    const view = new DataView(head.buffer, head.byteOffset, HEADER);
    const [documentIndex, start, m, b] = [0, 4, 8, 12].map((offset) => view.getUint32(offset, true));
    const size = sizeOf(m!, b!);
    if (at + size > this.#end) return null;
    return { documentIndex: documentIndex!, start: start!, ...columnsOf(this.#bytes(at, size), m!, b!) };
  }

  #bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length); // its own buffer, so that columns are aligned
    readSync(this.#descriptor, bytes, 0, length, at);
    return bytes;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
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
