/** The coordinator's end of a queue: an executor whose shards are done by workers on other machines. */
import { randomBytes } from "node:crypto";
import type { Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import { abortError, SurprisalError, whenAborted } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { visible } from "../../text/index.ts";
import type { Executor, ScoreShardOptions, Shard, ShardScore } from "../harness/index.ts";
import { packageVersion } from "../runs/index.ts";
import { removeQueue } from "./clean-up.ts";
import { listen } from "./job-events.ts";
import { KnownWorkers } from "./known-workers.ts";
import {
  OFFER_EVERY_MS,
  OFFERS,
  type Offer,
  type Over,
  publish,
  queueOf,
  RUNS,
  type SharedLoad,
} from "./protocol.ts";
import {
  assertReachable,
  bullConnection,
  connect,
  isOfAnotherKind,
  loadPackages,
  queueDamaged,
  type RedisAddress,
  redisAddress,
  redisRefusal,
  refusalOf,
} from "./redis.ts";
import { ShardProgress } from "./shard-progress.ts";
import { Standstill } from "./standstill.ts";
import { waitAtMost } from "./wait-at-most.ts";
import { decodeError, decodeScore, encodeShard, hasAllNumbers, isErrorLine } from "./wire.ts";

/** Options of `queueExecutor`. */
export interface QueueExecutorOptions {
  /** Open here for its tokenizer; workers must have the same file. */
  model: Pick<LanguageModel, "identity" | "settings">;
  /** What the model was asked for as: workers that are given no models of their own look it up. */
  reference: string;
  /** How the model was loaded, as far as it changes digits; workers load it like that. */
  load?: SharedLoad | undefined;
  /** A worker that is not heard of for so long has lost its shard to another, milliseconds. Default 10,000. */
  leaseMs?: number | undefined;
  /** How long workers that do not fit are put up with before it is an error, milliseconds. Default 30,000. */
  patienceMs?: number | undefined;
  /** For people: workers that come and go, a Redis that is away. */
  onMessage?: ((message: string) => void) | undefined;
}

const DEFAULT_LEASE_MS = 10_000;
const DEFAULT_PATIENCE_MS = 30_000;
/** Times a shard is tried whose worker ran into trouble of its own, such as too little memory. */
const ATTEMPTS = 3;
/** Pause before the second attempt, milliseconds; doubles. */
const BACKOFF_MS = 500;
/** Pause between looking after shards whose result did not arrive, milliseconds. */
const RECOVER_MS = 2000;
/** Shards in Redis for each that is worked on: one to do and one to come. */
const PER_SLOT = 2;
/** Shards in Redis before one knows how many workers there are. */
const LEAST_SLOTS = 8;
/** Longest time to close connections, milliseconds: where Redis is away they would wait for it. */
const CLOSE_MS = 3000;
/** Times that everything is put again because nothing goes on, without anything having been done in between. */
const MOST_STARTS = 3;
/** Characters of a reason that is no error of ours. */
const LONGEST_REASON = 5000;
/** Entries that the queue's stream of events has for each shard, roughly. */
const EVENTS_PER_SHARD = 8;

/** A shard that is in the queue. */
interface Pending {
  shard: Shard;
  progress: ShardProgress;
  resolve: (score: ShardScore) => void;
  reject: (error: unknown) => void;
  /** Redis has it. */
  added: boolean;
  /** With which it was put there. */
  check: string;
  /** How often what came of it was no result. */
  malformed: number;
}

/**
 * Puts shards into a queue in Redis and waits for the workers' results, which are those of this process bit by bit: a
 * shard holds the very steps that would be run here, and only workers with the same file, engine and settings take it.
 *
 * Redis may restart and lose everything, and workers may die: their shards are done again. A result that comes twice
 * counts once. Of `slots` shards at most there is something in Redis; when disposed, nothing is left there.
 * @param url redis://[user:password@]host[:port][/database], rediss:// for TLS.
 * @throws SurprisalError PACKAGE_MISSING, INVALID_ARGUMENT, QUEUE_UNREACHABLE, UNAUTHORIZED,
 *   UNSUPPORTED_CAPABILITY (a model behind a server). `run` throws QUEUE_NO_WORKER, QUEUE_SHARD_LOST, QUEUE_DAMAGED, ABORTED, and what
 *   the model throws.
 */
export async function queueExecutor(url: string, options: QueueExecutorOptions): Promise<Executor> {
  const { identity } = options.model;
  if (identity.sha256 === null)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "A queue is for model files, which workers can tell apart by their sha256",
      where: identity.name,
      wayOut: "Leave --queue out: a server is asked by this process, several requests at a time.",
    });
  const address = redisAddress(url);
  await assertReachable(address);
  const run = randomBytes(8).toString("hex");
  const { bullmq } = await loadPackages();
  const over = new AbortController();
  const connection = bullConnection(address, over.signal);
  const queue = new bullmq.Queue(queueOf(run), { connection });
  const events = new bullmq.QueueEvents(queueOf(run), { connection, autorun: false });
  const [publisher, subscriber] = [await connect(address), await connect(address)];
  const offer: Offer = {
    type: "offer",
    run,
    version: packageVersion(),
    model: { name: identity.name, sha256: identity.sha256, reference: options.reference },
    load: sharedLoad(options.load),
    settings: options.model.settings,
    leaseMs: options.leaseMs ?? DEFAULT_LEASE_MS,
  };
  const executor = new QueueExecutor({ address, over, queue, events, publisher, subscriber, offer, options });
  await Promise.all([publisher.connect(), events.waitUntilReady(), queue.waitUntilReady()]);
  return executor;
}

