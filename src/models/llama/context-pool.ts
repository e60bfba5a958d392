/** The contexts of one model: made when they are needed, one kept for the next caller, all freed with the model. */
import type { LlamaFunctions } from "./bindings.ts";
import { type ContextSettings, type ContextShape, LlamaContext } from "./context.ts";
import type { Pointer } from "./layout.ts";
import type { Lifetime } from "./lifetime.ts";
import { giveBackMemory } from "./trim.ts";
import { type Turn, Turns } from "./turns.ts";

/** Scoring calls whose answers nobody reads on at the moment, with a context each: an order of magnitude above what is asked for. */
const MOST_BEGUN = 64;
/** How long so many may stand still while others wait, milliseconds. */
const PATIENCE_MS = 30_000;

/** A context for one caller, to be given back with `release`. */
export interface LentContext {
  context: LlamaContext;
  turn: Turn;
}

export class ContextPool {
  readonly #functions: LlamaFunctions;
  readonly #model: Pointer;
  readonly #settings: ContextSettings;
  readonly #lifetime: Lifetime;
  /** Every context made and not freed. */
  readonly #contexts = new Set<LlamaContext>();
  /**
   * Contexts nobody uses now; one is kept, because making one takes longer than scoring a short text, and all while others
   * wait for them.
   */
  #idle: LlamaContext[] = [];
  /** Contexts that decode at once: libuv has threads for no more. */
  readonly #turns = new Turns({ places: decodesAtOnce(), most: MOST_BEGUN, patienceMs: PATIENCE_MS });

  constructor(functions: LlamaFunctions, model: Pointer, settings: ContextSettings, lifetime: Lifetime) {
    this.#functions = functions;
    this.#model = model;
    this.#settings = settings;
    this.#lifetime = lifetime;
  }

  /** Most tokens per decode call of its contexts. */
  get batch(): number {
    return this.#settings.batch;
  }

  /**
   * A context with room for `shape.cells` positions at least, for `release`; two callers never share one. Waits while as many
   * are at work as can be.
   * @throws SurprisalError OUT_OF_MEMORY, ABORTED, MODEL_DISPOSED, TOO_MANY_CALLS.
   */
  async acquire(shape: ContextShape, signal?: AbortSignal): Promise<LentContext> {
    const { closing } = this.#lifetime;
    const turn = await this.#turns.enter(signal, closing, () => this.#lifetime.assertOpen());
    try {
      const fits = this.#idle.findIndex(({ shape: { cells } }) => cells >= shape.cells);
      const [idle] = this.#idle.splice(Math.max(fits, 0), 1);
      if (idle && fits >= 0) return { context: idle, turn };
      if (idle) await this.free(idle);
      return { context: await this.create(shape), turn };
    } catch (error) {
      turn.leave();
      throw error;
    }
  }

  async release({ context, turn }: LentContext): Promise<void> {
    try {
      if (this.#lifetime.closing.aborted) return; // disposing frees every context
      this.#idle.push(context);
      if (this.#turns.waiting > 0) return;
      for (const each of this.#idle.splice(0, this.#idle.length - 1)) await this.free(each);
    } finally {
      turn.leave();
    }
  }

  /** A context of its own, for `free`. */
  async create(shape: ContextShape): Promise<LlamaContext> {
    return this.#lifetime.run(async () => {
      const context = await LlamaContext.create(
        this.#functions,
        this.#model,
        shape,
        this.#settings,
        this.#lifetime,
      );
      this.#contexts.add(context); // before disposing goes on, which frees what is here
      return context;
    });
  }

  async free(context: LlamaContext): Promise<void> {
    if (this.#lifetime.closing.aborted || !this.#contexts.delete(context)) return;
    await this.#lifetime.run(() => context.dispose());
    giveBackMemory();
  }

  /** Frees them all, once the lifetime is closed. */
  async dispose(): Promise<void> {
    for (const context of this.#contexts) await context.dispose();
    this.#contexts.clear();
    this.#idle = [];
  }
}

/** Threads of libuv, on which native calls run. */
function decodesAtOnce(): number {
  const threads = Number(process.env.UV_THREADPOOL_SIZE);
  return Number.isInteger(threads) && threads > 0 ? Math.min(threads, MOST_BEGUN) : DEFAULT_LIBUV_THREADS;
}

const DEFAULT_LIBUV_THREADS = 4;
