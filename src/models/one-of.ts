/** An answer that is one of some texts: which tokens may come next, and what the model thinks of the others. */
import { invalidArgument } from "../core/index.ts";
import type { Choice } from "./language-model.ts";

/** What is asked of a model's tokens. */
export interface TokenPieces {
  /** Number of tokens V. */
  readonly size: number;
  /** The exact bytes of a token. */
  piece(id: number): Uint8Array;
  /** Tokens that end generation. */
  endsGeneration(id: number): boolean;
}

/** Tokens by their bytes, one character a byte. */
interface PieceIndex {
  ids: ReadonlyMap<string, number[]>;
  longest: number;
}

/** A vocabulary does not change: what is made of it is made once. */
const indices = new WeakMap<TokenPieces, PieceIndex>();

/**
 * Follows the texts that the answer may still become. Every way of cutting a text into tokens is allowed, since the
 * probability of a text is the sum over all of them; only tokens from which no text can be completed are not.
 */
export class OneOf {
  readonly #texts: readonly string[];
  readonly #index: PieceIndex;
  /** Per text and byte whether tokens can go on from there to its end. */
  readonly #completes: readonly Uint8Array[];
  /** Texts that begin with what was written, and how much that is. */
  #live: number[];
  #at = 0;
  readonly #outside: number[] = [];

  /**
   * @param texts not empty, all different.
   * @throws SurprisalError INVALID_ARGUMENT for a text that no tokens make up
   */
  constructor(texts: readonly string[], pieces: TokenPieces) {
    this.#texts = texts.map((text) => byteString(new TextEncoder().encode(text)));
    this.#index = indexOf(pieces);
    this.#completes = this.#texts.map((text) => this.#completesOf(text));
    for (const [i, completes] of this.#completes.entries())
      if (completes[0] === 0)
        throw invalidArgument(
          `The tokens of this model do not make up ${JSON.stringify(texts[i])}`,
          `oneOf[${i}]`,
        );
    this.#live = [...this.#texts.keys()];
  }

  /** The text that is complete, and that no other goes on from; `null` = tokens follow. */
  get done(): boolean {
    return this.#live.length === 1 && this.complete !== null;
  }

  /** Index of the text that has been written; `null` = none is complete. */
  get complete(): number | null {
    return this.#live.find((i) => this.#texts[i]!.length === this.#at) ?? null;
  }

  /** What is known at the end. */
  get choice(): Choice {
    return { index: this.complete, outside: this.#outside };
  }

  /**
   * Chooses the next token.
   * @param row [V] what is drawn from: logits or ln p.
   * @param distribution [V] ln p of the model itself.
   * @param sample chooses a place of a row.
   * @returns `null`: the text that is complete is the answer.
   * @throws SurprisalError INVALID_ARGUMENT when the model gives every text probability 0
   */
  choose(
    row: Float32Array,
    distribution: Float32Array,
    sample: (row: Float32Array) => number,
  ): number | null {
    const allowed = this.#allowed();
    const ids = [...allowed.keys()].sort((a, b) => a - b);
    const places = Float32Array.from(ids, (id) => row[id]!);
    const ends = this.complete !== null;
    // Whatever else the model would write here ends the text, so it counts as one more place.
    const candidates = ends ? Float32Array.of(...places, massOutside(row, allowed)) : places;
    if (candidates.every((candidate) => candidate === Number.NEGATIVE_INFINITY))
      throw invalidArgument("The model gives each of the texts probability 0", "oneOf");
    const place = sample(candidates);
    if (place === ids.length) return null;
    const id = ids[place]!;
    this.#outside.push(ends ? 0 : Math.min(1, Math.exp(massOutside(distribution, allowed))));
    const text = allowed.get(id)!;
    this.#live = this.#live.filter((i) => this.#goesOn(i, text));
    this.#at += text.length;
    return id;
  }

  /** Per allowed token its bytes. */
  #allowed(): Map<number, string> {
    const allowed = new Map<number, string>();
    const seen = new Set<string>();
    for (const i of this.#live) {
      const text = this.#texts[i]!;
      const last = Math.min(text.length, this.#at + this.#index.longest);
      for (let end = this.#at + 1; end <= last; end++) {
        const piece = text.slice(this.#at, end);
        if (this.#completes[i]![end] === 0 || seen.has(piece)) continue;
        seen.add(piece);
        for (const id of this.#index.ids.get(piece) ?? []) allowed.set(id, piece);
      }
    }
    return allowed;
  }

  #goesOn(i: number, piece: string): boolean {
    return this.#texts[i]!.startsWith(piece, this.#at) && this.#completes[i]![this.#at + piece.length] === 1;
  }

  #completesOf(text: string): Uint8Array {
    const completes = new Uint8Array(text.length + 1);
    completes[text.length] = 1;
    for (let start = text.length - 1; start >= 0; start--) {
      const last = Math.min(text.length, start + this.#index.longest);
      for (let end = start + 1; end <= last && completes[start] === 0; end++)
        if (completes[end] === 1 && this.#index.ids.has(text.slice(start, end))) completes[start] = 1;
    }
    return completes;
  }
}

/** ln Σ e^row over the tokens that are not allowed: summed, since 1 less the others would be rounding only. */
function massOutside(row: Float32Array, allowed: ReadonlyMap<number, string>): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const [id, logit] of row.entries()) if (logit > highest && !allowed.has(id)) highest = logit;
  if (highest === Number.NEGATIVE_INFINITY) return highest;
  let sum = 0;
  for (const [id, logit] of row.entries()) if (!allowed.has(id)) sum += Math.exp(logit - highest);
  return highest + Math.log(sum);
}

function indexOf(pieces: TokenPieces): PieceIndex {
  const known = indices.get(pieces);
  if (known) return known;
  const ids = new Map<string, number[]>();
  let longest = 0;
  for (let id = 0; id < pieces.size; id++) {
    if (pieces.endsGeneration(id)) continue;
    const bytes = pieces.piece(id);
    if (bytes.length === 0) continue;
    const text = byteString(bytes);
    const same = ids.get(text);
    if (same) same.push(id);
    else ids.set(text, [id]);
    longest = Math.max(longest, bytes.length);
  }
  const index = { ids, longest };
  indices.set(pieces, index);
  return index;
}

function byteString(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
