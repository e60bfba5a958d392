/** Places in a stream where a rule asks a model. Internal to this folder. */
import type { TokenRecord } from "../../core/index.ts";

/** Finds the tokens that complete one of some texts, however those are cut into tokens. */
export class Paragraphs {
  readonly #marks: readonly string[];
  readonly #longest: number;
  #tail = "";

  constructor(marks: readonly string[]) {
    this.#marks = marks;
    this.#longest = Math.max(...marks.map((mark) => mark.length));
  }

  /** Whether this token completes a mark. */
  ends({ text }: TokenRecord): boolean {
    const seen = this.#tail + text;
    // A mark that lay in the tail already has been found before.
    const found = this.#marks.some((mark) => {
      const at = seen.lastIndexOf(mark);
      return at >= 0 && at + mark.length > this.#tail.length;
    });
    this.#tail = found ? "" : seen.slice(-(this.#longest - 1) || seen.length);
    return found;
  }
}
