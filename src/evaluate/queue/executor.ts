/** The coordinator's end of a queue: an executor whose shards are done by workers on other machines. */
import { randomBytes } from "node:crypto";
import type { Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import { abortError, SurprisalError, whenAborted } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { visible } from "../../text/index.ts";
import type { Executor, ScoreShardOptions, Shard, ShardScore } from "../harness/index.ts";
import { packageVersion } from "../runs/index.ts";
import { KnownWorkers } from "./known-workers.ts";
import { readProgress } from "./messages.ts";
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
  loadPackages,
  type RedisAddress,
  redisAddress,
  redisRefusal,
} from "./redis.ts";
import { waitAtMost } from "./wait-at-most.ts";
import { decodeError, decodeLogprobs, decodeScore, encodeShard } from "./wire.ts";

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
/** Characters of a reason that is no error of ours. */
const LONGEST_REASON = 5000;
/** Entries that the queue's stream of events has for each shard, roughly. */
const EVENTS_PER_SHARD = 8;

/** A shard that is in the queue. */
interface Pending {
  shard: Shard;
  onSpan: ScoreShardOptions["onSpan"];
  resolve: (score: ShardScore) => void;
  reject: (error: unknown) => void;
  /** Document index up to which `onSpan` was called. */
  reported: number;
  reportedRun: number;
  /** Redis has it. */
  added: boolean;
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
 *   UNSUPPORTED_CAPABILITY (a model behind a server). `run` throws QUEUE_NO_WORKER, QUEUE_SHARD_LOST, ABORTED, and what
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
  const events = new bullmq.QueueEvents(queueOf(run), { connection });
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
  #closed = false;
  #toldMalformed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { queue, events, publisher, subscriber, offer, options, address } = parts;
    const onMessage = options.onMessage ?? (() => {});
    const patienceMs = options.patienceMs ?? DEFAULT_PATIENCE_MS;
    this.#workers = new KnownWorkers({ run: offer.run, subscriber, address, patienceMs, onMessage });
    queue.on("error", () => {}); // they come back by themselves
    events.on("error", () => {});
    publisher.on("close", () => {
      if (!this.#closed) this.#workers.redisAway();
    });
    publisher.on("ready", () => this.#offer());
    events.on("completed", ({ jobId, returnvalue }) => this.#complete(jobId, returnvalue));
    events.on("failed", ({ jobId }) => void this.#ended(jobId).catch(() => {})); // what the shard itself says counts
    events.on("progress", ({ jobId, data }) => this.#progress(jobId, data));
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
          onSpan,
          resolve,
          reject,
          reported: 0,
          reportedRun: 0,
          added: false,
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
      await queue.add("shard", encodeShard(pending.shard), {
        jobId: id,
        attempts: ATTEMPTS,
        backoff: { type: "exponential", delay: BACKOFF_MS },
        stackTraceLimit: 0,
      });
      pending.added = true;
    } catch (error) {
      this.#settle(id)?.reject(this.#closed ? error : redisRefusal(this.#parts.address, error));
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

  #complete(id: string, score: unknown): void {
    const pending = this.#pending.get(id);
    if (!pending) return; // came before
    let result: ShardScore;
    try {
      result = decodeScore(score, pending.shard);
    } catch (error) {
      void this.#again(id, pending, error).catch(() => {});
      return;
    }
    this.#settle(id);
    this.#reportRest(pending, result);
    pending.resolve(result);
  }

  /** What is no result of the shard: it is done again, unless it was only the news of it that was wrong. */
  async #again(id: string, pending: Pending, error: unknown): Promise<void> {
    const { queue, options } = this.#parts;
    if (!this.#toldMalformed)
      options.onMessage?.(
        "Something in this Redis is no result of a shard; it is left out, and the shard done again.",
      );
    this.#toldMalformed = true;
    const state = await queue.getJobState(id);
    if (this.#closed || this.#pending.get(id) !== pending) return;
    if (state !== "completed" && state !== "failed") return;
    if (++pending.malformed >= ATTEMPTS) {
      this.#settle(id)?.reject(error);
      return;
    }
    await queue.remove(id);
    if (this.#pending.get(id) === pending) await this.#put(id);
  }

  #fail(id: string, reason: string): void {
    const { model } = this.#parts.offer;
    const pending = this.#pending.get(id);
    if (!pending) return;
    const error =
      decodeError(reason) ??
      new SurprisalError({
        code: "QUEUE_SHARD_LOST",
        what: `A shard was given up: ${visible(reason.slice(0, LONGEST_REASON))}`,
        where: model.name,
        wayOut: "See what the workers say: one that is killed again and again may have too little memory.",
      });
    if (error.code === "WIRE_MALFORMED") void this.#again(id, pending, error).catch(() => {});
    else this.#settle(id)?.reject(error);
  }

  /** A shard that was begun anew tells again what is known already. */
  #progress(id: string, value: unknown): void {
    const pending = this.#pending.get(id);
    const progress = readProgress(value);
    if (!pending?.onSpan || pending.shard.parts.length > 1 || !progress) return;
    const { start, logprobs, tokensRun } = progress;
    const columns = decodeLogprobs(logprobs);
    const { range } = pending.shard.parts[0]!;
    if (start + columns.length > range.end - range.start || !columns.every((logprob) => !(logprob > 0)))
      return;
    const known = pending.reported - start;
    if (known < 0) return; // something before it did not arrive; the result has it
    if (columns.length > known) this.#report(pending, columns.subarray(known), tokensRun);
  }

  #reportRest(pending: Pending, { parts, tokensRun }: ShardScore): void {
    if (pending.reported === 0) return; // the caller counts the whole
    const { logprobs } = parts[0]!.columns;
    this.#report(pending, logprobs.subarray(pending.reported), tokensRun);
  }

  #report(pending: Pending, logprobs: Float64Array, tokensRun: number): void {
    const run = Math.max(0, tokensRun - pending.reportedRun);
    pending.reported += logprobs.length;
    pending.reportedRun += run;
    pending.onSpan?.({ logprobs, tokensRun: run });
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
    if (publisher.status !== "ready") return;
    await queue.trimEvents(EVENTS_PER_SHARD * this.slots); // they hold results
    for (const [id, pending] of [...this.#pending]) {
      if (!pending.added) continue;
      await this.#ended(id, pending);
    }
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
      if (job && state === "completed") this.#complete(id, job.returnvalue);
      else if (job) this.#fail(id, String(job.failedReason));
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
      await queue.obliterate({ force: true }).catch(() => {});
      await publisher.srem(RUNS, offer.run).catch(() => {});
    }
    publisher.disconnect();
    subscriber.disconnect();
    over.abort();
    await waitAtMost(CLOSE_MS, Promise.allSettled([events.close(), queue.close()]));
  }
}