/** The shard's numbers, all of them; `null`: the value is no result of it. */
function resultOf(value: unknown, { shard, check }: Pending): ShardScore | null {
  try {
    const score = decodeScore(value, shard, check);
    return hasAllNumbers(score, shard) ? score : null;
  } catch {
    return null;
  }
}

/** Only what changes digits: the rest, such as functions and paths, is each machine's own. */
function sharedLoad({
  device,
  batchSize,
  cacheType,
  flashAttention,
  exact,
  repack,
}: SharedLoad = {}): SharedLoad {
  return { device, batchSize, cacheType, flashAttention, exact, repack };
}

interface Parts {
  address: RedisAddress;
  over: AbortController;
  queue: Queue;
  events: QueueEvents;
  publisher: Redis;
  subscriber: Redis;
  offer: Offer;
  options: QueueExecutorOptions;
}

class QueueExecutor implements Executor {
  readonly #parts: Parts;
  readonly #workers: KnownWorkers;
  readonly #pending = new Map<string, Pending>();
  readonly #timers: NodeJS.Timeout[];
  #count = 0;
  #recovering = false;
  #isRefused = false;
  #closed = false;
  #toldMalformed = false;
  readonly #standstill: Standstill;
  /** What Redis says to a command that put a shard: what it holds is of another kind. */
  #fault: Error | null = null;
  #startedOver = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { queue, events, publisher, subscriber, offer, options, address } = parts;
    const onMessage = options.onMessage ?? (() => {});
    const patienceMs = options.patienceMs ?? DEFAULT_PATIENCE_MS;
    this.#workers = new KnownWorkers({ run: offer.run, subscriber, address, patienceMs, onMessage });
    queue.on("error", () => {}); // they come back by themselves
    events.on("error", () => {});
    void listen(events, () => this.#closed);
    this.#standstill = new Standstill(offer.leaseMs);
    publisher.on("close", () => {
      if (!this.#closed) this.#workers.redisAway();
    });
    publisher.on("ready", () => this.#offer());
    const look = (id: string) => void this.#ended(id).catch(() => {}); // what the shard itself says counts
    events.on("completed", ({ jobId, returnvalue }) => this.#take(jobId, returnvalue) || look(jobId));
    events.on("failed", ({ jobId }) => look(jobId));
    events.on("progress", ({ jobId, data }) => this.#pending.get(jobId)?.progress.tell(data));
    this.#timers = [
      setInterval(() => this.#offer(), OFFER_EVERY_MS),
      setInterval(() => void this.#recoverLost().catch(() => {}), RECOVER_MS),
    ];
  }

  get slots(): number {
    return Math.max(LEAST_SLOTS, PER_SLOT * this.#workers.slots);
  }

  async run(shard: Shard, { onSpan, signal }: ScoreShardOptions = {}): Promise<ShardScore> {
    if (signal?.aborted) throw abortError("Scoring", signal);
    const id = `shard-${this.#count++}`;
    const stop = () => this.#settle(id)?.reject(abortError("Scoring", signal));
    const callOff = whenAborted(signal, stop);
    try {
      return await new Promise<ShardScore>((resolve, reject) => {
        this.#pending.set(id, {
          shard,
          progress: new ShardProgress(shard, onSpan),
          resolve,
          reject,
          added: false,
          check: "",
          malformed: 0,
        });
        void this.#put(id);
      });
    } finally {
      callOff();
    }
  }

  async #put(id: string): Promise<void> {
    const { queue } = this.#parts;
    const pending = this.#pending.get(id);
    if (!pending) return;
    pending.added = false;
    try {
      const wire = encodeShard(pending.shard);
      pending.check = wire.check;
      await queue.add("shard", wire, {
        jobId: id,
        attempts: ATTEMPTS,
        backoff: { type: "exponential", delay: BACKOFF_MS },
        stackTraceLimit: 0,
      });
      pending.added = true;
    } catch (error) {
      if (isOfAnotherKind(error) && !this.#closed) this.#fault = error;
      else this.#settle(id)?.reject(this.#closed ? error : redisRefusal(this.#parts.address, error));
    }
  }

  /** The shard is no longer waited for, and leaves Redis. @returns `undefined` when that was so already. */
  #settle(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (!pending) return undefined;
    this.#pending.delete(id);
    this.#parts.queue.remove(id).catch(() => {}); // one that is worked on stays, until the run is over
    return pending;
  }

  /** @returns whether it is settled: this is the shard's result, or one came before. */
  #take(id: string, value: unknown): boolean {
    const pending = this.#pending.get(id);
    if (!pending) return true;
    const score = resultOf(value, pending);
    if (score === null) {
      this.#tellMalformed();
      return false;
    }
    this.#settle(id);
    this.#standstill.moved();
    this.#startedOver = 0;
    pending.progress.tellRest(score);
    pending.resolve(score);
    return true;
  }

  #tellMalformed(): void {
    if (!this.#toldMalformed)
      this.#parts.options.onMessage?.(
        "Something in this Redis is no result of a shard; it is left out, and the shard done again.",
      );
    this.#toldMalformed = true;
  }

  /** What has come of the shard is no result: it is done again, a few times. */
  async #again(id: string, pending: Pending): Promise<void> {
    const { queue, address } = this.#parts;
    if (++pending.malformed >= ATTEMPTS) {
      this.#settle(id)?.reject(queueDamaged(address, `what comes of ${id} is no result`));
      return;
    }
    await queue.remove(id);
    if (this.#pending.get(id) === pending) await this.#put(id);
  }

  async #fail(id: string, pending: Pending, reason: string): Promise<void> {
    const { model } = this.#parts.offer;
    const own = decodeError(reason);
    if (own?.code === "WIRE_MALFORMED" || (own === null && isErrorLine(reason))) {
      this.#tellMalformed();
      return this.#again(id, pending);
    }
    const lost = new SurprisalError({
      code: "QUEUE_SHARD_LOST",
      what: `A shard was given up: ${visible(reason.slice(0, LONGEST_REASON))}`,
      where: model.name,
      wayOut: "See what the workers say: one that is killed again and again may have too little memory.",
    });
    this.#settle(id)?.reject(own ?? lost);
  }

