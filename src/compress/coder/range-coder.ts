/**
 * Range coding (Martin 1979) with carry propagation: symbols as intervals of whole numbers, to bytes and back. The state has 48 bits, so that
 * plain numbers hold it exactly; totals of up to 2^31 leave at least 9 bits of range for each count, which costs less than 0.001 bits a symbol,
 * and 2e-5 on the average.
 */
const TOP = 2 ** 48;
/** A byte goes out as soon as the range is below: then it is decided, but for a carry. */
const BOTTOM = 2 ** 40;
/** Writes symbols; `finish` gives the bytes. */
export class RangeEncoder {
  #low = 0;
  #range = TOP;
  #bytes = new Uint8Array(1024);
  #length = 0;

  /**
   * Codes the interval [from, from + size) of `total`: ln(total / size) nats.
   * @param total 1 ... 2^32. `from` and `size` whole numbers within it, `size` at least 1.
   */
  encode(from: number, size: number, total: number): void {
    const unit = Math.floor(this.#range / total);
    this.#low += from * unit;
    // What is left over by the division belongs to the last symbol.
    this.#range = from + size === total ? this.#range - from * unit : size * unit;
    if (this.#low >= TOP) {
      this.#low -= TOP;
      this.#carry();
    }
    while (this.#range < BOTTOM) {
      this.#put(Math.floor(this.#low / BOTTOM));
      this.#low = (this.#low % BOTTOM) * 256;
      this.#range *= 256;
    }
  }

  /**
   * The bytes: as few as tell the last interval from its neighbours, of which zeros at the end are left out, for the decoder reads them there. What
   * went out before stays, also where a carry made it zeros: so the decoder is never more than six bytes beyond the end.
   */
  finish(): Uint8Array {
    const decided = this.#length;
    // The number within [low, low + range) that has most zeros at its end.
    let value = this.#low;
    for (let unit = TOP / 2; unit >= 1; unit /= 2) {
      const candidate = Math.ceil(this.#low / unit) * unit;
      if (candidate < this.#low + this.#range) {
        value = candidate;
        break;
      }
    }
    if (value >= TOP) {
      value -= TOP;
      this.#carry();
    }
    for (; value > 0; value = (value % BOTTOM) * 256) this.#put(Math.floor(value / BOTTOM));
    while (this.#length > decided && this.#bytes[this.#length - 1] === 0) this.#length--;
    return this.#bytes.slice(0, this.#length);
  }

  #put(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }

  /** Adds 1 to the number that the bytes are; it never runs over, for the number is below 1 as a fraction. */
  #carry(): void {
    let i = this.#length - 1;
    while (this.#bytes[i] === 255) this.#bytes[i--] = 0;
    this.#bytes[i]! += 1;
  }
}

/** Reads what `RangeEncoder` wrote, given the same totals. Any bytes can be read: wrong ones give wrong symbols. */
export class RangeDecoder {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** The number that was written, less the low end of the interval. */
  #offset = 0;
  #range = TOP;
  #total = 1;
  #unit = 1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let i = 0; i < 6; i++) this.#offset = this.#offset * 256 + this.#next();
  }

  /** A place 0 ... total - 1 within the interval of the next symbol. `take` goes on. */
  place(total: number): number {
    this.#total = total;
    this.#unit = Math.floor(this.#range / total);
    return Math.min(Math.floor(this.#offset / this.#unit), total - 1);
  }

  /** Goes on behind the symbol whose interval `place` lies in. */
  take(from: number, size: number): void {
    this.#offset -= from * this.#unit;
    this.#range = from + size === this.#total ? this.#range - from * this.#unit : size * this.#unit;
    if (this.#offset >= this.#range) this.#offset = this.#range - 1; // bytes that no encoder wrote
    while (this.#range < BOTTOM) {
      this.#offset = this.#offset * 256 + this.#next();
      this.#range *= 256;
    }
  }

  /** Bytes read beyond the end, of which the encoder leaves zeros out: more than six are a sign of wrong bytes. */
  get beyondEnd(): number {
    return Math.max(0, this.#at - this.#bytes.length);
  }

  #next(): number {
    return this.#bytes[this.#at++] ?? 0;
  }
}
