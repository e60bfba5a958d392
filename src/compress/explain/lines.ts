/** What each line of a text cost, as its tokens come. */
import type { BitSums, LineBits } from "./explanation.ts";

const MOST_COSTLIEST = 20;
const SHORTEST_COSTLIEST = 8;
/** Of a line that is shown, bytes. */
const SHOWN = 240;
const NEWLINE = 0x0a;

/** Counts lines. Give it everything in order: `begin` for a token, or for bytes of an unknown cost. */
export class LineTally {
  /** Those that begin before `detailBytes`. */
  readonly first: LineBits[] = [];
  readonly costliest: LineBits[] = [];
  lines = 0;
  readonly #detailBytes: number;
  #line: LineBits;
  #text: number[] = [];
  #at = 0;

  constructor(detailBytes: number) {
    this.#detailBytes = detailBytes;
    this.#line = this.#fresh();
  }

  /**
   * @param bytes of the original.
   * @param cost what they cost, where it is known: of a token, or of a byte.
   */
  add(bytes: Uint8Array, cost: BitSums | null): void {
    if (cost) {
      this.#line.tokens += cost.tokens;
      this.#line.surprisalBits += cost.surprisalBits;
      this.#line.codedBits += cost.codedBits;
    }
    for (const byte of bytes) {
      this.#line.bytes++;
      if (!cost) this.#line.unknownBytes++;
      if (this.#text.length < SHOWN && byte !== NEWLINE) this.#text.push(byte);
      this.#at++;
      if (byte === NEWLINE) this.#close();
    }
  }

  /** Behind the last byte: what stands there without a line break is a line as well. */
  end(): void {
    if (this.#line.bytes > 0) this.#close();
  }

  #fresh(): LineBits {
    return {
      line: this.lines + 1,
      start: this.#at,
      text: "",
      tokens: 0,
      bytes: 0,
      surprisalBits: 0,
      codedBits: 0,
      unknownBytes: 0,
    };
  }

  #close(): void {
    const line = this.#line;
    this.lines++;
    const isFirst = line.start < this.#detailBytes;
    const least = this.costliest.at(-1);
    const isCostly =
      line.bytes >= SHORTEST_COSTLIEST &&
      line.unknownBytes === 0 &&
      (this.costliest.length < MOST_COSTLIEST || line.codedBits > least!.codedBits);
    if (isFirst || isCostly) line.text = new TextDecoder().decode(Uint8Array.from(this.#text)).trimEnd();
    if (isFirst) this.first.push(line);
    if (isCostly) {
      this.costliest.push(line);
      this.costliest.sort((a, b) => b.codedBits - a.codedBits || a.line - b.line);
      if (this.costliest.length > MOST_COSTLIEST) this.costliest.pop();
    }
    this.#text = [];
    this.#line = this.#fresh();
  }
}