  #offer(): void {
    const { publisher, offer } = this.#parts;
    if (publisher.status !== "ready") return;
    publish(publisher, OFFERS, offer);
    publisher.sadd(RUNS, offer.run).catch(() => {});
    const error = this.#workers.check(this.#pending.size > 0);
    if (error) for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error);
  }

  /** Takes results whose news did not arrive, and puts shards again that Redis has lost. */
  async #recoverLost(): Promise<void> {
    const { queue, publisher } = this.#parts;
    if (publisher.status !== "ready" || this.#recovering) return;
    this.#recovering = true;
    try {
      const claimed = [...this.#workers.claimed].filter((id) => this.#pending.has(id)).length;
      const standing = { pending: this.#pending.size, claimed, slots: this.#workers.slots };
      if (this.#fault) return await this.#startOver();
      await queue.trimEvents(EVENTS_PER_SHARD * this.slots); // they hold results
      this.#waitForRedis(null);
      if (this.#standstill.check(standing)) return await this.#startOver();
      for (const [id, pending] of [...this.#pending]) if (pending.added) await this.#ended(id, pending);
    } catch (error) {
      if (isOfAnotherKind(error)) this.#fault = error;
      else this.#waitForRedis(refusalOf(error));
    } finally {
      this.#recovering = false;
    }
  }

  /** As for one that is gone: nothing is lost by waiting. */
  #waitForRedis(refusal: string | null): void {
    if (refusal !== null) this.#standstill.moved();
    if (refusal !== null && !this.#isRefused) this.#parts.options.onMessage?.(refusal);
    this.#isRefused = refusal !== null;
  }

  /** What Redis holds is not what was put there: as when it has lost everything, but for a number of times only. */
  async #startOver(): Promise<void> {
    const { publisher, offer, options, address } = this.#parts;
    const reason = this.#fault?.message ?? "there are workers, and nobody gets a shard";
    this.#fault = null;
    const ids = [...this.#pending.keys()];
    if (++this.#startedOver > MOST_STARTS) {
      this.#startedOver = 0; // whoever tries again has the same patience
      for (const id of ids) this.#settle(id)?.reject(queueDamaged(address, visible(reason)));
      return;
    }
    options.onMessage?.("What is in this Redis is not what was put there; the shards are put there again.");
    await removeQueue(publisher, offer.run);
    for (const id of ids) await this.#put(id);
  }

  /** Takes what has come of a shard, if it has ended; puts it again if Redis has lost it. */
  async #ended(id: string, pending: Pending | undefined = this.#pending.get(id)): Promise<void> {
    const { queue } = this.#parts;
    if (!pending?.added) return;
    const state = await queue.getJobState(id);
    if (this.#closed || this.#pending.get(id) !== pending) return;
    if (state === "unknown") await this.#put(id);
    else if (state === "completed" || state === "failed") {
      const job = await queue.getJob(id);
      if (this.#pending.get(id) !== pending) return;
      if (state === "failed" && job?.failedReason) await this.#fail(id, pending, String(job.failedReason));
      else if (!this.#take(id, job?.returnvalue)) await this.#again(id, pending);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(abortError("Scoring"));
    const { over, queue, events, publisher, subscriber, offer } = this.#parts;
    if (publisher.status === "ready") {
      publish(publisher, OFFERS, { type: "over", run: offer.run } satisfies Over);
      await this.#workers.untilGone();
      await removeQueue(publisher, offer.run).catch(() => {});
      await publisher.srem(RUNS, offer.run).catch(() => {});
    }
    publisher.disconnect();
    subscriber.disconnect();
    over.abort();
    await waitAtMost(CLOSE_MS, Promise.allSettled([events.close(), queue.close()]));
  }
}
