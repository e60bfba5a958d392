/**
 * Continuous batching: what several sequences wait for at the same moment is run in one decode call. Between two calls
 * sequences join, leave, fork and are cut; long prompts are run in pieces.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { abortError, type SurprisalError, whenAborted } from "../../core/index.ts";
import { type Piece, planBatch } from "./batch-plan.ts";
import type { LlamaContext } from "./context.ts";
import { type Job, type Row, type Run, tooManyTokens, type Work } from "./job.ts";
import { common, LEAST_SHARED, type PrefixCache } from "./prefix-cache.ts";
import type { SequenceMemory, SequenceState } from "./sequence-memory.ts";

export interface BatcherOptions {
  /** false: one sequence in a decode call. */
  together: boolean;
  /** What one sequence has run is shared with others that begin alike. */
  sharesPrefixes: boolean;
  /** Tokens that one may hold. */
  longest: number;
  /** How long is waited for cells while nothing goes on, milliseconds. */
  patienceMs: number;
}

/** So long after something last went on, an answer is one that nobody reads. Milliseconds. */
const UNREAD_MS = 1000;
/** Turns of the event loop in which those whose tokens were just run may come back with the next. */
const MOST_TURNS = 3;

export class Batcher {
  readonly #context: LlamaContext;
  readonly #memory: SequenceMemory;
  readonly #cache: PrefixCache;
  readonly #options: BatcherOptions;
  readonly #states = new Set<SequenceState>();
  readonly #jobs = new Set<Job>();
  /** Those whose tokens were run last, and who have not come back. */
  readonly #away = new Set<SequenceState>();
  #between: (() => void)[] = [];
  #decoding: { pieces: readonly Piece<Job>[]; abort: AbortController } | null = null;
  #running = false;
  #decodes = 0;
  #arrivals = 0;
  #stuck: NodeJS.Timeout | null = null;
  /** Nothing went on, so who waits may have the cells of those that nobody reads. */
  #takesUnread = false;

  /**
   */
  constructor(context: LlamaContext, memory: SequenceMemory, cache: PrefixCache, options: BatcherOptions) {
    this.#context = context;
    this.#memory = memory;
    this.#cache = cache;
    this.#options = options;
  }

  /** Decode calls so far. */
  get decodes(): number {
    return this.#decodes;
  }

  /** One is under way. */
  get isDecoding(): boolean {
    return this.#decoding !== null;
  }

  add(state: SequenceState): void {
    this.#states.add(state);
  }

  /** No job of it may wait. */
  remove(state: SequenceState): void {
    this.#states.delete(state);
    this.#away.delete(state);
    this.#wake();
  }

