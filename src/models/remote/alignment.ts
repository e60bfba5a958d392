/**
 * Do the tokens say what the text says?
 *
 * A server writes its answer twice: as text, and as tokens with their numbers. Where the two disagree, numbers were lost
 * or repeated on the way, and no count may show it. Tokens are matched against the text byte by byte; what a token's
 * lossy rendering leaves open is a wildcard, so the place reached so far is a set of places.
 */
import type { Piece } from "./wire-token.ts";

/**
 * A byte of a token, or bytes that nobody gave: `least` to `most` of them, none of them ASCII. What is rendered as U+FFFD
 * is broken: there is no whole character among its bytes.
 */
type Part = number | { least: number; most: number; broken: boolean };

/** "matched": the text has it. "waiting": it may still come. "different": it has something else. */
export type Match = "matched" | "waiting" | "different";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const REPLACEMENT = [0xef, 0xbf, 0xbd]; // U+FFFD

/** Whether tokens are a text, as far as their renderings let one say. */
export function tokensMatchText(pieces: readonly Piece[], text: string): boolean {
  const alignment = new TextAlignment();
  alignment.append(text, false);
  return alignment.leadsToEnd(pieces);
}

/** Offsets are bytes from the beginning of the answer's text, as UTF-8. */
export class TextAlignment {
  /** Text that is not matched for certain. */
  #text: Uint8Array = new Uint8Array(0);
  /** Offset of `#text`. */
  #base = 0;
  /** Offsets the tokens may reach up to, ascending. */
  #places: readonly number[] = [0];
  /** Where the server may have trimmed white space: at the beginning, and where one part ends and the next begins. */
  #seams: number[] = [0];

  /** @param seam the text begins another part of the answer, such as the answer after the thinking. */
  append(text: string, seam: boolean): void {
    if (seam) this.#seams.push(this.end);
    const added = encoder.encode(text);
    const joined = new Uint8Array(this.#text.length + added.length);
    joined.set(this.#text);
    joined.set(added, this.#text.length);
    this.#text = joined;
  }

  /** Offset of the end of the text so far. */
  get end(): number {
    return this.#base + this.#text.length;
  }

  /** Offset the tokens reach up to for certain, or `null`. */
  get place(): number | null {
    return this.#places.length === 1 ? this.#places[0]! : null;
  }

  /** Goes on by some tokens; stays where it is unless they match. */
  match(pieces: readonly Piece[]): Match {
    const { places, waiting } = this.#follow(pieces);
    if (places.length === 0) return waiting ? "waiting" : "different";
    this.#moveTo(places);
    return "matched";
  }

  /** Whether these tokens may lead to the very end of the text. */
  leadsToEnd(pieces: readonly Piece[]): boolean {
    return this.#follow(pieces).places.includes(this.end);
  }

  #follow(pieces: readonly Piece[]): { places: number[]; waiting: boolean } {
    let places = [...this.#places];
    let waiting = false;
    for (const piece of pieces) {
      const before = places;
      for (const part of partsOf(piece)) {
        waiting ||= places.includes(this.end);
        const [only] = places;
        places =
          places.length === 1
            ? this.#after(only!, part)
            : [...new Set(places.flatMap((place) => this.#after(place, part)))];
      }
      if (piece.special) places = [...new Set([...places, ...before])];
    }
    return { places, waiting };
  }

  /** The text that no token reaches. */
  get rest(): string {
    return this.between(this.#places.at(-1)!, this.end);
  }

  /** Leaves that text behind, as if tokens had reached it. */
  skipRest(): void {
    this.#moveTo([this.end]);
  }

  /** The text between two offsets, from the place reached on. */
  between(start: number, end: number): string {
    return decoder.decode(this.#text.subarray(start - this.#base, end - this.#base));
  }

  /** Keeps the text from the place before, which `between` may be asked for. */
  #moveTo(places: number[]): void {
    const kept = this.#places[0]!;
    this.#text = this.#text.subarray(kept - this.#base);
    this.#base = kept;
    this.#places = places.sort((a, b) => a - b);
    this.#seams = this.#seams.filter((seam) => seam >= places[0]!);
  }

  /** Offsets that a part may lead to from an offset. */
  #after(place: number, part: Part): number[] {
    const at = place - this.#base;
    if (typeof part !== "number") {
      const reached: number[] = [];
      const text = part.broken ? this.#text.subarray(0, firstCharacterEnd(this.#text, at) - 1) : this.#text;
      for (let n = 0; n <= part.most && (n === 0 || text[at + n - 1]! >= 0x80); n++)
        if (n >= part.least) reached.push(place + n);
      return reached;
    }
    const reached = this.#text[at] === part ? [place + 1] : [];
    const trimmed = isWhiteSpace(part) && this.#seams.includes(place) && place < this.end;
    if (trimmed && reached.length === 0) reached.push(place);
    const replaced = part >= 0x80 && REPLACEMENT.every((byte, i) => this.#text[at + i] === byte);
    if (replaced) reached.push(place, place + REPLACEMENT.length); // one U+FFFD may stand for several bytes
    return reached;
  }
}

function partsOf({ text, bytes, lossy }: Piece): Part[] {
  if (!lossy) return [...(bytes ?? encoder.encode(text))];
  if (text === "") return [{ least: 0, most: 4, broken: false }];
  return text
    .split(/(\uFFFD+)/)
    .flatMap((run): Part[] =>
      isBroken(run) ? [{ least: run.length, most: 3 * run.length, broken: true }] : [...encoder.encode(run)],
    );
}

/** Where the first whole character ends that begins at `start` or later and is not U+FFFD; Infinity if there is none. */
function firstCharacterEnd(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length > 0 && /^[^\uFFFD]$/u.test(decoder.decode(bytes.subarray(at, at + length))))
      return at + length;
  }
  return Number.POSITIVE_INFINITY;
}

/** Nothing but bytes that are no character. */
export function isBroken(text: string): boolean {
  return /^\uFFFD+$/.test(text);
}

function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
