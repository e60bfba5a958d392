/** The pieces of `pieces.ts`, made while the tokens still arrive. */
import type { Piece } from "../../report/index.ts";
import { byteLength, clusters, decodeLossless } from "../../text/index.ts";

/** Part of the text that gets one colour; see `Piece`. */
export type AnswerPiece = Pick<Piece, "text" | "bits"> & {
  /** Beside the answer: it is drawn fainter. */
  aside?: boolean | undefined;
};

/** After these characters nothing can come that belongs to them, western accents that stand alone excepted. */
const COMPLETE = /[\n\t -~\u00A0-\u02FF\u2010-\u2027\u2190-\u24FF]$/;

/**
 * Holds tokens back as long as the next one could still belong to their last user-perceived character: a character
 * made of several byte tokens, an emoji sequence, a vowel sign that is a token of its own. Such tokens become one
 * piece, whose surprisal is the sum of theirs.
 */
export class PieceStream {
  #bytes = new Uint8Array();
  /** Where the held tokens end in `#bytes`, and their -ln p; NaN = no number. */
  #tokens: { end: number; nats: number }[] = [];

  /** @param logprob ln p, nats. */
  push(bytes: Uint8Array, logprob: number | null): AnswerPiece[] {
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    this.#bytes = joined;
    this.#tokens.push({ end: joined.length, nats: logprob === null ? Number.NaN : -logprob });
    return this.#take(joined.length - unfinished(joined));
  }

  /** What is left when no more tokens come. */
  flush(): AnswerPiece[] {
    const pieces = this.#take(Number.POSITIVE_INFINITY);
    this.#bytes = new Uint8Array();
    this.#tokens = [];
    return pieces;
  }

  /** @param limit byte after which the text may still change. */
  #take(limit: number): AnswerPiece[] {
    const ends = this.#clusterEnds(limit);
    const pieces: AnswerPiece[] = [];
    let start = 0;
    let nats = 0;
    let taken = 0;
    for (const [i, token] of this.#tokens.entries()) {
      nats += token.nats;
      if (!ends.has(token.end)) continue;
      const text = decodeLossless(this.#bytes.subarray(start, token.end));
      // -0 of a certain token, and a rounding above 1, count as 0
      pieces.push({ text, bits: Number.isNaN(nats) ? null : Math.max(0, nats / Math.LN2) });
      start = token.end;
      nats = 0;
      taken = i + 1;
    }
    this.#bytes = this.#bytes.subarray(start);
    this.#tokens = this.#tokens.slice(taken).map(({ end, nats }) => ({ end: end - start, nats }));
    return pieces;
  }

  #clusterEnds(limit: number): Set<number> {
    const text = decodeLossless(this.#bytes);
    const ends = new Set([0]);
    let at = 0;
    for (const cluster of clusters(text)) {
      at += byteLength(cluster);
      // What stands at the limit may still grow, also where it is known that more follows.
      if (at < limit || (at === limit && COMPLETE.test(cluster))) ends.add(at);
    }
    return ends;
  }
}

/** Bytes at the end that begin a character of UTF-8 and do not finish it. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue; // a continuation byte
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}
