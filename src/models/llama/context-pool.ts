/** The contexts of one model: made when they are needed, one kept for the next caller, all freed with the model. */
import type { LlamaFunctions } from "./bindings.ts";
import { type ContextSettings, type ContextShape, LlamaContext } from "./context.ts";
import type { Pointer } from "./layout.ts";
import type { Lifetime } from "./lifetime.ts";

export class ContextPool {
  readonly #functions: LlamaFunctions;
  readonly #model: Pointer;
  readonly #settings: ContextSettings;
  readonly #lifetime: Lifetime;
  /** Every context made and not freed. */
  readonly #contexts = new Set<LlamaContext>();
  /** A context nobody uses now; kept, because making one takes longer than scoring a short text. */
  #idle: LlamaContext | null = null;

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

  /** A context with room for `shape.cells` positions at least, for `release`; two callers never share one. */
  async acquire(shape: ContextShape): Promise<LlamaContext> {
    const idle = this.#idle;
    this.#idle = null;
    if (idle && idle.shape.cells >= shape.cells) return idle;
    if (idle) await this.free(idle);
    return this.create(shape);
  }

  async release(context: LlamaContext): Promise<void> {
    if (this.#lifetime.closing.aborted) return; // disposing frees every context
    if (this.#idle) await this.free(context);
    else this.#idle = context;
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
  }

  /** Frees them all, once the lifetime is closed. */
  async dispose(): Promise<void> {
    for (const context of this.#contexts) await context.dispose();
    this.#contexts.clear();
    this.#idle = null;
  }
}
