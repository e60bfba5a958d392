/** Tokens that steer: written by the model, and no part of its answer's text unless the server shows them. */
import type { Piece, WireToken } from "./wire-token.ts";

/** A token, and what it stands for in the text. */
export interface Held {
  token: WireToken;
  piece: Piece;
}

/**
 * gpt-oss writes `<|channel|>analysis<|message|>` before each part of its answer, and servers leave it out of the text,
 * also the words. Source: the harmony format, https://github.com/openai/harmony.
 */
const OPENS_HEADER = /^<\|(start|channel|constrain)\|>$/;

/** Most words between two tokens that steer in such a header: a role or channel, and a tool's name. */
const HEADER_WORDS = 16;

/** Finds the words that steer too, by the tokens before them. */
export class Steering {
  /** So many of the next tokens are a header's words, unless it ends before. */
  #headerWords = 0;

  /** To be called with each token in order. */
  follow(piece: Piece): Piece {
    if (piece.special) this.#headerWords = OPENS_HEADER.test(piece.text) ? HEADER_WORDS : 0;
    else if (this.#headerWords > 0) {
      this.#headerWords--;
      return { ...piece, special: true };
    }
    return piece;
  }
}

/** Whether the text has a token or has it not. */
export function isSteering({ piece }: Held): boolean {
  return piece.special && !piece.lossy;
}

/** The tokens, those that steer and are not in their text without a text of their own. */
export function withoutHidden(held: readonly Held[], text: string): readonly Held[] {
  let from = 0;
  return held.map((one) => {
    const { piece } = one;
    if (!isSteering(one)) return one;
    if (!text.startsWith(piece.text, from)) return silenced(one);
    from += piece.text.length;
    return one;
  });
}

/** A token that is no part of the text. */
export function silenced({ token, piece }: Held): Held {
  return { token, piece: { text: "", lossy: piece.lossy, special: piece.special } };
}

export function plain(text: string): Piece {
  return { text, lossy: false, special: false };
}
