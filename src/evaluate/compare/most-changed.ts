/** The places where two models differ most, with the text around them. */

/** Text kept on either side, bytes. */
const CONTEXT_BYTES = 160;

/** A stretch of a document. */
export interface Place {
  /** Name of the document. */
  document: string;
  /** First byte of it, in the document's UTF-8. */
  start: number;
  /** Byte after the last. */
  end: number;
  /** What stands there; bytes that are not UTF-8 on their own appear as U+FFFD. */
  text: string;
  /** Some of the text before it and after it. */
  before: string;
  after: string;
}

/** @param bytes UTF-8 of the whole document. */
export function placeAt(document: string, bytes: Uint8Array, start: number, end: number): Place {
  const decode = (from: number, to: number) =>
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(from, to));
  let from = Math.max(0, start - CONTEXT_BYTES);
  while (from < start && isContinuation(bytes[from]!)) from++;
  let to = Math.min(bytes.length, end + CONTEXT_BYTES);
  while (to > end && to < bytes.length && isContinuation(bytes[to]!)) to--;
  return {
    document,
    start,
    end,
    text: decode(start, end),
    before: decode(from, start),
    after: decode(end, to),
  };
}

/** A byte within a UTF-8 character. */
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** Keeps the few items of the largest size out of many. */
export class Largest<Item> {
  readonly #count: number;
  /** Largest first; among equals the earlier. */
  #kept: { size: number; item: Item }[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  /** @param make called only when the item is kept. */
  offer(size: number, make: () => Item): void {
    if (this.#count === 0 || Number.isNaN(size)) return;
    if (this.#kept.length === this.#count && size <= this.#kept.at(-1)!.size) return;
    let at = this.#kept.length;
    while (at > 0 && this.#kept[at - 1]!.size < size) at--;
    this.#kept.splice(at, 0, { size, item: make() });
    if (this.#kept.length > this.#count) this.#kept.pop();
  }

  get items(): Item[] {
    return this.#kept.map(({ item }) => item);
  }
}
