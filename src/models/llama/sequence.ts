/** Sequences that can be continued, forked and cut, sharing one context. */
import { abortError, emptyColumns, SurprisalError } from "../../core/index.ts";
import { checkedIds, checkOpen } from "../checks.ts";
import type { ModelSequence, ScoredSpan, ScoreOptions } from "../language-model.ts";
import type { Run } from "./job.ts";
import type { OpenSequences } from "./open-sequences.ts";
import type { WhenFull } from "./places.ts";
import { Queue } from "./queue.ts";
import type { SequenceState } from "./sequence-memory.ts";

export class LlamaSequence implements ModelSequence {
  readonly #open: OpenSequences;
  readonly #state: SequenceState;
  readonly #leave: () => void;
  /** What is asked of one sequence is done in the order of asking. */
  readonly #queue = new Queue();
  #disposed = false;

  /** @param leave gives back its place. */
  constructor(open: OpenSequences, state: SequenceState, leave: () => void) {
    this.#open = open;
    this.#state = state;
    this.#leave = leave;
  }

  get length(): number {
    return this.#state.length;
  }

  async extend(ids: ArrayLike<number>, options: ScoreOptions = {}): Promise<ScoredSpan> {
    this.#assertOpen();
    const checked = checkedIds(ids, this.#open.vocabularySize);
    return this.#queue.run(() => this.#extend(checked, options));
  }

  async #extend(ids: Int32Array, { alternatives: k = 0, signal }: ScoreOptions): Promise<ScoredSpan> {
    const { reader } = this.#open;
    if (signal?.aborted) throw abortError("Scoring", signal);
    const start = this.length;
    const columns = emptyColumns(ids.length, k);
    const { logits } = this.#state;
    if (ids.length === 0) return { start, ...columns, tokensRun: 0, decodeMs: 0 };
    if (logits) reader.read(logits, ids[0]!, columns, 0, k);
    const { tokensRun, decodeMs } = await this.#open.batcher.run({
      state: this.#state,
      tokens: ids,
      read: (index, row) => {
        if (index + 1 < ids.length) reader.read(row, ids[index + 1]!, columns, index + 1, k);
      },
      signal,
    });
    return { start, ...columns, tokensRun, decodeMs };
  }

  /**
   * Runs tokens whose numbers nobody asks for.
   * @param options.whenFull "wait": for cells, and gives way to older sequences that need its own; they are run again then.
   */
  async run(ids: ArrayLike<number>, { whenFull, signal }: WhenFull): Promise<Run> {
    this.#assertOpen();
    const waits = whenFull === "wait";
    return this.#queue.run(() => {
      this.#state.givesWay = waits;
      return this.#open.batcher.run({ state: this.#state, tokens: ids, waits, signal });
    });
  }

  /** Whether so many more tokens are too many for one sequence, whoever else is there. */
  isTooLong(more: number): boolean {
    return this.length + more > this.#open.longest;
  }

  next(): Float32Array {
    return this.#open.reader.distribution(this.logits());
  }

  /** [V] the model's own logits of the next token. Throws when nothing is held yet. */
  logits(): Float32Array {
    this.#assertOpen();
    if (this.#state.logits) return this.#state.logits;
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: "An empty sequence has no next-token distribution",
      wayOut: "Extend it by at least one token first (BOS, for a model that has one).",
    });
  }

  async fork(options: WhenFull = {}): Promise<LlamaSequence> {
    this.#assertOpen();
    return this.#queue.run(() => this.#open.fork(this.#state, options));
  }

  async truncate(length: number): Promise<void> {
    this.#assertOpen();
    await this.#queue.run(async () => {
      if (!Number.isInteger(length) || length < 0 || length > this.length)
        throw new SurprisalError({
          code: "INVALID_ARGUMENT",
          what: `Cannot keep ${length} of ${this.length} tokens`,
          wayOut: `Give a whole number from 0 to ${this.length}.`,
        });
      if (length === this.length) return;
      const state = this.#state;
      const last = state.ids.slice(Math.max(length - 1, 0), length);
      const { ids, ends, logits } = state;
      const before = { ids: ids.slice(), length: state.length, ends, logits };
      await this.#open.cut(state, length - last.length);
      if (last.length === 0) return;
      try {
        await this.#open.batcher.run({ state, tokens: last }); // for the logits after it
      } catch (error) {
        Object.assign(state, before); // what is no longer in memory is run again when it goes on
        throw error;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#queue.run(() => this.#open.end(this.#state));
    this.#leave();
  }

  #assertOpen(): void {
    checkOpen(!this.#disposed, "The sequence", "Open a new one.");
  }
}
