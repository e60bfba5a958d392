/** Surprisal as a function of the byte, so that models with different tokenizers can be compared span by span. */
import { invalidArgument, isWellFormed, type TokenRecord, type TokenTable } from "../../core/index.ts";

/**
 * How surprising each stretch of a text was. Within a token the surprisal is spread evenly over its bytes: only its sum
 * is known, and that is exact wherever a stretch begins and ends between tokens.
 */
export class ByteSurprisal {
  /** UTF-8 bytes of the text. */
  readonly bytes: number;
  /** [n+1] bytes at which tokens begin, and the text's end. */
  readonly boundaries: ArrayLike<number>;
  readonly #surprisals: ArrayLike<number>;
  // [n+1] sums over the tokens before each boundary
  readonly #nats: Float64Array;
  readonly #missing: Float64Array; // bytes of tokens without a number
  readonly #impossible: Float64Array; // tokens of probability 0

  /**
   * @param boundaries [n+1] ascending, from 0.
   * @param surprisals [n] -ln p per token, nats; NaN = missing. A token of no bytes without a number (BOS) is ignored.
   */
  constructor(boundaries: ArrayLike<number>, surprisals: ArrayLike<number>) {
    const n = surprisals.length;
    this.boundaries = boundaries;
    this.#surprisals = surprisals;
    this.bytes = boundaries[n]!;
    this.#nats = new Float64Array(n + 1);
    this.#missing = new Float64Array(n + 1);
    this.#impossible = new Float64Array(n + 1);
    for (let i = 0; i < n; i++) {
      const surprisal = surprisals[i]!;
      const missing = Number.isNaN(surprisal) ? boundaries[i + 1]! - boundaries[i]! : 0;
      this.#nats[i + 1] = this.#nats[i]! + (Number.isFinite(surprisal) ? surprisal : 0);
      this.#missing[i + 1] = this.#missing[i]! + missing;
      this.#impossible[i + 1] = this.#impossible[i]! + (surprisal === Infinity ? 1 : 0);
    }
  }

  static fromTable({ byteOffsets, logprobs }: Pick<TokenTable, "byteOffsets" | "logprobs">): ByteSurprisal {
    return new ByteSurprisal(
      byteOffsets,
      logprobs.map((logprob) => 0 - logprob),
    );
  }

  /**
   * Of records in the order of the text. A record of several tokens is missing: its number is not the text's.
   * @throws SurprisalError INVALID_ARGUMENT when a piece without `bytes` is no text by itself, so that its size is not
   *   known.
   */
  static fromRecords(records: Iterable<TokenRecord>): ByteSurprisal {
    const boundaries = [0];
    const surprisals: number[] = [];
    for (const { text, bytes, logprob, tokenCount = 1 } of records) {
      if (bytes === undefined && (text.includes("\uFFFD") || !isWellFormed(text)))
        throw invalidArgument(
          "A token is a piece of a character, and its bytes are not known",
          `record ${surprisals.length}`,
          "Give records with their bytes, or join the pieces of a character into one record.",
        );
      const size = bytes?.length ?? new TextEncoder().encode(text).length;
      boundaries.push(boundaries.at(-1)! + size);
      surprisals.push(tokenCount === 1 && logprob !== null ? 0 - logprob : Number.NaN);
    }
    return new ByteSurprisal(boundaries, surprisals);
  }

  /** The text from a byte on, its bytes counted from there; a token that the byte divides leaves its share. */
  slice(start: number): ByteSurprisal {
    const boundaries = [0];
    const surprisals: number[] = [];
    for (let i = 0; i < this.#surprisals.length; i++) {
      const [from, to] = [this.boundaries[i]!, this.boundaries[i + 1]!];
      if (to < start || (to === start && from < to)) continue;
      const share = from < start ? (to - start) / (to - from) : 1;
      boundaries.push(to - start);
      surprisals.push(this.#surprisals[i]! * share);
    }
    return new ByteSurprisal(boundaries, surprisals);
  }

  /**
   * Σ -ln p over the bytes [start, end), nats; Infinity when a token in it has probability 0, `null` when one has no
   * number. A token of no bytes belongs to what follows it, and at the end of the text to the end.
   */
  between(start: number, end: number): number | null {
    const { nats, missing } = this.known(start, end);
    return missing > 0 ? null : nats;
  }

  /** The same over the tokens that have a number, and how many bytes, with fractions, belong to those that have none. */
  known(start: number = 0, end: number = this.bytes): { nats: number; missing: number } {
    if (
      !(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= this.bytes)
    )
      throw invalidArgument(
        `[${start}, ${end}) is no range of ${this.bytes} bytes`,
        "start, end",
        "Give integers with 0 <= start <= end <= bytes.",
      );
    const over = (sums: Float64Array) => this.#upTo(end, sums) - this.#upTo(start, sums);
    return { nats: over(this.#impossible) > 0 ? Infinity : over(this.#nats), missing: over(this.#missing) };
  }

  /** A sum over what stands before a byte, that of a token it divides in proportion. */
  #upTo(byte: number, sums: Float64Array): number {
    const { boundaries } = this;
    const n = sums.length - 1;
    if (byte === this.bytes) return sums[n]!;
    let low = 0; // the first boundary at or behind the byte
    let high = n;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (boundaries[middle]! < byte) low = middle + 1;
      else high = middle;
    }
    const end = boundaries[low]!;
    if (end === byte) return sums[low]!;
    const start = boundaries[low - 1]!;
    return sums[low - 1]! + ((byte - start) / (end - start)) * (sums[low]! - sums[low - 1]!);
  }
}

/** A stretch of a text under two models. */
export interface ComparedSpan {
  /** First byte. */
  start: number;
  /** Byte after the last. */
  end: number;
  /** Σ -ln p of the first model, nats; `null` = missing. */
  first: number | null;
  /** Σ -ln p of the second model, nats; `null` = missing. */
  second: number | null;
}

/**
 * Cuts a text wherever both tokenizers do: the smallest spans over which both models' surprisals are exact.
 * @throws SurprisalError INVALID_ARGUMENT when the texts differ in length.
 */
export function compareSpans(first: ByteSurprisal, second: ByteSurprisal): ComparedSpan[] {
  if (first.bytes !== second.bytes)
    throw invalidArgument(
      `Texts of ${first.bytes} and ${second.bytes} bytes`,
      "first, second",
      "Give the surprisals of one and the same text.",
    );
  const cuts = new Set(Array.from(second.boundaries));
  const spans: ComparedSpan[] = [];
  let start = 0;
  for (let i = 0; i < first.boundaries.length; i++) {
    const end = first.boundaries[i]!;
    if (end === start || !cuts.has(end)) continue;
    spans.push({ start, end, first: first.between(start, end), second: second.between(start, end) });
    start = end;
  }
  return spans;
}
