/**
 * Where batches are run: some contexts of one thread each, side by side.
 *
 * The threads of one context wait for each other after every operation, spinning, and on a busy machine they wait for whichever has
 * lost its core: with two threads a batch took up to ten times as long as with one. Contexts do not wait for each other.
 */
import type { LlamaContext } from "../context.ts";
import type { ContextPool } from "../context-pool.ts";
import { Queue } from "../queue.ts";

interface Place {
  /** One batch after the other. */
  queue: Queue;
  /** Batches that run or wait there. */
  pending: number;
  context: LlamaContext | null;
}

/** What the contexts are made for. */
export interface EncoderContextShape {
  /** Tokens that the smallest context takes. */
  cells: number;
  sequences: number;
  /** Length of a vector. */
  rowLength: number;
}

export class EncoderContexts {
  readonly #pool: ContextPool;
  readonly #shape: EncoderContextShape;
  readonly #places: readonly Place[];

  /** @param count contexts side by side. */
  constructor(pool: ContextPool, shape: EncoderContextShape, count: number) {
    this.#pool = pool;
    this.#shape = shape;
    this.#places = Array.from({ length: count }, () => ({ queue: new Queue(), pending: 0, context: null }));
  }

  get count(): number {
    return this.#places.length;
  }

  /** Runs a batch of so many tokens where the fewest wait. @throws SurprisalError OUT_OF_MEMORY, MODEL_DISPOSED, and what `work` throws */
  async run<Result>(tokens: number, work: (context: LlamaContext) => Promise<Result>): Promise<Result> {
    const place = this.#places.reduce((best, each) => (each.pending < best.pending ? each : best));
    place.pending++;
    try {
      return await place.queue.run(async () => work(await this.#contextOf(place, tokens)));
    } finally {
      place.pending--;
    }
  }

  /** The one context of a place, made anew when it is too small. */
  async #contextOf(place: Place, tokens: number): Promise<LlamaContext> {
    const old = place.context;
    if (old && old.shape.cells >= tokens) return old;
    place.context = null;
    if (old) await this.#pool.free(old);
    const { cells, ...shape } = this.#shape;
    place.context = await this.#pool.create({
      ...shape,
      cells: Math.max(cells, tokens),
      output: "embeddings",
    });
    return place.context;
  }
}
