/** Sequences that can be continued, forked and cut, sharing one context. */
import { abortError, emptyColumns, SurprisalError } from "../../core/index.ts";
import { checkedIds, checkOpen } from "../checks.ts";
import type { ModelSequence, ScoredSpan, ScoreOptions } from "../language-model.ts";
import type { LlamaContext } from "./context.ts";
import { Queue } from "./queue.ts";
import type { RowReader } from "./row-reader.ts";

/** The context that a model's open sequences live in, its free sequence ids, and the queue for using it. */
export class SequencePool extends Queue {
  readonly context: LlamaContext;
  readonly reader: RowReader;
  readonly #free: number[];

  constructor(context: LlamaContext, reader: RowReader) {
    super();
    this.context = context;
    this.reader = reader;
    this.#free = Array.from({ length: context.shape.sequences }, (_, i) => context.shape.sequences - 1 - i);
  }

  take(): number {
    const id = this.#free.pop();
    if (id !== undefined) return id;
    throw new SurprisalError({
      code: "TOO_MANY_SEQUENCES",
      what: `More than ${this.context.shape.sequences} sequences would be open at once`,
      wayOut:
        "Dispose the ones you no longer need (`await using`, or `await sequence[Symbol.asyncDispose]()`).",
    });
  }

  give(id: number): void {
    if (this.context.closed) return; // disposing the model frees every sequence
    this.context.remove(id, 0);
    this.#free.push(id);
  }
}

export class LlamaSequence implements ModelSequence {
  readonly #pool: SequencePool;
  readonly #id: number;
  readonly #vocabularySize: number;
  #ids: number[] = [];
  /** [V] logits of the next token. llama.cpp overwrites its own with every decode, so they are kept here. */
  #logits: Float32Array | null = null;
  #disposed = false;

  constructor(pool: SequencePool, vocabularySize: number) {
    this.#pool = pool;
    this.#id = pool.take();
    this.#vocabularySize = vocabularySize;
  }

  get length(): number {
    return this.#ids.length;
  }

  async extend(ids: ArrayLike<number>, options: ScoreOptions = {}): Promise<ScoredSpan> {
    this.#assertOpen();
    const checked = checkedIds(ids, this.#vocabularySize);
    return this.#pool.run(() => this.#extend(checked, options));
  }

  async #extend(ids: Int32Array, { alternatives: k = 0, signal }: ScoreOptions): Promise<ScoredSpan> {
    const { context, reader } = this.#pool;
    if (signal?.aborted) throw abortError("Scoring", signal);
    const start = this.length;
    const decodeMs = context.decodeMs;
    const columns = emptyColumns(ids.length, k);
    if (this.#logits && ids.length > 0) reader.read(this.#logits, ids[0]!, columns, 0, k);
    let logits = this.#logits;
    try {
      for (let i = 0; i < ids.length; ) {
        const first = i;
        while (i < ids.length && context.room > 0) context.add(ids[i]!, start + i++, [this.#id], true);
        await context.decode(signal);
        for (let next = first + 1; next <= Math.min(i, ids.length - 1); next++)
          reader.read(context.row(next - 1 - first), ids[next]!, columns, next, k);
        if (i === ids.length) logits = context.row(i - 1 - first).slice();
      }
    } catch (error) {
      if (!context.closed) {
        const before = this.#logits;
        await this.#keep(start);
        this.#logits = before;
      }
      throw error;
    }
    for (let i = 0; i < ids.length; i++) this.#ids.push(ids[i]!);
    this.#logits = logits;
    return { start, ...columns, tokensRun: ids.length, decodeMs: context.decodeMs - decodeMs };
  }

  next(): Float32Array {
    return this.#pool.reader.distribution(this.logits());
  }

  /** [V] the model's own logits of the next token. Throws when nothing is held yet. */
  logits(): Float32Array {
    this.#assertOpen();
    if (this.#logits) return this.#logits;
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: "An empty sequence has no next-token distribution",
      wayOut: "Extend it by at least one token first (BOS, for a model that has one).",
    });
  }

  async fork(): Promise<LlamaSequence> {
    this.#assertOpen();
    return this.#pool.run(() => {
      const copy = new LlamaSequence(this.#pool, this.#vocabularySize);
      if (this.length > 0) this.#pool.context.share(this.#id, copy.#id, this.length);
      copy.#ids = [...this.#ids];
      copy.#logits = this.#logits;
      return copy;
    });
  }

  async truncate(length: number): Promise<void> {
    this.#assertOpen();
    await this.#pool.run(async () => {
      if (!Number.isInteger(length) || length < 0 || length > this.length)
        throw new SurprisalError({
          code: "INVALID_ARGUMENT",
          what: `Cannot keep ${length} of ${this.length} tokens`,
          wayOut: `Give a whole number from 0 to ${this.length}.`,
        });
      if (length === this.length) return;
      const last = this.#ids.slice(Math.max(length - 1, 0), length);
      await this.#keep(length - last.length);
      if (last.length > 0) await this.#extend(Int32Array.from(last), {}); // for the logits after it
    });
  }

  /** Leaves the first `length` tokens in the cache, and no logits. */
  async #keep(length: number): Promise<void> {
    const { context } = this.#pool;
    const kept = Int32Array.from(this.#ids.slice(0, length));
    this.#logits = null;
    this.#ids.length = length;
    if (context.remove(this.#id, length)) return;
    context.remove(this.#id, 0); // a recurrent memory forgets all or nothing
    this.#ids.length = 0;
    if (length > 0) await this.#extend(kept, {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#pool.run(() => this.#pool.give(this.#id));
    this.#logits = null;
  }

  #assertOpen(): void {
    checkOpen(!this.#disposed, "The sequence", "Open a new one.");
  }
}
