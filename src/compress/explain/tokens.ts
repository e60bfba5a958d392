/** Tokens one by one, of the beginning of a text. */
import type { TokenBits } from "./explanation.ts";

/** Grows columns up to a number of bytes of the text. */
export class TokenColumns {
  readonly #most: number;
  readonly #ids: number[] = [];
  readonly #offsets: number[] = [0];
  readonly #surprisal: number[] = [];
  readonly #coded: number[] = [];
  readonly #text: Uint8Array;
  #isFull = false;

  /** @param most bytes: what is over the edge is left out. */
  constructor(most: number) {
    this.#most = most;
    this.#text = new Uint8Array(most);
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** @param id -1: no token. NaN = the bits are not known. */
  add(bytes: Uint8Array, id: number, surprisalBits: number, codedBits: number): void {
    const from = this.#offsets.at(-1)!;
    const end = from + bytes.length;
    this.#isFull ||= end > this.#most;
    if (this.#isFull) return;
    this.#text.set(bytes, from);
    this.#ids.push(id);
    this.#offsets.push(end);
    this.#surprisal.push(surprisalBits);
    this.#coded.push(codedBits);
  }

  result(): { text: Uint8Array; tokens: TokenBits } {
    return {
      text: this.#text.slice(0, this.#offsets.at(-1)),
      tokens: {
        ids: Int32Array.from(this.#ids),
        byteOffsets: Uint32Array.from(this.#offsets),
        surprisalBits: Float64Array.from(this.#surprisal),
        codedBits: Float64Array.from(this.#coded),
      },
    };
  }
}
