/** From bytes to fewer. */
import {
  ANYTHING,
  BYTES_MODEL_VERSION,
  DISTANCE_BITS,
  FLAGS,
  LENGTH_BITS,
  PIECE,
  requireChunkLength,
  SHORTEST_NOISE,
  SLICE,
  STORED,
  TEXT,
} from "./format.ts";
import { acquire, type BytesInstance, release } from "./instance.ts";
import { PRIMER_LENGTH } from "./primer.ts";

/**
 * Packs one chunk of any bytes, 0 ... 16 MiB; the same bytes on every machine. At most one byte more than the chunk.
 * Takes 64 MiB while it runs. @throws SurprisalError INVALID_ARGUMENT for a longer chunk.
 */
export function packBytes(data: Uint8Array): Uint8Array {
  const packing = packingBytes(data);
  for (;;) {
    const { done, value } = packing.next();
    if (done) return value;
  }
}

/**
 * The same with pauses: yields how many bytes are packed, at least every 8 KiB, and returns the packed bytes. Whoever stops
 * early calls `return()`. Any number may be under way at once; `data` must not change meanwhile.
 */
export function* packingBytes(data: Uint8Array): Generator<number, Uint8Array> {
  requireChunkLength(data.length);
  if (data.length === 0) return stored(data);
  const instance = acquire();
  try {
    const packer = new Packer(instance, data);
    yield* packer.run();
    return packer.result();
  } finally {
    release(instance);
  }
}

class Packer {
  readonly #wasm: BytesInstance;
  readonly #data: Uint8Array;
  readonly #method: number;
  readonly #parts: Uint8Array[] = [];
  #packed = 1;
  #afterCopy = false;
  #distance = 0;

  constructor(wasm: BytesInstance, data: Uint8Array) {
    this.#wasm = wasm;
    this.#data = data;
    this.#method = methodFor(data);
    new Uint8Array(wasm.memory.buffer).set(data, wasm.TEXT_AT.value + PRIMER_LENGTH);
    wasm.setKind(this.#method - 1);
    wasm.beginCoding(false);
    wasm.forgetCopies(PRIMER_LENGTH);
    wasm.goTo(PRIMER_LENGTH);
  }

  /** Yields bytes done. */
  *run(): Generator<number, void> {
    const { length } = this.#data;
    for (let from = 0; from < length && this.#packed <= length; from += PIECE)
      yield* this.#piece(from, Math.min(length, from + PIECE));
    this.#wasm.endCoding();
    this.#take();
  }

  result(): Uint8Array {
    if (this.#packed > this.#data.length) return stored(this.#data);
    const result = new Uint8Array(this.#packed);
    result[0] = BYTES_MODEL_VERSION * 16 + this.#method;
    let at = 1;
    for (const part of this.#parts) {
      result.set(part, at);
      at += part.length;
    }
    return result;
  }

  *#piece(from: number, end: number): Generator<number, void> {
    const wasm = this.#wasm;
    for (let at = from; at < end; ) {
      const copyAt = wasm.findCopy(PRIMER_LENGTH, PRIMER_LENGTH + at, PRIMER_LENGTH + end) - PRIMER_LENGTH;
      wasm.codeFlag(this.#afterCopy ? FLAGS.copyAgain : FLAGS.copyFirst, copyAt === at ? 1 : 0);
      if (copyAt > at) yield* this.#literals(at, copyAt, end);
      at = copyAt;
      this.#afterCopy = copyAt < end;
      if (copyAt === end) continue;
      this.#copy(wasm.copyLength.value, wasm.copyDistance.value, end - copyAt);
      at += wasm.copyLength.value;
      yield at;
    }
    this.#take();
  }

  *#literals(from: number, to: number, end: number): Generator<number, void> {
    const wasm = this.#wasm;
    this.#length(FLAGS.literalStops, to - from, end - from);
    const place = PRIMER_LENGTH + from;
    const plain = to - from >= SHORTEST_NOISE && wasm.looksRandom(place, to - from) !== 0;
    wasm.codeFlag(FLAGS.plain, plain ? 1 : 0);
    if (plain) {
      wasm.codePlain(place, to - from);
      wasm.passOver(to - from);
      yield to;
      return;
    }
    for (let at = from; at < to; at += SLICE) {
      const end = Math.min(to, at + SLICE);
      wasm.codeModelled(end - at);
      this.#take();
      yield end;
    }
  }

  #copy(length: number, distance: number, longest: number): void {
    const wasm = this.#wasm;
    this.#length(FLAGS.copyStops, length, longest);
    wasm.codeFlag(FLAGS.newDistance, distance === this.#distance ? 0 : 1);
    if (distance !== this.#distance) wasm.codeNumber(distance - 1, DISTANCE_BITS);
    this.#distance = distance;
    wasm.passOver(length);
  }

  #length(flag: number, length: number, longest: number): void {
    this.#wasm.codeFlag(flag, length < longest ? 1 : 0);
    if (length < longest) this.#wasm.codeNumber(length - 1, LENGTH_BITS);
  }

  /** Takes what is coded out of the instance. */
  #take(): void {
    const wasm = this.#wasm;
    const from = wasm.CODED_AT.value;
    const part = new Uint8Array(wasm.memory.buffer, from, wasm.codedBytes()).slice();
    this.#parts.push(part);
    this.#packed += part.length;
    wasm.continueAt(0);
  }
}

function stored(data: Uint8Array): Uint8Array {
  const result = new Uint8Array(1 + data.length);
  result[0] = BYTES_MODEL_VERSION * 16 + STORED;
  result.set(data, 1);
  return result;
}

/** Text, unless more than one byte in 64 is a control character that texts do not have. */
function methodFor(data: Uint8Array): number {
  let control = 0;
  for (const byte of data) if (byte < 32 && (byte < 9 || byte > 13)) control++;
  return control * 64 > data.length ? ANYTHING : TEXT;
}
