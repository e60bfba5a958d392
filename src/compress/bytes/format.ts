/**
 * What packed bytes look like.
 *
 *     byte 0     version of the model * 16 + method
 *     the rest   method 0, stored: the bytes. Methods 1 (text) and 2 (anything): one arithmetic code
 *
 * The code goes through the bytes in pieces of 32 KiB. A piece is a row of literals and copies, in turn:
 *
 *     flag 0 or 1  is the first a copy? (1: the segment before was one)   then behind every copy that does not end the piece
 *     flag 2 or 3  does it stop before the piece ends? then its length - 1 in 15 bits (3: of a copy)
 *     flag 4       literals: are they coded as they are? Otherwise by the model
 *     flag 5       copies: is the distance another than the last one? then distance - 1 in 24 bits
 */
import { SurprisalError } from "../../core/index.ts";

/** Version of the model with its primer: every probability depends on it, so another version cannot read the bytes. */
export const BYTES_MODEL_VERSION = 1;

export const STORED = 0;
/** Methods minus one are the kinds of context that the model uses. */
export const TEXT = 1;
export const ANYTHING = 2;

/** Most bytes of a chunk. */
export const MAX_BYTES_CHUNK: number = 1 << 24;
export const PIECE: number = 1 << 15;
/** Bytes that are coded without a pause. */
export const SLICE: number = 1 << 13;
export const LENGTH_BITS = 15;
export const DISTANCE_BITS = 24;
/** A row of literals that is shorter is left to the model, whatever it looks like. */
export const SHORTEST_NOISE = 4096;

export const FLAGS = { copyFirst: 0, copyAgain: 1, literalStops: 2, copyStops: 3, plain: 4, newDistance: 5 };

export function damaged(what: string): SurprisalError {
  return new SurprisalError({
    code: "PACKED_DAMAGED",
    what: `bytes packed in bytes mode ${what}`,
    wayOut: "take another copy of the packed file",
  });
}

/** @throws SurprisalError INVALID_ARGUMENT. */
export function requireChunkLength(length: number): void {
  if (Number.isInteger(length) && length >= 0 && length <= MAX_BYTES_CHUNK) return;
  throw new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: `a chunk in bytes mode has 0 to ${MAX_BYTES_CHUNK} bytes, not ${length}`,
    wayOut: "cut the data into chunks",
  });
}
