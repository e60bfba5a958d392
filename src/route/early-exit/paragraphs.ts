/** Places in a stream where a rule asks a model, or may end it. Internal to this folder. */
import { invalidArgument, type TokenRecord } from "../../core/index.ts";

/** Finds the tokens that complete one of some texts, however those are cut into tokens. */
export class Paragraphs {
  readonly #marks: { readonly mark: string; tail: string }[];

  /** @throws SurprisalError INVALID_ARGUMENT */
  constructor(marks: readonly string[]) {
    if (marks.length === 0 || marks.includes(""))
      throw invalidArgument("There is no text to look for", "at", "Give one, such as a blank line.");
    this.#marks = marks.map((mark) => ({ mark, tail: "" }));
  }

  /** The marks that this token completes, each found on its own: with fewer marks the others' places stay. */
  found({ text }: Pick<TokenRecord, "text">): string[] {
    return this.#marks.flatMap((each) => {
      const { mark, tail } = each;
      const seen = tail + text; // the tail is shorter than the mark: what is found now was not there before
      const isThere = seen.includes(mark);
      each.tail = isThere ? "" : seen.slice(-(mark.length - 1) || seen.length);
      return isThere ? [mark] : [];
    });
  }

  /** Whether this token completes a mark. */
  ends(token: Pick<TokenRecord, "text">): boolean {
    return this.found(token).length > 0;
  }
}
