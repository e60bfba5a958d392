/** The context that a model's open sequences live in, the places in it, and who may have them. */
import { SurprisalError, whenAborted } from "../../core/index.ts";
import { Batcher } from "./batcher.ts";
import type { LlamaContext } from "./context.ts";
import type { Lifetime } from "./lifetime.ts";
import { Places, type WhenFull } from "./places.ts";
import { PrefixCache } from "./prefix-cache.ts";
import type { RowReader } from "./row-reader.ts";
import { LlamaSequence } from "./sequence.ts";
import { SequenceMemory, type SequenceState } from "./sequence-memory.ts";

/** How long is waited for places or cells while nothing goes on, milliseconds. */
const PATIENCE_MS = 30_000;

export interface OpenSequencesOptions {
  /** What runs at the same moment is run together. */
  together: boolean;
  /** A part of the memory is a state per sequence, which cannot be cut or shared in parts. */
  recurrent: boolean;
  /** A part of it is a row of cells. */
  bounded: boolean;
  /** Tokens that one sequence may hold. */
  longest: number;
  /** Open at once, answers that are being written among them. */
  places: number;
  /** Prompts of several answers that are held for those that have not begun, and what is kept for later calls. */
  spare: number;
  /** What may be kept of ended sequences, bytes. Default: half of the cells. */
  prefixCacheBytes: number | undefined;
  patienceMs?: number | undefined;
}

export class OpenSequences {
  readonly batcher: Batcher;
  readonly reader: RowReader;
  readonly vocabularySize: number;
  /** Tokens that one sequence may hold. */
  readonly longest: number;
  readonly #context: LlamaContext;
  readonly #memory: SequenceMemory;
  readonly #cache: PrefixCache;
  readonly #lifetime: Lifetime;
  readonly #places: Places;
  readonly #held: Places;
  readonly #free: number[];
  readonly #prefixCacheBytes: number | undefined;
  #cellBytes: number | null = null;
  #age = 0;

  /** @param context with `places + spare` sequences, or one that is never shared. */
  constructor(context: LlamaContext, reader: RowReader, lifetime: Lifetime, options: OpenSequencesOptions) {
    const { together, recurrent, bounded, places, spare, patienceMs = PATIENCE_MS } = options;
    this.#context = context;
    this.#lifetime = lifetime;
    this.reader = reader;
    this.vocabularySize = context.shape.rowLength;
    this.#memory = new SequenceMemory(context, { together, bounded });
    this.#free = Array.from({ length: places + spare }, (_, i) => places + spare - 1 - i);
    this.#prefixCacheBytes = options.prefixCacheBytes;
    const shares = together && !recurrent;
    const budget = (state: SequenceState) => (shares ? this.#budget(state) : 0);
    this.#cache = new PrefixCache(this.#memory, budget, ({ id }) => this.#free.push(id));
    this.longest = bounded ? options.longest : Number.POSITIVE_INFINITY;
    this.batcher = new Batcher(context, this.#memory, this.#cache, {
      together,
      sharesPrefixes: shares,
      longest: this.longest,
      patienceMs,
    });
    const progress = () => this.batcher.decodes;
    const busy = () => this.batcher.isDecoding;
    this.#places = new Places({ places, full: tooManySequences, progress, busy, patienceMs });
    this.#held = new Places({ places: spare, full: tooManyPrompts, progress, busy, patienceMs });
    whenAborted(lifetime.closing, () => {
      const error = disposed(context);
      if (error) for (const each of [this.#places, this.#held, this.batcher]) each.close(error);
    });
  }

  /** An empty sequence. @throws SurprisalError TOO_MANY_SEQUENCES, ABORTED, MODEL_DISPOSED. */
  async open(options: WhenFull = {}): Promise<LlamaSequence> {
    return this.#enter(this.#places, options, () => {});
  }

  /** An empty sequence that holds a prompt for several answers, and takes the place of none. */
  async hold(options: WhenFull = {}): Promise<LlamaSequence> {
    return this.#enter(this.#held, options, () => {});
  }

  async fork(from: SequenceState, options: WhenFull): Promise<LlamaSequence> {
    return this.#enter(this.#places, options, (copy) => {
      this.#memory.share(from, copy, from.length);
      copy.ids = from.ids.slice(0, from.length);
      copy.length = from.length;
      copy.ends = from.ends.slice();
      copy.logits = from.logits?.slice() ?? null;
    });
  }

  async #enter(
    places: Places,
    options: WhenFull,
    begin: (state: SequenceState) => void,
  ): Promise<LlamaSequence> {
    this.#lifetime.assertOpen();
    await places.enter(options);
    try {
      return await this.batcher.between(() => {
        const state = this.#newState();
        try {
          begin(state);
        } catch (error) {
          this.#free.push(state.id);
          throw error;
        }
        this.batcher.add(state);
        return new LlamaSequence(this, state, () => places.leave());
      });
    } catch (error) {
      places.leave();
      throw error;
    }
  }

  #newState(): SequenceState {
    this.#lifetime.assertOpen();
    if (this.#free.length === 0) this.#cache.evict();
    const id = this.#free.pop()!; // there is one per place, and kept ones have given way
    return { id, age: this.#age++, ids: [], length: 0, cells: [], ends: [], logits: null, givesWay: false };
  }

  /** Leaves the first tokens, and no logits. */
  async cut(state: SequenceState, length: number): Promise<void> {
    await this.batcher.between(() => {
      this.#memory.cut(state, Math.min(length, state.cells.length));
      state.ids.length = length;
      state.length = length;
      state.ends = state.ends.filter((end) => end <= length);
      state.logits = null;
    });
  }

  /** What it holds is kept for others, or forgotten. */
  async end(state: SequenceState): Promise<void> {
    if (this.#context.closed) return; // disposing the model frees every sequence
    await this.batcher.between(() => {
      if (this.#context.closed) return;
      this.batcher.remove(state);
      this.#cache.keep(state);
    });
  }

  /** Cells that may be kept. */
  #budget({ id, cells }: SequenceState): number {
    if (this.#prefixCacheBytes === undefined) return Math.floor(this.#context.shape.cells / 2);
    this.#cellBytes ??= this.#context.bytesOf(id) / cells.length; // with a few bytes of a header
    return Math.floor(this.#prefixCacheBytes / this.#cellBytes);
  }
}

function tooManySequences(places: number): SurprisalError {
  return new SurprisalError({
    code: "TOO_MANY_SEQUENCES",
    what: `More than ${places} sequences would be open at once`,
    wayOut:
      'Dispose the ones you no longer need (`await using`, or `await sequence[Symbol.asyncDispose]()`), read the answers that have begun, or let it wait (whenFull: "wait").',
  });
}

function tooManyPrompts(places: number): SurprisalError {
  return new SurprisalError({
    code: "TOO_MANY_SEQUENCES",
    what: `More than ${places} prompts would be held at once for answers that have not begun`,
    wayOut: "Read the answers of a sample, or close those that nobody reads (`return()`).",
  });
}

/** What an operation of a disposed model is refused with. */
function disposed(context: LlamaContext): SurprisalError | null {
  try {
    context.assertOpen();
    return null;
  } catch (error) {
    if (SurprisalError.isInstance(error)) return error;
    throw error;
  }
}
