/** The text cut into the smallest pieces that can be coloured: tokens, or several where they share a character. */

import { byteLength, clusters, decodeLossless } from "../../text/index.ts";
import type { ScoreView } from "./view.ts";

/** Part of the text that gets one colour. */
export interface Piece {
  /** Its text, as `decodeLossless` gives it. Empty for a token without bytes. */
  text: string;
  /** Tokens [first, end); none for text that no token covers. */
  first: number;
  end: number;
  /**
   * Surprisal in bits, >= 0: of its token, or the sum over its tokens, which by the chain rule is the surprisal
   * of the whole piece. `null` when a token of it has no number.
   */
  bits: number | null;
}

/**
 * A piece ends where a token ends and no user-perceived character is cut, so that a character made of several
 * byte tokens, or an accent that is a token of its own, is shown once and whole.
 */
export function piecesOf({ text, table }: Pick<ScoreView, "text" | "table">): Piece[] {
  const whole = characterEnds(text);
  const pieces: Piece[] = [];
  let start = 0;
  let first = 0;
  const close = (at: number, end: number) => {
    pieces.push({
      text: decodeLossless(text.subarray(start, at)),
      first,
      end,
      bits: sumBits(table.logprobs, first, end),
    });
    start = at;
    first = end;
  };
  const covered = table.byteOffsets[0] ?? 0;
  if (covered > 0 && whole[covered]) close(covered, 0);
  for (let token = 0; token < table.length; token++) {
    const at = table.byteOffsets[token + 1]!;
    if (whole[at]) close(at, token + 1);
  }
  if (start < text.length || first < table.length) close(text.length, table.length);
  return pieces;
}

/** [bytes + 1] 1 where a user-perceived character ends (and at 0). */
function characterEnds(text: Uint8Array): Uint8Array {
  const ends = new Uint8Array(text.length + 1);
  ends[0] = 1;
  let at = 0;
  for (const cluster of clusters(decodeLossless(text))) {
    at += byteLength(cluster);
    ends[at] = 1;
  }
  return ends;
}

function sumBits(logprobs: Float64Array, first: number, end: number): number | null {
  if (first === end) return null;
  let nats = 0;
  for (let token = first; token < end; token++) nats -= logprobs[token]!;
  return Number.isNaN(nats) ? null : toBits(nats);
}

/** Nats to bits; a log-probability that rounding put above 0 counts as 0. */
const toBits = (nats: number): number => Math.max(0, nats / Math.LN2);

/**
 * Spaces in front of a word, and the rest, which is what gets the colour: a coloured space is noise to the eye,
 * worst at the end of a line. Nothing but spaces is all rest, and so is a space that carries an accent.
 */
export function splitSpaces(text: string): [spaces: string, rest: string] {
  const [spaces] = /^ +(?=[^ \p{M}])/u.exec(text) ?? [""];
  return [spaces, text.slice(spaces.length)];
}

/** Surprisal of token i, bits; `null` = missing. */
export const tokenBits = (logprobs: Float64Array, i: number): number | null => sumBits(logprobs, i, i + 1);
