/** The contexts that score texts: one kind for short texts where floats cost little, one for all others. */
import type { WindowPlan } from "../../core/index.ts";
import type { EncodedRequest } from "../encode-request.ts";
import { type ContextShape, type LlamaContext, MAX_SEQUENCES } from "./context.ts";
import type { ContextPool, LentContext } from "./context-pool.ts";
import { lengthOf, positionsOf } from "./float-cache.ts";

/** Sequences of a recurrent memory, which keeps a whole state for each: one to run and one to keep. */
const RECURRENT_SEQUENCES = 2;

export class ScoringContexts {
  readonly #usual: ContextPool;
  /** For texts of at most so many tokens. */
  readonly #short: { tokens: number; pool: ContextPool } | null;
  readonly #rowLength: number;
  readonly #recurrent: boolean;

  constructor(
    usual: ContextPool,
    short: { tokens: number; pool: ContextPool } | null,
    { rowLength, recurrent }: Pick<ContextShape, "rowLength"> & { recurrent: boolean },
  ) {
    this.#usual = usual;
    this.#short = short;
    this.#rowLength = rowLength;
    this.#recurrent = recurrent;
  }

  /** What `carryOut` makes of a plan, in a context for it; two callers never share one. */
  async *forPlan<Item>(
    plan: WindowPlan,
    documentTokens: number,
    carryOut: (context: LlamaContext) => AsyncIterable<Item>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Item> {
    const pool = this.#poolFor(lengthOf(plan, documentTokens));
    const cells = pool === this.#usual ? plan.context : positionsOf(plan, documentTokens);
    const lent = await this.#acquire(pool, cells, signal);
    try {
      for await (const item of carryOut(lent.context)) {
        lent.turn.pause();
        yield item;
        lent.turn.resume();
      }
    } finally {
      await pool.release(lent);
    }
  }

  /**
   * The answers to requests in their order, short requests in a context of their own.
   * @param score answers some of them in their order; `indices` says which they are.
   */
  async *forRequests<Answer>(
    requests: readonly EncodedRequest[],
    score: (
      context: LlamaContext,
      requests: readonly EncodedRequest[],
      indices: readonly number[],
    ) => AsyncGenerator<Answer, void, void>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Answer> {
    const poolOf = ({ input }: EncodedRequest) => this.#poolFor(input.length);
    const streams = new Map<ContextPool, { lent: LentContext; answers: AsyncGenerator<Answer, void> }>();
    const turns = () => [...streams.values()].map(({ lent }) => lent.turn);
    try {
      // Always in this order: two callers that each wait for what the other has would wait for ever.
      for (const pool of new Set([this.#usual, ...requests.map(poolOf)])) {
        const indices = [...requests.keys()].filter((i) => poolOf(requests[i]!) === pool);
        if (indices.length === 0) continue;
        const some = indices.map((i) => requests[i]!);
        const longest = some.reduce((most, { input }) => Math.max(most, input.length), 0);
        const lent = await this.#acquire(pool, longest + pool.batch, signal);
        streams.set(pool, { lent, answers: score(lent.context, some, indices) });
      }
      for (const request of requests) {
        const answer = await streams.get(poolOf(request))!.answers.next();
        if (answer.done) continue;
        for (const turn of turns()) turn.pause();
        yield answer.value;
        for (const turn of turns()) turn.resume();
      }
    } finally {
      for (const [pool, { lent, answers }] of streams) {
        await answers.return();
        await pool.release(lent);
      }
    }
  }

  /** The contexts that score a text of so many tokens; it depends on nothing else, so that every run chooses alike. */
  #poolFor(tokens: number): ContextPool {
    return this.#short && tokens <= this.#short.tokens ? this.#short.pool : this.#usual;
  }

  #acquire(pool: ContextPool, cells: number, signal: AbortSignal | undefined): Promise<LentContext> {
    const sequences = this.#recurrent
      ? RECURRENT_SEQUENCES
      : Math.min(Math.max(pool.batch, 2), MAX_SEQUENCES);
    return pool.acquire({ cells, sequences, rowLength: this.#rowLength, output: "logits" }, signal);
  }
}
