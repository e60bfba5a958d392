/** Numbers, texts and bytes laid one behind the other, and read again with every length checked. */
import { SurprisalError } from "../../core/index.ts";

/** Writes fields. Numbers are whole, little endian; `varint` takes a byte for every 7 bits. */
export class FieldWriter {
  #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  /** @param value 0 ... 2^53 - 1 */
  varint(value: number): this {
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      if (rest < 128) return this.byte(rest);
      this.byte((rest % 128) + 128);
    }
  }

  byte(value: number): this {
    this.#bytes.push(value);
    return this;
  }

  uint16(value: number): this {
    return this.byte(value & 255).byte(value >>> 8);
  }

  uint32(value: number): this {
    return this.byte(value & 255)
      .byte((value >>> 8) & 255)
      .byte((value >>> 16) & 255)
      .byte(value >>> 24);
  }

  raw(bytes: Uint8Array): this {
    for (const byte of bytes) this.byte(byte);
    return this;
  }

  /** A text with its length in front. */
  text(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.varint(bytes.length).raw(bytes);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Reads what `FieldWriter` wrote. Whatever the bytes are, it ends with a value or a SurprisalError PACKED_DAMAGED. */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #where: string;
  at = 0;

  /** @param where for errors, such as "the header". */
  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#where = where;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  /** @param most largest value that makes sense. */
  varint(most: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.byte();
      value += (byte % 128) * unit;
      if (value > most || unit > 2 ** 49) throw this.damaged("a number is too large");
      if (byte < 128) return value;
    }
  }

  byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw this.damaged("it ends too early");
    this.at++;
    return byte;
  }

  uint16(): number {
    return this.byte() + 256 * this.byte();
  }

  uint32(): number {
    const [a, b, c, d] = this.raw(4) as Uint8Array & [number, number, number, number];
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }

  raw(length: number): Uint8Array {
    if (length > this.left) throw this.damaged("it ends too early");
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  text(most: number): string {
    const bytes = this.raw(this.varint(most));
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw this.damaged("a text in it is no UTF-8");
    }
  }

  damaged(why: string): SurprisalError {
    return new SurprisalError({
      code: "PACKED_DAMAGED",
      what: `The packed file is damaged: ${why}`,
      where: this.#where,
      wayOut:
        "Take another copy of it. What is whole in this one comes out with `surprisal decompress --salvage`.",
    });
  }
}
