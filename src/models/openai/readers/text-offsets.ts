/** Where tokens begin in the text, as servers say it: a gap shows that tokens were lost on the way. */
import type { FourArrays } from "./schema.ts";

export class OffsetCheck {
  static readonly DOUBT: string = "Where the tokens begin in the text shows that some were lost or repeated.";
  /** Where the next token should begin, characters; `null` = no token yet, or the server does not say. */
  #next: number | null = null;
  /** Characters that may be there without being in any token's text: halves of characters are written as "". */
  #slack = 0;

  /** @returns whether these tokens follow the ones before. */
  follow({ tokens, text_offset: offsets }: FourArrays): boolean {
    if (!offsets?.length || offsets.some((offset) => offset < 0)) return true; // SGLang writes -1
    let follows = true;
    for (const [i, token] of tokens.entries()) {
      const offset = offsets[i]!;
      if (this.#next !== null && (offset < this.#next - this.#slack || offset > this.#next + this.#slack))
        follows = false;
      const vague = token === "" || token.includes("\uFFFD");
      this.#next = offset + [...token].length;
      // A server may count UTF-16 units, and may count a half character or not.
      this.#slack = (vague ? this.#slack + 1 : 0) + (token.length - [...token].length);
    }
    return follows;
  }
}
