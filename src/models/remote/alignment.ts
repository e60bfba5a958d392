/**
 * Do the tokens say what the text says?
 *
 * A server writes its answer twice: as text, and as tokens with their numbers. Where the two disagree, numbers were lost
 * or repeated on the way, and no count may show it. Tokens are matched against the text byte by byte; what a token's
 * lossy rendering leaves open is a wildcard, so the place reached so far is a set of places.
 */
import type { Piece } from "./wire-token.ts";

/**
 * Bytes that nobody gave: `least` to `most` of them, none of them ASCII. What is rendered as U+FFFD is broken: there is no
 * whole character among its bytes.
 */
interface Unknown {
  least: number;
  most: number;
  broken: boolean;
}

/** A byte of a token, or some that are unknown. */
type Part = number | Unknown;

/** "matched": the text has it. "waiting": it may still come. "different": it has something else. */
export type Match = "matched" | "waiting" | "different";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether tokens are a text, as far as their renderings let one say. */
export function tokensMatchText(pieces: readonly Piece[], text: string): boolean {
  const alignment = new TextAlignment();
  alignment.append(text, false);
  return alignment.leadsToEnd(pieces);
}

/** Offsets are bytes from the beginning of the answer's text, as UTF-8. */
export class TextAlignment {
  /** Text that is not matched for certain, but for what was added since. */
  #joined: Uint8Array = new Uint8Array(0);
  /** Put together when it is needed: many tokens may wait for the one that makes them certain. */
  #added: Uint8Array[] = [];
  #addedLength = 0;
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
    this.#added.push(added);
    this.#addedLength += added.length;
  }

  /** Offset of the end of the text so far. */
  get end(): number {
    return this.#base + this.#joined.length + this.#addedLength;
  }

  get #text(): Uint8Array {
    if (this.#added.length === 0) return this.#joined;
    const joined = new Uint8Array(this.#joined.length + this.#addedLength);
    let at = 0;
    for (const piece of [this.#joined, ...this.#added]) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.#joined = joined;
    this.#added = [];
    this.#addedLength = 0;
    return joined;
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

  #follow(pieces: readonly Piece[]): { places: readonly number[]; waiting: boolean } {
    const { end } = this;
    let places = this.#places;
    let waiting = false;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i]!;
      const before = places;
      let silent = 0; // one after the other: together they are one unknown of that many times the length
      while (i + silent < pieces.length && isSilent(pieces[i + silent]!)) silent++;
      if (silent > 0) i += silent - 1;
      for (const part of silent > 0 ? [{ ...SILENT, most: SILENT.most * silent }] : partsOf(piece)) {
        waiting ||= places.at(-1) === end;
        places = typeof part === "number" ? this.#afterByte(places, part) : this.#afterUnknown(places, part);
      }
      if (piece.special) places = union(before, places);
    }
    return { places, waiting };
  }

  /** The furthest offset that the tokens may reach up to. */
  get reached(): number {
    return this.#places.at(-1)!;
  }

  /** The text that no token reaches. */
  get rest(): string {
    return this.between(this.reached, this.end);
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
  #moveTo(places: readonly number[]): void {
    const kept = this.#places[0]!;
    this.#joined = this.#text.subarray(kept - this.#base);
    this.#base = kept;
    this.#places = places;
    this.#seams = this.#seams.filter((seam) => seam >= places[0]!);
  }

  /** Offsets that a byte may lead to from some offsets. */
  #afterByte(places: readonly number[], byte: number): readonly number[] {
    const text = this.#text;
    const reached: number[] = [];
    for (const place of places) {
      const at = place - this.#base;
      const found = text[at] === byte;
      if (found) reached.push(place + 1);
      const trimmed = !found && isWhiteSpace(byte) && this.#seams.includes(place) && place < this.end;
      if (trimmed) reached.push(place);
      const replaced = byte >= 0x80 && isReplacement(text, at);
      // Neighbours share an end, which is taken once: the list stays sorted.
      if (replaced && reached.at(-1) !== place) reached.push(place);
      if (replaced) reached.push(place + 3); // one U+FFFD may stand for several bytes
    }
    return ascending(reached);
  }

  /** Offsets that bytes which nobody gave may lead to from some offsets. */
  #afterUnknown(places: readonly number[], { least, most, broken }: Unknown): readonly number[] {
    const text = this.#text;
    const reached: number[] = [];
    let runEnd = -1; // of the bytes that are not ASCII
    let character = { start: -1, end: -1 };
    for (const place of places) {
      const at = place - this.#base;
      if (runEnd < at) for (runEnd = at; text[runEnd]! >= 0x80; ) runEnd++;
      if (broken && character.start < at) character = firstCharacter(text, at);
      const furthest = Math.min(at + most, runEnd, broken ? character.end - 1 : runEnd);
      // What is reached from an earlier place is not reached again: both ends only grow.
      const first = Math.max(at + least, (reached.at(-1) ?? -1) - this.#base + 1);
      for (let to = first; to <= furthest; to++) reached.push(this.#base + to);
    }
    return reached;
  }
}

/** Sorted, each once. */
function ascending(places: number[]): readonly number[] {
  for (let i = 1; i < places.length; i++)
    if (places[i]! <= places[i - 1]!) return [...new Set(places)].sort((a, b) => a - b);
  return places;
}

/** Of two sorted lists. */
function union(a: readonly number[], b: readonly number[]): readonly number[] {
  const all: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const place = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY);
    if (a[i] === place) i++;
    if (b[j] === place) j++;
    all.push(place);
  }
  return all;
}

/** A token whose text is "" and whose bytes nobody gave. */
function isSilent({ text, lossy }: Piece): boolean {
  return lossy && text === "";
}

const SILENT: Unknown = { least: 0, most: 4, broken: false };

function partsOf({ text, bytes, lossy }: Piece): Part[] {
  if (!lossy) return [...(bytes ?? encoder.encode(text))];
  return text
    .split(/(\uFFFD+)/)
    .flatMap((run): Part[] =>
      isBroken(run) ? [{ least: run.length, most: 3 * run.length, broken: true }] : [...encoder.encode(run)],
    );
}

/** The first character of a text that begins at `from` or later and is not U+FFFD; at Infinity if there is none. */
function firstCharacter(bytes: Uint8Array, from: number): { start: number; end: number } {
  for (let start = from; start < bytes.length; start++) {
    const lead = bytes[start]!;
    if (lead >= 0x80 && lead < 0xc0) continue; // the middle of one
    if (isReplacement(bytes, start)) continue;
    return { start, end: start + (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4) };
  }
  return { start: Number.POSITIVE_INFINITY, end: Number.POSITIVE_INFINITY };
}

/** Whether U+FFFD begins here. */
function isReplacement(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd;
}

/** Nothing but bytes that are no character. */
export function isBroken(text: string): boolean {
  return /^\uFFFD+$/.test(text);
}

function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
