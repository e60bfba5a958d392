/** Characters that a server cuts in two: JSON of UTF-16 units, one half of a surrogate pair in each event. */
import { wellFormed } from "./wire-token.ts";

/** Joins the halves again. Each part of an answer has its own. */
export class WholeCharacters {
  /** The first half of a character whose second may come. */
  #half = "";

  /** @returns the text as far as its characters are whole; a half that stays alone is U+FFFD. */
  next(text: string): string {
    if (text === "") return "";
    const all = this.#half + text;
    const cut = /[\uD800-\uDBFF]$/.test(all);
    this.#half = cut ? all.slice(-1) : "";
    return wellFormed(cut ? all.slice(0, -1) : all);
  }

  /** The half whose other half did not come. */
  rest(): string {
    const rest = wellFormed(this.#half);
    this.#half = "";
    return rest;
  }
}
