/**
 * A line of a journal with its checksums, in the last entry: `"check":"SELF LINK"`. SELF is that of the line and of the run
 * it is of, LINK that of the LINK before and of SELF: a line that was changed does not fit its SELF, and where one was taken
 * out, is there twice or stands elsewhere, the LINK does not fit.
 */
import { type ChainPosition, type Checksum, checksumOf } from "./checksum.ts";

const CHECK = /,"check":"([0-9a-f]{16}) ([0-9a-f]{16})"(\}\]?)$/;
const END = /\}\]?$/;

/** A line taken apart. */
export interface SealedLine {
  /** Without its checksums: JSON of an entry, or of a list. */
  body: string;
  self: Checksum;
  link: Checksum;
}

/** `null`: it has no checksum, as lines of older versions. */
export function takeApart(line: string): SealedLine | null {
  const found = CHECK.exec(line);
  if (!found) return null;
  return { body: line.slice(0, found.index) + found[3]!, self: found[1]!, link: found[2]! };
}

/** Checks lines in their order, and makes the next. */
export class LineChain {
  readonly #seed: string;
  lines = 0;
  #link: Checksum;

  /** @param seed of the run: see `journalSeed`. */
  constructor(seed: string) {
    this.#seed = seed;
    this.#link = checksumOf(seed);
  }

  get position(): ChainPosition {
    return { lines: this.lines, link: this.#link };
  }

  /** The next line, without its newline. */
  seal(body: string): string {
    const self = this.#selfOf(body);
    this.#follow(self);
    return body.replace(END, (end) => `,"check":"${self} ${this.#link}"${end}`);
  }

  /** Whether a line is as it was written, whatever stands before it. */
  isWhole({ body, self }: SealedLine): boolean {
    return this.#selfOf(body) === self;
  }

  /** Whether it follows on the last one. Then it is the last one. */
  follows({ self, link }: SealedLine): boolean {
    if (checksumOf(this.#link, self) !== link) return false;
    this.#follow(self);
    return true;
  }

  /** Takes another line for the last one. */
  moveTo({ lines, link }: ChainPosition): void {
    this.lines = lines;
    this.#link = link;
  }

  /** A line of an older version: nothing can be said of it. */
  skip(): void {
    this.lines++;
  }

  #selfOf(body: string): Checksum {
    return checksumOf(this.#seed, "\n", body);
  }

  #follow(self: Checksum): void {
    this.lines++;
    this.#link = checksumOf(this.#link, self);
  }
}
