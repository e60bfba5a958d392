/** Tokens as words with a surprisal each: a name of three pieces is one word, and one spike. */
import type { TokenRecord } from "../../core/index.ts";

/** A word of the answer, without the marks and spaces around it. */
export interface SurprisalWord {
  text: string;
  /** UTF-16 code units of the answer before it. */
  start: number;
  end: number;
  /** -ln p of all its pieces together, nats; `null` where one of them came without a number. */
  surprisal: number | null;
  /** Pieces it was written in. */
  tokens: number;
}

const SPACE = /\s/u;
const LETTER = /[\p{L}\p{M}\p{N}\ufffd]/u;
/** Written without spaces: every token is taken for a word. */
const HAN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** Belongs to the word it stands in: "don't", "3.14", "well-known". */
const JOINER = /^['\u2019.,:/_-]$/;

/** -ln p of a token, nats; `null`: it has none, or stands for several tokens of which one number is not the whole. */
export function surprisalOf({ logprob, tokenCount = 1 }: TokenRecord): number | null {
  return logprob === null || !(logprob <= 0) || tokenCount > 1 ? null : 0 - logprob;
}

interface Piece {
  text: string;
  start: number;
  surprisal: number | null;
}

/** Words of an answer that arrives token by token. A token of marks and spaces alone is no word. */
export class WordStream {
  #pieces: Piece[] = [];
  #at = 0;

  /** @returns the word that is over because of this token, if one is */
  push(token: TokenRecord): SurprisalWord | null {
    const piece: Piece = { text: token.text, start: this.#at, surprisal: surprisalOf(token) };
    this.#at += token.text.length;
    if (token.text === "") return null;
    const last = this.#pieces.at(-1);
    const goesOn = last !== undefined && isOneWord(last.text, token.text);
    const over = goesOn ? null : this.finish();
    if (goesOn || LETTER.test(token.text)) this.#pieces.push(piece);
    return over;
  }

  /** @returns the word that is not over yet, if there is one */
  finish(): SurprisalWord | null {
    const pieces = this.#pieces;
    this.#pieces = [];
    // A mark that was kept because the word might go on behind it.
    while (pieces.length > 0 && !LETTER.test(pieces.at(-1)!.text)) pieces.pop();
    if (pieces.length === 0) return null;
    const whole = pieces.map(({ text }) => text).join("");
    const first = whole.search(LETTER);
    let end = whole.length;
    while (end > first && !LETTER.test(whole[end - 1]!)) end--;
    const start = pieces[0]!.start;
    const isKnown = pieces.every(({ surprisal }) => surprisal !== null);
    return {
      text: whole.slice(first, end),
      start: start + first,
      end: start + end,
      surprisal: isKnown ? pieces.reduce((sum, { surprisal }) => sum + surprisal!, 0) : null,
      tokens: pieces.length,
    };
  }
}

function isOneWord(before: string, next: string): boolean {
  if (SPACE.test(next[0]!) || SPACE.test(before.at(-1)!)) return false;
  if (JOINER.test(next)) return LETTER.test(before.at(-1)!) && !HAN.test(before.at(-1)!);
  if (!LETTER.test(next[0]!)) return false;
  if (!LETTER.test(before.at(-1)!) && !JOINER.test(before)) return false;
  // Pieces of one character, which come as U+FFFD, belong together.
  if (before.at(-1) === "\ufffd" || next[0] === "\ufffd") return true;
  return !HAN.test(before.at(-1)!) && !HAN.test(next[0]!);
}
