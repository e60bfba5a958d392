/** A sequence of a TableModel. */
import { invalidArgument, type TokenColumns } from "../../core/index.ts";
import { checkOpen } from "../checks.ts";
import type { ModelSequence, ScoredSpan, ScoreOptions } from "../language-model.ts";

/** What a sequence asks of its model. */
export interface SequenceModel {
  /** @param previous per target the token before it; -1 = none. */
  read(previous: ArrayLike<number>, targets: ArrayLike<number>, options: ScoreOptions): TokenColumns;
  next(previous: number): Float32Array;
  fork(held: readonly number[]): ModelSequence;
}

export class TableSequence implements ModelSequence {
  readonly #model: SequenceModel;
  #held: number[];
  #disposed = false;

  constructor(held: readonly number[], model: SequenceModel) {
    this.#held = [...held];
    this.#model = model;
  }

  get length(): number {
    return this.#held.length;
  }

  async extend(ids: ArrayLike<number>, options: ScoreOptions = {}): Promise<ScoredSpan> {
    this.#assertOpen();
    const start = this.length;
    const all = [...this.#held, ...Array.from(ids)];
    const columns = this.#model.read([-1, ...all].slice(start, -1), ids, options);
    this.#held = all;
    return { start, ...columns, tokensRun: ids.length, decodeMs: 0 };
  }

  next(): Float32Array {
    this.#assertOpen();
    const previous = this.#held.at(-1);
    if (previous === undefined) throw invalidArgument("An empty sequence has no next-token distribution");
    return this.#model.next(previous);
  }

  async fork(): Promise<ModelSequence> {
    this.#assertOpen();
    return this.#model.fork(this.#held);
  }

  async truncate(length: number): Promise<void> {
    this.#assertOpen();
    if (!Number.isInteger(length) || length < 0 || length > this.length)
      throw invalidArgument(`Cannot keep ${length} of ${this.length} tokens`);
    this.#held.length = length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
  }

  #assertOpen(): void {
    checkOpen(!this.#disposed, "The sequence");
  }
}
