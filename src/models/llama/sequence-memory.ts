/** What the sequences of a context hold there: how it is shared, cut and dropped, and how many cells it takes. */
import { Cells } from "./cells.ts";
import type { LlamaContext } from "./context.ts";

/** A sequence as the context knows it. */
export interface SequenceState {
  /** What it is told apart by. */
  readonly id: number;
  /** The later a sequence began, the higher. */
  readonly age: number;
  /** Its tokens, those that are being run among them. */
  ids: number[];
  /** Tokens that it holds: what is beyond them in `ids` is being run. */
  length: number;
  /**
   * Cells of its first tokens, as many as lie in memory. The others have to be run again: they were given up for another
   * sequence, or a recurrent memory could not be cut.
   */
  cells: number[];
  /** Where the tokens that were run at once end, in a sequence that is run alone: run again, they have the same digits so. */
  ends: number[];
  /** [V] logits of the token after `length`. llama.cpp overwrites its own with every decode call, so they are kept here. */
  logits: Float32Array | null;
  /** It may be given up for an older one that needs its cells. */
  givesWay: boolean;
}

/** How llama.cpp is told. */
interface Placing {
  /** The number of a sequence in a batch. */
  number(state: SequenceState): number;
  /** Before the tokens of a batch are decoded. */
  prepare(state: SequenceState): void;
  /** `to` is empty. @param length of what `from` has in memory. */
  share(from: SequenceState, to: SequenceState, length: number): void;
  /** @returns whether it could. */
  cut(state: SequenceState, length: number): boolean;
}

export class SequenceMemory {
  readonly cells: Cells;
  /** Sequences have common beginnings in the same cells. */
  readonly shares: boolean;
  readonly #placing: Placing;

  /**
   * @param together false: each lies in memory as if it were alone, so that its digits are those of one at a time.
   * @param bounded false: the memory is a state per sequence, whatever its length.
   */
  constructor(context: LlamaContext, { together, bounded }: { together: boolean; bounded: boolean }) {
    this.cells = new Cells(bounded ? context.shape.cells : Number.POSITIVE_INFINITY);
    this.shares = together;
    this.#placing = together ? sideBySide(context) : new OneAtATime(context);
  }

  numberOf(state: SequenceState): number {
    return this.#placing.number(state);
  }

  prepare(state: SequenceState): void {
    this.#placing.prepare(state);
  }

  /** Lets `to`, which is empty, have the first tokens of `from` too, `length` at most: those that lie in memory, where there are cells. */
  share(from: SequenceState, to: SequenceState, length: number): void {
    const common = from.cells.slice(0, length);
    if (common.length === 0 || (!this.shares && this.cells.free < common.length)) return;
    this.#placing.share(from, to, common.length);
    if (this.shares) this.cells.hold(common);
    to.cells = this.shares ? common : this.cells.take(common.length);
  }

  /** Leaves the first `length` tokens in memory at most. */
  cut(state: SequenceState, length: number): void {
    if (state.cells.length === 0 && length > 0) return;
    const left = this.#placing.cut(state, length) ? length : 0;
    if (left === 0 && length > 0) this.#placing.cut(state, 0); // a recurrent memory forgets all or nothing
    this.cells.give(state.cells.splice(left));
  }
}

/** Every sequence has its number, and those with a common past its cells. */
function sideBySide(context: LlamaContext): Placing {
  return {
    number: ({ id }) => id,
    prepare() {},
    share: (from, to, length) => context.share(from.id, to.id, length),
    cut: ({ id }, length) => context.remove(id, length),
  };
}

/** One sequence is in the context, as it would be alone, to the place of every cell; the others are saved aside. */
class OneAtATime implements Placing {
  readonly #context: LlamaContext;
  readonly #saved = new Map<number, Uint8Array>();
  #inside: number | null = null;

  constructor(context: LlamaContext) {
    this.#context = context;
  }

  number(): number {
    return 0;
  }

  prepare({ id }: SequenceState): void {
    if (this.#inside === id) return;
    this.#save();
    this.#context.clear();
    this.#inside = null;
    const saved = this.#saved.get(id);
    if (saved) this.#context.restore(0, saved);
    this.#saved.delete(id);
    this.#inside = id;
  }

  share(from: SequenceState, to: SequenceState, length: number): void {
    if (this.#inside === from.id) this.#save();
    const saved = this.#saved.get(from.id);
    if (saved) this.#saved.set(to.id, saved); // never changed, so both may have it
    if (length < from.cells.length) this.cut(to, length);
  }

  cut(state: SequenceState, length: number): boolean {
    if (length > 0) {
      this.prepare(state);
      return this.#context.remove(0, length);
    }
    this.#saved.delete(state.id);
    if (this.#inside !== state.id) return true;
    this.#context.clear();
    this.#inside = null;
    return true;
  }

  /** What is inside stays there. */
  #save(): void {
    if (this.#inside !== null) this.#saved.set(this.#inside, this.#context.save(0));
  }
}
