/**
 * What ended sequences held, kept for later ones that begin alike: the least recently used goes first when there are more
 * than the budget's cells, or when others need cells or numbers.
 */
import type { SequenceMemory, SequenceState } from "./sequence-memory.ts";

/**
 * Tokens that two sequences must have in common to share them: with quantised weights the digits depend on what is run
 * together, and to run fewer once more takes no time.
 */
export const LEAST_SHARED = 32;

export class PrefixCache {
  readonly #memory: SequenceMemory;
  readonly #budget: (state: SequenceState) => number;
  readonly #forget: (state: SequenceState) => void;
  /** The most recently used last. */
  readonly #kept: SequenceState[] = [];
  /** [cells] kept sequences that hold each. */
  readonly #holders = new Map<number, number>();

  /**
   * @param budget cells that may be kept, of which this sequence is told; 0: nothing.
   * @param forget called with what is no longer kept.
   */
  constructor(
    memory: SequenceMemory,
    budget: (state: SequenceState) => number,
    forget: (state: SequenceState) => void,
  ) {
    this.#memory = memory;
    this.#budget = budget;
    this.#forget = forget;
  }

  get kept(): readonly SequenceState[] {
    return this.#kept;
  }

  /** Cells that it keeps, each counted once. */
  get cells(): number {
    return this.#holders.size;
  }

  /** Takes a sequence that has ended, or as much of its beginning as may be kept, or forgets it. */
  keep(state: SequenceState): void {
    state.ids.length = state.cells.length;
    state.length = state.cells.length;
    state.logits = null;
    const held = this.#kept.find((kept) => common(kept.ids, state.ids) === state.length);
    if (held) this.touch(held);
    const budget = held || state.length < LEAST_SHARED ? 0 : this.#budget(state);
    if (budget < LEAST_SHARED) {
      this.#drop(state);
      return;
    }
    this.#memory.cut(state, budget);
    state.ids.length = state.cells.length;
    state.length = state.cells.length;
    for (const kept of [...this.#kept]) if (common(kept.ids, state.ids) === kept.length) this.#evict(kept);
    this.#kept.push(state);
    for (const cell of state.cells) this.#holders.set(cell, (this.#holders.get(cell) ?? 0) + 1);
    while (this.cells > budget) this.evict();
  }

  /** It was used. */
  touch(state: SequenceState): void {
    const at = this.#kept.indexOf(state);
    if (at >= 0) this.#kept.push(...this.#kept.splice(at, 1));
  }

  /** Forgets the least recently used. @returns whether there was one. */
  evict(): boolean {
    const [oldest] = this.#kept;
    if (oldest) this.#evict(oldest);
    return oldest !== undefined;
  }

  #evict(state: SequenceState): void {
    this.#kept.splice(this.#kept.indexOf(state), 1);
    for (const cell of state.cells) {
      const left = this.#holders.get(cell)! - 1;
      if (left > 0) this.#holders.set(cell, left);
      else this.#holders.delete(cell);
    }
    this.#drop(state);
  }

  #drop(state: SequenceState): void {
    this.#memory.cut(state, 0);
    this.#forget(state);
  }
}

/** Length of the common beginning. */
export function common(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
