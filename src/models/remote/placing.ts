/** Where tokens are in a text. */
import { TextAlignment } from "./alignment.ts";
import type { Piece } from "./wire-token.ts";

/**
 * [n+1] offsets into the text's UTF-8 bytes: token i is bytes [offsets[i], offsets[i+1]). Tokens that steer cover no bytes;
 * among tokens that nobody gave the bytes of, what is between their neighbours is shared out. `null` when the tokens are
 * not this text.
 */
export function placeTokens(pieces: readonly Piece[], text: string): Uint32Array | null {
  const alignment = new TextAlignment();
  alignment.append(text, false);
  const offsets = new Uint32Array(pieces.length + 1);
  let first = 0; // of the tokens that are not placed yet
  let start = 0;
  const place = (end: number, past: number) => {
    offsets.set(boundaries(pieces.slice(first, past), start, end), first);
    first = past;
    start = end;
  };
  for (const [i, piece] of pieces.entries()) {
    if (alignment.match([piece]) !== "matched") return null;
    if (!piece.lossy && alignment.place !== null) place(alignment.place, i + 1);
  }
  if (!alignment.leadsToEnd([])) return null;
  place(alignment.end, pieces.length);
  offsets[pieces.length] = alignment.end;
  return offsets;
}

/** Where each of a few tokens begins that together cover [start, end). */
function boundaries(pieces: readonly Piece[], start: number, end: number): number[] {
  const starts: number[] = new Array(pieces.length).fill(start);
  let last = pieces.length;
  for (; last > 0 && isFirm(pieces[last - 1]!); last--) {
    end = Math.max(start, end - lengthOf(pieces[last - 1]!));
    starts[last - 1] = end;
  }
  let open = 0; // tokens that are still to share what is left
  for (let i = 0; i < last; i++) if (pieces[i]!.lossy) open++;
  for (let i = 0; i < last; i++) {
    starts[i] = start;
    if (isFirm(pieces[i]!)) start = Math.min(end, start + lengthOf(pieces[i]!));
    else if (pieces[i]!.lossy) start += Math.ceil((end - start) / open--);
  }
  return starts;
}

function isFirm(piece: Piece): boolean {
  return !piece.lossy && !piece.special;
}

function lengthOf({ text, bytes }: Piece): number {
  return bytes?.length ?? new TextEncoder().encode(text).length;
}
