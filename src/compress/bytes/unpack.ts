/** And back. */
import { SurprisalError } from "../../core/index.ts";
import {
  ANYTHING,
  BYTES_MODEL_VERSION,
  DISTANCE_BITS,
  damaged,
  FLAGS,
  LENGTH_BITS,
  PIECE,
  requireChunkLength,
  SLICE,
  STORED,
} from "./format.ts";
import { acquire, type BytesInstance, release } from "./instance.ts";
import { PRIMER_LENGTH } from "./primer.ts";

/** Coded bytes that are in the instance at a time; a slice reads a quarter of them at most. */
const WINDOW = 1 << 20;

/**
 * The chunk of `length` bytes that `packBytes` packed. Damaged bytes are found where the code does not fit the length;
 * otherwise what comes out is wrong, so keep a checksum. It always ends.
 * @throws SurprisalError PACKED_DAMAGED; PACKED_UNSUPPORTED for another version of the model; INVALID_ARGUMENT for a length
 * that no chunk has.
 */
export function unpackBytes(packed: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(Number.isInteger(length) && length > 0 ? Math.min(length, 1 << 24) : 0);
  let at = 0;
  for (const part of unpackingBytes(packed, length)) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/**
 * The same with pauses: yields the bytes as they come, up to 32 KiB at a time. A loop over it may be left at any time.
 * @param onBits told of bytes that were read together, mostly one, how many and what they cost, bits. The first byte of all is not in it, nor what
 * ends the code: together below 5 bytes.
 */
export function* unpackingBytes(
  packed: Uint8Array,
  length: number,
  onBits?: (bytes: number, bits: number) => void,
): Generator<Uint8Array, void> {
  requireChunkLength(length);
  const method = methodOf(packed);
  if (method === STORED) {
    if (packed.length !== 1 + length) throw damaged(`store ${packed.length - 1} bytes instead of ${length}`);
    if (length > 0) onBits?.(length, 8 * length);
    for (let at = 0; at < length; at += PIECE) yield packed.slice(1 + at, 1 + Math.min(length, at + PIECE));
    return;
  }
  if (length === 0) throw damaged("have a code for nothing");
  const instance = acquire();
  try {
    yield* new Unpacker(instance, packed, length, method, onBits).run();
  } finally {
    release(instance);
  }
}

function methodOf(packed: Uint8Array): number {
  const first = packed[0];
  if (first === undefined) throw damaged("are empty");
  const version = first >> 4;
  if (version !== BYTES_MODEL_VERSION)
    throw new SurprisalError({
      code: "PACKED_UNSUPPORTED",
      what: `bytes packed in bytes mode are of version ${version} of its model; this program has version ${BYTES_MODEL_VERSION}`,
      wayOut: "unpack them with the version of the program that packed them",
    });
  const method = first & 15;
  if (method > ANYTHING) throw damaged(`name a method that there is not (${method})`);
  return method;
}

class Unpacker {
  readonly #wasm: BytesInstance;
  readonly #packed: Uint8Array;
  readonly #length: number;
  /** Place in `packed` of the first byte of the window. */
  #window = 1;
  #afterCopy = false;
  #distance = 0;
  readonly #onBits: ((bytes: number, bits: number) => void) | undefined;
  /** What was told of so far, bits. */
  #told = 0;

  constructor(
    wasm: BytesInstance,
    packed: Uint8Array,
    length: number,
    method: number,
    onBits: ((bytes: number, bits: number) => void) | undefined,
  ) {
    this.#wasm = wasm;
    this.#onBits = onBits;
    this.#packed = packed;
    this.#length = length;
    this.#fill();
    wasm.setKind(method - 1);
    wasm.beginCoding(true);
    this.#told = this.#coded();
    wasm.goTo(PRIMER_LENGTH);
  }

  *run(): Generator<Uint8Array, void> {
    for (let from = 0; from < this.#length; from += PIECE)
      yield* this.#piece(from, Math.min(this.#length, from + PIECE));
    this.#requireEnd();
  }

  *#piece(from: number, end: number): Generator<Uint8Array, void> {
    const wasm = this.#wasm;
    for (let at = from; at < end; ) {
      if (wasm.codeFlag(this.#afterCopy ? FLAGS.copyAgain : FLAGS.copyFirst, 0) === 0) {
        const n = this.#lengthOf(FLAGS.literalStops, end - at);
        yield* this.#literals(at, n);
        at += n;
      }
      this.#afterCopy = at < end;
      if (at === end) continue;
      const n = this.#lengthOf(FLAGS.copyStops, end - at);
      if (wasm.codeFlag(FLAGS.newDistance, 0) === 1) this.#distance = wasm.codeNumber(0, DISTANCE_BITS) + 1;
      if (this.#distance === 0 || this.#distance > at) throw damaged(`copy from before their beginning`);
      wasm.copyBytes(PRIMER_LENGTH + at, this.#distance, n);
      wasm.passOver(n);
      this.#tell(n);
      yield this.#text(at, n);
      at += n;
      this.#advance();
    }
  }

  *#literals(from: number, n: number): Generator<Uint8Array, void> {
    const wasm = this.#wasm;
    const plain = wasm.codeFlag(FLAGS.plain, 0) === 1;
    if (plain) {
      wasm.codePlain(PRIMER_LENGTH + from, n);
      wasm.passOver(n);
      this.#tell(n);
      this.#advance();
      yield this.#text(from, n);
      return;
    }
    for (let at = from; at < from + n; at += SLICE) {
      const bytes = Math.min(SLICE, from + n - at);
      if (this.#onBits)
        for (let i = 0; i < bytes; i++) {
          wasm.codeModelled(1);
          this.#tell(1);
        }
      else wasm.codeModelled(bytes);
      this.#advance();
      yield this.#text(at, bytes);
    }
  }

  #lengthOf(flag: number, longest: number): number {
    if (this.#wasm.codeFlag(flag, 0) === 0) return longest;
    const length = this.#wasm.codeNumber(0, LENGTH_BITS) + 1;
    if (length >= longest) throw damaged("go beyond a piece");
    return length;
  }

  #text(from: number, n: number): Uint8Array {
    const { memory, TEXT_AT } = this.#wasm;
    return new Uint8Array(memory.buffer, TEXT_AT.value + PRIMER_LENGTH + from, n).slice();
  }

  /** Bits of the code that are decided: of the bytes read 8 each, but for what the range still leaves open. */
  #coded(): number {
    const spread = this.#wasm.codedSpread() >>> 0;
    return 8 * (this.#window + this.#wasm.codedBytes()) - Math.log2(spread + 1);
  }

  #tell(bytes: number): void {
    if (!this.#onBits) return;
    const coded = this.#coded();
    this.#onBits(bytes, coded - this.#told);
    this.#told = coded;
  }

  /** Copies the window's bytes into the instance, and zeros behind the last. */
  #fill(): void {
    const { memory, CODED_AT } = this.#wasm;
    const window = new Uint8Array(memory.buffer, CODED_AT.value, WINDOW);
    const bytes = this.#packed.subarray(this.#window, this.#window + WINDOW);
    window.set(bytes);
    window.fill(0, bytes.length);
  }

  /** Moves the window on when half of it is read. A code that goes far beyond its end is no code of this length. */
  #advance(): void {
    const read = this.#wasm.codedBytes();
    if (this.#window + read > this.#packed.length + 4) throw damaged("end too early");
    if (read < WINDOW / 2) return;
    this.#window += read;
    this.#wasm.continueAt(0);
    this.#fill();
  }

  /** The reader is four bytes ahead of what was needed; the writer ended with four at most. */
  #requireEnd(): void {
    const needed = this.#window + this.#wasm.codedBytes() - 4;
    if (needed > this.#packed.length) throw damaged("end too early");
    if (needed + 4 < this.#packed.length) throw damaged("have bytes behind their end");
  }
}
