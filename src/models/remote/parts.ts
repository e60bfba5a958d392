/** Which part of an answer a place in its text belongs to. */
import type { TokenPart } from "../../core/index.ts";

/** Offsets are bytes from the beginning of all text, whatever its part, in the order it came. */
export class PartPlaces {
  /** Where a part begins that is another one than before; ascending. */
  #starts: { offset: number; part: TokenPart }[] = [];

  /** Text of this part follows, from `offset` on. @returns whether that is another part than before. */
  begin(part: TokenPart, offset: number): boolean {
    const last = this.#starts.at(-1);
    if (last?.part === part) return false;
    this.#starts.push({ offset, part });
    return last !== undefined;
  }

  /** The part of the text that goes on at this offset; `null` before any text. */
  at(offset: number): TokenPart | null {
    const found = this.#starts.findLast((start) => start.offset <= offset) ?? this.#starts[0];
    return found?.part ?? null;
  }

  /** The part of the last byte before this offset; `null` where there is none. */
  before(offset: number): TokenPart | null {
    return this.#starts.findLast((start) => start.offset < offset)?.part ?? null;
  }

  /**
   * The part of tokens that cover a stretch of the text. Those that cover nothing, such as `</think>`, mark where one part
   * ends and the next begins: they belong to the one that is not the answer.
   */
  of(start: number, end: number): TokenPart {
    if (end > start) return this.before(end) ?? "answer";
    const [left, right] = [this.before(start), this.at(end)];
    return left === null || left === "answer" ? (right ?? "answer") : left;
  }

  /** A stretch of the text, cut where parts begin. */
  cut(start: number, end: number): { start: number; end: number; part: TokenPart }[] {
    if (start === end) return [];
    const inside = this.#starts
      .map(({ offset }) => offset)
      .filter((offset) => offset > start && offset < end);
    const edges = [start, ...inside, end];
    return edges
      .slice(1)
      .map((to, i) => ({ start: edges[i]!, end: to, part: this.at(edges[i]!) ?? "answer" }));
  }

  /** Forgets what lies before an offset, so that an answer of many parts keeps none of them. */
  forgetBefore(offset: number): void {
    const last = this.#starts.findLastIndex((start) => start.offset < offset);
    if (last > 1) this.#starts.splice(0, last - 1);
  }
}
