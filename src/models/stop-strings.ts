/** Ending an answer where a text stands in it: exactly there, however it lies across tokens and characters. */
import type { TokenRecord } from "../core/index.ts";
import type { StopMatch } from "./language-model.ts";

const encoder = new TextEncoder();

/** Follows one stop string byte by byte (Knuth, Morris, Pratt 1977). */
class Matcher {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** [length] of each beginning the longest other beginning that it ends with. */
  readonly #shorter: Int32Array;
  /** So many bytes of it are what the text ends with. */
  matched = 0;

  constructor(text: string) {
    this.text = text;
    this.bytes = encoder.encode(text);
    this.#shorter = new Int32Array(this.bytes.length);
    for (let i = 1, length = 0; i < this.bytes.length; i++) {
      while (length > 0 && this.bytes[i] !== this.bytes[length]) length = this.#shorter[length - 1]!;
      if (this.bytes[i] === this.bytes[length]) length++;
      this.#shorter[i] = length;
    }
  }

  /** @returns whether the text ends with it now; nothing may follow then. */
  next(byte: number): boolean {
    while (this.matched > 0 && this.bytes[this.matched] !== byte)
      this.matched = this.#shorter[this.matched - 1]!;
    if (this.bytes[this.matched] === byte) this.matched++;
    return this.matched === this.bytes.length;
  }
}

/**
 * Holds records back while they may be the beginning of a stop string, and cuts where one is complete: the one that is
 * complete first, and of several at the same byte the longest. What comes out depends on the text alone, not on the tokens.
 */
export class StopStrings {
  readonly #matchers: readonly Matcher[];
  #held: TokenRecord[] = [];

  /** @param stops none of them empty. */
  constructor(stops: readonly string[]) {
    this.#matchers = stops.map((stop) => new Matcher(stop));
  }

  /** @returns the records that are certain now, and the stop string that ends the answer behind them. */
  push(record: TokenRecord): { records: TokenRecord[]; match: StopMatch | null } {
    if (this.#matchers.length === 0) return { records: [record], match: null };
    this.#held.push(record);
    const bytes = bytesOf(record);
    for (const [i, byte] of bytes.entries()) {
      const complete = this.#matchers.filter((matcher) => matcher.next(byte));
      if (complete.length === 0) continue;
      const longest = complete.reduce((a, b) => (b.bytes.length > a.bytes.length ? b : a));
      const behind = decode(bytes.subarray(i + 1));
      const { records, rest } = this.#split(bytes.length - (i + 1) + longest.bytes.length);
      const [first, cutAt] = rest.length > 0 && rest[0]!.at > 0 ? [rest[0]!.record, rest[0]!.at] : [null, 0];
      if (first) records.push(cut(first, cutAt));
      return { records, match: { text: longest.text, behind, records: rest.map(({ record }) => record) } };
    }
    const { records } = this.#split(Math.max(...this.#matchers.map(({ matched }) => matched)));
    return { records, match: null };
  }

  /** Those held back, when no more come. */
  flush(): TokenRecord[] {
    return this.#held.splice(0);
  }

  /**
   * Takes out the records that lie before the last `length` bytes.
   * @returns the others too, with the byte in each where those begin.
   */
  #split(length: number): { records: TokenRecord[]; rest: { record: TokenRecord; at: number }[] } {
    const rest: { record: TokenRecord; at: number }[] = [];
    let missing = length;
    while (missing > 0) {
      const record = this.#held.pop()!;
      const size = bytesOf(record).length;
      rest.unshift({ record, at: Math.max(0, size - missing) });
      missing -= size;
    }
    const records = this.#held;
    this.#held = rest.map(({ record }) => record);
    return { records, rest };
  }
}

function cut(record: TokenRecord, at: number): TokenRecord {
  const bytes = bytesOf(record);
  const left = bytes.slice(0, at);
  return { ...record, text: decode(left), bytes: left, cut: decode(bytes.subarray(at)) };
}

function bytesOf({ bytes, text }: TokenRecord): Uint8Array {
  return bytes ?? encoder.encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
