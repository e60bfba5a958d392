/**
 * Several texts read side by side, one token of each per decode call. Whoever reads the same tokens again with the same settings, engine
 * and kernels sees the same logits, bit for bit, because every call has the same shape: what a codec needs, whose reader knows a token only
 * once it is decoded. Nothing else runs in its context.
 */
import { invalidArgument } from "../../core/index.ts";
import { type ContextShape, type LlamaContext, MAX_SEQUENCES } from "./context.ts";
import { integer } from "./placement.ts";

/** Options of `LlamaModel.lockstep`. */
export interface LockstepOptions {
  /** Texts, 1 ... 256. */
  sequences: number;
  /** Tokens that the model sees at most, the first one included; at least 2. */
  context: number;
  /** Once the context is full, tokens of it that the model is given again, 0 ... context - 2. */
  keep: number;
  /** The token before the first of every text. */
  start: number;
  signal?: AbortSignal | undefined;
}

const MOST_CONTEXT = 2 ** 24;

/** What `Lockstep` stands on. */
interface Source {
  create(shape: ContextShape): Promise<LlamaContext>;
  free(context: LlamaContext): Promise<void>;
}

export class Lockstep implements AsyncDisposable {
  readonly #context: LlamaContext;
  readonly #source: Source;
  readonly #options: LockstepOptions;
  /** Sequences that have not ended, ascending. */
  #live: readonly number[];
  /** [sequences][context] what each sequence holds, from its first position on. */
  readonly #held: readonly Int32Array[];
  #length = 0;
  /** [sequences] row of outputs; -1: it has ended. */
  readonly #rows: Int32Array;

  private constructor(context: LlamaContext, source: Source, options: LockstepOptions) {
    this.#context = context;
    this.#source = source;
    this.#options = options;
    this.#live = Array.from({ length: options.sequences }, (_, i) => i);
    this.#held = this.#live.map(() => new Int32Array(options.context));
    this.#rows = new Int32Array(options.sequences).fill(-1);
  }

  /**
   * Opens a context and reads the first token of every text.
   * @throws SurprisalError INVALID_ARGUMENT, OUT_OF_MEMORY, ABORTED
   */
  static async open(source: Source, rowLength: number, options: LockstepOptions): Promise<Lockstep> {
    const { sequences, context, keep } = options;
    integer("sequences", sequences, 1, MAX_SEQUENCES);
    integer("context", context, 2, MOST_CONTEXT);
    integer("keep", keep, 0, context - 2);
    const own = await source.create({
      cells: context,
      sequences,
      rowLength,
      output: "logits",
      separate: true,
    });
    const lockstep = new Lockstep(own, source, options);
    try {
      if (own.room < sequences)
        throw invalidArgument(
          `${sequences} sequences do not fit into a batch of ${own.room} tokens`,
          "sequences",
          "Take fewer, or load the model with a larger batchSize.",
        );
      await lockstep.#read([new Int32Array(sequences).fill(options.start)]);
    } catch (error) {
      await lockstep[Symbol.asyncDispose]();
      throw error;
    }
    return lockstep;
  }

  /** Sequences that have not ended, ascending. */
  get live(): readonly number[] {
    return this.#live;
  }

  /** [V] logits of the next token of a sequence that has not ended; valid until the next step. */
  row(sequence: number): Float32Array {
    return this.#context.row(this.#rows[sequence]!);
  }

  /**
   * Reads one more token of each live sequence.
   * @param tokens [sequences] -1: it ends here, for good. Of ended ones it is not looked at.
   * @throws SurprisalError ABORTED, ENGINE_FAILED, MODEL_DISPOSED: then it is of no more use.
   */
  async step(tokens: Int32Array): Promise<void> {
    if (tokens.length !== this.#options.sequences)
      throw invalidArgument(
        `${tokens.length} tokens for ${this.#options.sequences} sequences`,
        "tokens",
        "Give one for each sequence, -1 where it ends.",
      );
    this.#live = this.#live.filter((sequence) => tokens[sequence]! >= 0);
    this.#rows.fill(-1);
    if (this.#live.length === 0) return;
    await this.#read(this.#length < this.#options.context ? [tokens] : this.#afresh(tokens));
  }

  /** Forgets everything; @returns what is to be read instead: the first token, the last ones, and `tokens`. */
  #afresh(tokens: Int32Array): Int32Array[] {
    const { keep, sequences, start } = this.#options;
    this.#context.clear();
    const first = this.#length - keep;
    this.#length = 0;
    const kept = Array.from({ length: keep }, (_, i) =>
      Int32Array.from(this.#held, (held) => held[first + i]!),
    );
    return [new Int32Array(sequences).fill(start), ...kept, tokens];
  }

  /** Reads columns of tokens; only the last gives rows. All rows come from one decode call. */
  async #read(columns: readonly Int32Array[]): Promise<void> {
    const live = this.#live;
    for (const [i, tokens] of columns.entries()) {
      if (this.#context.room < live.length) await this.#context.decode(this.#options.signal);
      for (const sequence of live) {
        this.#held[sequence]![this.#length] = tokens[sequence]!;
        const output = i === columns.length - 1;
        const row = this.#context.add(tokens[sequence]!, this.#length, [sequence], output);
        if (output) this.#rows[sequence] = row;
      }
      this.#length++;
    }
    await this.#context.decode(this.#options.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.free(this.#context);
  }
}
