/** A worker: hears of runs, takes part in those it fits, and does their shards. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Redis } from "ioredis";
import type { LanguageModel, ResolveOptions } from "../../models/index.ts";
import { packageVersion } from "../runs/index.ts";
import { removeQueue } from "./clean-up.ts";
import { isRunName, readOffer, runOf } from "./messages.ts";
import { ModelCache } from "./model-cache.ts";
import { OFFERS, type Offer, type Over, RUNS, SILENCE_MS, subscribe } from "./protocol.ts";
import { assertReachable, bullConnection, connect, type RedisAddress, redisAddress } from "./redis.ts";
import { RunWorker } from "./run-worker.ts";
import type { WorkerEvent } from "./worker-event.ts";

/** Options of `work`. */
export interface WorkOptions {
  /**
   * Models that this worker may use: references, or models that are open and stay so. Default: whatever a run names, as
   * far as it can be found under that name here.
   */
  models?: readonly (string | LanguageModel)[] | undefined;
  /** Models in memory that work side by side. Default: one for each core, for models that use one thread; else one. */
  engines?: number | undefined;
  /** What is this machine's own, such as threads and the cache folder. */
  load?: ResolveOptions | undefined;
  /** Time that shards under way have to be finished when the worker is stopped, milliseconds. Default 5,000. */
  graceMs?: number | undefined;
  onEvent?: ((event: WorkerEvent) => void) | undefined;
  /** Stops the worker. */
  signal: AbortSignal;
}

const DEFAULT_GRACE_MS = 5000;
const CLEAN_MS = 30_000;
/** Runs that a worker takes part in at once; others are heard of again every second. */
const MOST_RUNS = 64;
/** Names of runs that are remembered. */
const MOST_HEARD = 10_000;
/** Runs of coordinators that have died, looked after at a time. */
const MOST_CLEANED = 100;

/**
 * Works until it is stopped. A shard that cannot be finished then goes back into the queue.
 * @throws SurprisalError PACKAGE_MISSING, INVALID_ARGUMENT, QUEUE_UNREACHABLE, UNAUTHORIZED
 */
export async function work(url: string, options: WorkOptions): Promise<void> {
  const address = redisAddress(url);
  await assertReachable(address);
  await using worker = await QueueWorker.create(address, options);
  await worker.untilStopped();
}

class QueueWorker implements AsyncDisposable {
  readonly #address: RedisAddress;
  readonly #options: WorkOptions;
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #cache: ModelCache;
  readonly #id = randomBytes(8).toString("hex");
  readonly #runs = new Map<string, RunWorker>();
  /** When a run was last spoken of; the last one is the last. */
  readonly #heard = new Map<string, number>();
  readonly #timers: NodeJS.Timeout[];
  /** Since when offers could be heard without a break. */
  #subscribedSince = performance.now();
  #away = false;
  readonly #over = new AbortController();

  private constructor(address: RedisAddress, options: WorkOptions, publisher: Redis, subscriber: Redis) {
    this.#address = address;
    this.#options = options;
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    const { models = [], engines, load, signal } = options;
    this.#cache = new ModelCache({ models, engines, load: { ...load, signal } });
    subscriber.on("close", () => this.#redisAway());
    subscriber.on("ready", () => this.#redisBack());
    this.#timers = [
      setInterval(() => this.#leaveSilent(), SILENCE_MS / 4),
      setInterval(() => void this.#cleanAll().catch(() => {}), CLEAN_MS),
    ];
  }

  static async create(address: RedisAddress, options: WorkOptions): Promise<QueueWorker> {
    return new QueueWorker(address, options, await connect(address), await connect(address));
  }

  async untilStopped(): Promise<void> {
    const { signal } = this.#options;
    if (signal.aborted) return;
    subscribe(
      this.#subscriber,
      OFFERS,
      (value) => {
        this.#hear(runOf(value));
        return readOffer(value);
      },
      (message) => this.#receive(message),
      () => this.#emit({ type: "malformed", what: "an offer" }),
    );
    await this.#publisher.connect();
    this.#emit({ type: "ready", queue: this.#address.shown, worker: this.#name });
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  get #name(): string {
    return `${hostname()}:${process.pid}`;
  }

  #emit(event: WorkerEvent): void {
    this.#options.onEvent?.(event);
  }

  #receive(message: Offer | Over): void {
    if (this.#options.signal.aborted) return;
    const { run } = message;
    const known = this.#runs.get(run);
    if (message.type === "over") void this.#leave(run, "over");
    else if (known?.isFor(message)) known.offered();
    else if (known && !known.refused)
      return; // two say different things of one run: the first counts while it can be worked on
    else if (known || this.#runs.size < MOST_RUNS)
      this.#runs.set(
        run,
        new RunWorker(message, {
          version: packageVersion(),
          worker: this.#id,
          name: this.#name,
          cache: this.#cache,
          publisher: this.#publisher,
          connection: bullConnection(this.#address, this.#over.signal),
          emit: (event) => this.#emit(event),
        }),
      );
  }

  /** Of a run that is spoken of nothing is taken away, also where what is said is of a version to come. */
  #hear(run: string | null): void {
    if (run === null) return;
    this.#heard.delete(run);
    this.#heard.set(run, performance.now());
    if (this.#heard.size > MOST_HEARD) this.#heard.delete(this.#heard.keys().next().value!);
  }

  #isSpokenOf(run: string): boolean {
    return performance.now() - (this.#heard.get(run) ?? Number.NEGATIVE_INFINITY) < 2 * SILENCE_MS;
  }

  async #leave(run: string, reason: "over" | "silent" | "stopped", graceMs = 0): Promise<void> {
    const part = this.#runs.get(run);
    this.#runs.delete(run);
    await part?.leave(reason, graceMs);
  }

  #leaveSilent(): void {
    if (this.#away) return;
    for (const [run, { lastOffered: lastHeard }] of this.#runs)
      if (performance.now() - Math.max(lastHeard, this.#subscribedSince) > SILENCE_MS)
        void this.#leave(run, "silent").then(() => this.#clean(run));
  }

  /** Takes away what is left of runs whose coordinator died after all its workers: nobody offers them. */
  async #cleanAll(): Promise<void> {
    if (this.#away || performance.now() - this.#subscribedSince < 2 * SILENCE_MS) return;
    // Some of them: others have written into this Redis too, and there is a next time.
    for (const run of await this.#publisher.srandmember(RUNS, MOST_CLEANED))
      if (isRunName(run) && !this.#runs.has(run) && !this.#isSpokenOf(run)) await this.#clean(run);
  }

  /** Should the coordinator be alive after all, it puts its shards again. */
  async #clean(run: string): Promise<void> {
    await removeQueue(this.#publisher, run).catch(() => {});
    await this.#publisher.srem(RUNS, run).catch(() => {});
  }

  #redisAway(): void {
    if (this.#away || this.#options.signal.aborted) return;
    this.#away = true;
    this.#emit({ type: "redis-away", queue: this.#address.shown });
  }

  #redisBack(): void {
    this.#subscribedSince = performance.now();
    if (this.#away) this.#emit({ type: "redis-back", queue: this.#address.shown });
    this.#away = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const { graceMs = DEFAULT_GRACE_MS } = this.#options;
    await Promise.all([...this.#runs.keys()].map((run) => this.#leave(run, "stopped", graceMs)));
    this.#over.abort();
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
    await this.#cache[Symbol.asyncDispose]();
  }
}