  /**
   * Runs tokens; the sequence holds them afterwards, or is as it was.
   * @throws SurprisalError CONTEXT_EXCEEDED; ABORTED, ENGINE_FAILED, MODEL_DISPOSED, what `read` throws.
   */
  run(work: Work): Promise<Run> {
    const { state, tokens, signal } = work;
    return new Promise((resolve, reject) => {
      this.#away.delete(state);
      this.#context.assertOpen();
      if (signal?.aborted) throw abortError("Scoring", signal);
      for (let i = 0; i < tokens.length; i++) state.ids.push(tokens[i]!);
      const job: Job = {
        work,
        cells: null,
        served: this.#decodes,
        get left() {
          return state.ids.length - state.cells.length;
        },
        failed: null,
        tokensRun: 0,
        shared: 0,
        decodeMs: 0,
        resolve,
        reject,
        off: () => {},
      };
      job.off = whenAborted(signal, () => this.#abort(job));
      this.#jobs.add(job);
      this.#arrivals++;
      this.#wake();
    });
  }

  /** Does something with the memory that must not be done during a decode call. */
  async between<Result>(operation: () => Result): Promise<Result> {
    if (this.#decoding)
      await new Promise<void>((go) => {
        this.#between.push(go);
      });
    const result = operation();
    this.#wake();
    return result;
  }

  /** Ends all that waits. */
  close(error: SurprisalError): void {
    for (const job of this.#jobs) if (!this.#isDecoding(job)) this.#fail(job, error);
  }

  #wake(): void {
    if (this.#running || this.#jobs.size === 0) return;
    this.#running = true;
    void this.#loop()
      .catch((error: unknown) => {
        for (const job of this.#jobs) this.#fail(job, error);
      })
      .finally(() => {
        this.#running = false;
      });
  }

  async #loop(): Promise<void> {
    for (;;) {
      await this.#gather();
      if (this.#context.closed) return;
      const pieces = this.#compose();
      if (pieces.length === 0) return;
      await this.#decode(pieces);
    }
  }

  /** What is asked for at the same moment comes in within a turn of the event loop or two. */
  async #gather(): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const before = this.#arrivals;
      await nextTurn();
      if (this.#arrivals === before && this.#away.size === 0) break;
    }
    this.#away.clear();
  }

  #compose(): Piece<Job>[] {
    this.#letIn();
    const ready = [...this.#jobs].filter((job) => job.cells !== null);
    const waiting = ready.map((job) => ({ job, left: this.#next(job), served: job.served }));
    this.#watch(ready.length === 0 && this.#jobs.size > 0);
    if (ready.length > 0) this.#takesUnread = false;
    const oldest = waiting.reduce((a, b) => (b.served < a.served ? b : a), waiting[0]!);
    const plan = this.#options.together ? waiting : waiting.filter((each) => each === oldest);
    return planBatch(plan, this.#context.room).map(({ item, count }) => ({ item: item.job, count }));
  }

  /** How many tokens may be run at once. */
  #next({ left, work: { state } }: Job): number {
    const held = state.cells.length;
    const end = this.#options.together ? undefined : state.ends.find((each) => each > held);
    return end === undefined ? left : Math.min(left, end - held);
  }

  /** Keeps cells for those who can have them, the older sequences first. */
  #letIn(): void {
    const waiting = [...this.#jobs]
      .filter((job) => job.cells === null)
      .sort((a, b) => a.work.state.age - b.work.state.age);
    let isBlocked = false; // by one that came before it and waits: that would never have enough otherwise
    for (const job of waiting) {
      const { state, waits = false } = job.work;
      const { cells } = this.#memory;
      if (state.ids.length > this.#options.longest) this.#fail(job, this.#tooMany(job));
      else if (waits && isBlocked && state.cells.length === 0) continue;
      else if (this.#share(job) === "later") continue;
      else if (this.#makeRoom(job)) job.cells = cells.take(job.left);
      else if (waits) isBlocked = true;
      else this.#fail(job, this.#tooMany(job));
    }
  }

  /** @returns "later": another one is running what both begin with. */
  #share(job: Job): "now" | "later" {
    const { state, read } = job.work;
    const most = read ? state.length : state.ids.length - 1;
    if (!this.#options.sharesPrefixes || state.cells.length > 0 || most < LEAST_SHARED) return "now";
    let best: { from: SequenceState; length: number; later: number } | null = null;
    for (const from of [...this.#states, ...this.#cache.kept]) {
      if (from === state) continue;
      const alike = Math.min(common(from.ids, state.ids), most);
      const length = Math.min(alike, from.cells.length);
      const isRunning =
        length < alike && [...this.#jobs].some((other) => other.cells && other.work.state === from);
      const later = isRunning ? alike : length;
      if (!best || later > best.later || (later === best.later && length > best.length))
        best = { from, length, later };
    }
    if (!best || best.later < LEAST_SHARED) return "now";
    if (best.later > best.length) return "later";
    this.#memory.share(best.from, state, best.length);
    this.#cache.touch(best.from);
    job.shared = best.length;
    return "now";
  }

  /** @returns whether there are cells enough, after others were given up. */
  #makeRoom({ work, left }: Job): boolean {
    const { cells } = this.#memory;
    while (cells.free < left && this.#cache.evict()) {}
    if (cells.free >= left || !work.waits) return cells.free >= left;
    const younger = [...this.#states]
      .filter((state) => state.givesWay && state.cells.length > 0 && this.#goesFirst(work.state, state))
      .sort((a, b) => b.age - a.age);
    const theirs = younger.reduce((sum, state) => sum + state.cells.length, 0);
    while (cells.free < left && cells.free + theirs >= left && younger.length > 0) {
      const state = younger.shift()!;
      for (const job of this.#jobs) if (job.work.state === state) this.#giveBack(job);
      this.#memory.cut(state, 0);
    }
    return cells.free >= left;
  }

  #goesFirst(one: SequenceState, other: SequenceState): boolean {
    if (other.age > one.age) return true;
    return this.#takesUnread && ![...this.#jobs].some(({ work }) => work.state === other);
  }

  async #decode(composed: readonly Piece<Job>[]): Promise<void> {
    const rows: Row[] = [];
    const pieces = composed.filter((piece) => this.#put(piece, rows));
    const before = this.#context.decodeMs;
    const abort = new AbortController();
    this.#decoding = { pieces, abort };
    let failure: unknown = null;
    try {
      await this.#context.decode(abort.signal);
    } catch (error) {
      failure = error;
    }
    this.#decoding = null;
    this.#decodes++;
    const ms = this.#context.decodeMs - before;
    if (failure === null) this.#take(pieces, rows, ms);
    else this.#drop(pieces, failure);
    for (const go of this.#between.splice(0)) go();
  }

  /** Puts a piece into the batch. @returns whether it could. */
  #put({ item: job, count }: Piece<Job>, rows: Row[]): boolean {
    const { state, read } = job.work;
    try {
      this.#memory.prepare(state);
    } catch (error) {
      this.#memory.cut(state, 0); // what it holds can be run again
      this.#fail(job, error);
      return false;
    }
    const sequence = [this.#memory.numberOf(state)];
    const first = state.cells.length;
    for (let position = first; position < first + count; position++) {
      const isWanted = read ? position >= state.length : position === state.ids.length - 1;
      const row = this.#context.add(state.ids[position]!, position, sequence, isWanted);
      if (isWanted) rows.push({ job, index: position - state.length, row });
    }
    return true;
  }

  #take(pieces: readonly Piece<Job>[], rows: readonly Row[], ms: number): void {
    for (const { item: job, count } of pieces) {
      job.work.state.cells.push(...job.cells!.splice(0, count));
      job.tokensRun += count;
      job.decodeMs += ms;
      job.served = this.#decodes;
    }
    for (const { job, index, row } of rows) {
      const { read, tokens, state } = job.work;
      if (job.failed) continue;
      try {
        const logits = this.#context.row(row);
        read?.(index, logits);
        if (index !== tokens.length - 1) continue;
        state.logits ??= new Float32Array(logits.length);
        state.logits.set(logits);
      } catch (error) {
        job.failed = error;
      }
    }
    for (const { item: job } of pieces)
      if (job.failed) this.#fail(job, job.failed);
      else if (this.#jobs.has(job) && job.left === 0) this.#finish(job);
  }

  /** After a decode call that failed, or was aborted by all that it was for. */
  #drop(pieces: readonly Piece<Job>[], failure: unknown): void {
    for (const { item: job } of pieces) {
      if (!this.#context.closed) this.#memory.cut(job.work.state, job.work.state.cells.length);
      this.#fail(job, this.#context.closed ? failure : (job.failed ?? failure));
    }
  }

  #finish(job: Job): void {
    const { state } = job.work;
    this.#end(job);
    state.length = state.ids.length;
    if (!this.#options.together) state.ends.push(state.length);
    this.#away.add(state);
    job.resolve({ tokensRun: job.tokensRun, shared: job.shared, decodeMs: job.decodeMs });
  }

  #fail(job: Job, error: unknown): void {
    if (!this.#jobs.has(job)) return;
    const { state } = job.work;
    this.#end(job);
    state.ids.length = state.length;
    if (!this.#context.closed && state.cells.length > state.length)
      void this.between(() => this.#memory.cut(state, state.length)).catch(() => {}); // disposed meanwhile
    job.reject(error);
  }

  #end(job: Job): void {
    this.#jobs.delete(job);
    if (this.#jobs.size === 0) this.#watch(false);
    this.#giveBack(job);
    job.off();
  }

  #giveBack(job: Job): void {
    if (job.cells) this.#memory.cells.give(job.cells);
    job.cells = null;
  }

  #abort(job: Job): void {
    const error = abortError("Scoring", job.work.signal);
    if (!this.#isDecoding(job)) {
      this.#fail(job, error);
      this.#wake();
      return;
    }
    job.failed = error;
    const { pieces, abort } = this.#decoding!;
    if (pieces.every(({ item }) => item.failed)) abort.abort();
  }

  #isDecoding(job: Job): boolean {
    return this.#decoding?.pieces.some(({ item }) => item === job) ?? false;
  }

  #tooMany(job: Job): SurprisalError {
    const { free, capacity } = this.#memory.cells;
    return tooManyTokens(job, { free, capacity, longest: this.#options.longest });
  }

  /** Whoever waits for cells waits for others to end, then for those that nobody reads, but not for ever. */
  #watch(isStuck: boolean): void {
    if (this.#stuck) clearTimeout(this.#stuck);
    this.#stuck = null;
    if (!isStuck) return;
    const { patienceMs } = this.#options;
    const wait = this.#takesUnread ? patienceMs : Math.min(UNREAD_MS, patienceMs);
    this.#stuck = setTimeout(() => {
      const [oldest] = [...this.#jobs].sort((a, b) => a.work.state.age - b.work.state.age);
      if (oldest && this.#takesUnread) this.#fail(oldest, this.#tooMany(oldest));
      this.#takesUnread = true;
      this.#wake();
    }, wait);
  }
}
