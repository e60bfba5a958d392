/**
 * Which cells of a context's cache are taken, counted as llama.cpp takes them: one per token, and one for a token that
 * several sequences share. So it is known before a decode call whether it fits.
 */
export class Cells {
  readonly capacity: number;
  /** [cells seen so far] sequences that hold each. */
  readonly #holders: number[] = [];
  readonly #given: number[] = [];
  #taken = 0;

  /** @param capacity Infinity: the memory is no row of cells. */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get free(): number {
    return this.capacity - this.#taken;
  }

  /** Names of so many cells, held once each. @param count at most `free`. */
  take(count: number): number[] {
    this.#taken += count;
    return Array.from({ length: count }, () => {
      const cell = this.#given.pop() ?? this.#holders.length;
      this.#holders[cell] = 1;
      return cell;
    });
  }

  /** One more sequence holds them. */
  hold(cells: readonly number[]): void {
    for (const cell of cells) this.#holders[cell]!++;
  }

  /** One less does. */
  give(cells: readonly number[]): void {
    for (const cell of cells) {
      if (--this.#holders[cell]! > 0) continue;
      this.#given.push(cell);
      this.#taken--;
    }
  }
}
