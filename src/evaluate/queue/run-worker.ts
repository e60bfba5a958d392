/** A worker's part in one run: does it fit, and then shard after shard. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionOptions, Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { SurprisalError, tokensRun as tokensOf } from "../../core/index.ts";
import { visible } from "../../text/index.ts";
import type { Engines, Shard } from "../harness/index.ts";
import { isShardName } from "./messages.ts";
import type { ModelCache } from "./model-cache.ts";
import { type Answer, answersTo, differenceOf, type Offer, publish, queueOf } from "./protocol.ts";
import { loadPackages } from "./redis.ts";
import { waitAtMost } from "./wait-at-most.ts";
import {
  decodeShard,
  encodeError,
  encodeProgress,
  encodeScore,
  type WireShard,
  type WireShardScore,
} from "./wire.ts";
import type { WorkerEvent } from "./worker-event.ts";

/** Times that a shard may lose its worker before it is given up: it may be what kills them. */
const MOST_LOSSES = 2;
/** Pause between two messages about a shard under way, milliseconds. */
const PROGRESS_MS = 1000;
/** Longest time to give shards back, milliseconds: where Redis is away it would be waited for. */
const LEAVE_MS = 3000;
/** Pause before a command is tried again that Redis was away for, milliseconds. */
const RETRY_MS = 1000;
/** Characters of a shard's name; ours have a dozen. */
const LONGEST_ID = 100;
/** Troubles of this machine, which another may not have. */
const OWN_TROUBLE: readonly string[] = ["OUT_OF_MEMORY", "ENGINE_FAILED", "MODEL_DISPOSED", "INTERNAL"];

interface Host {
  version: string;
  worker: string;
  name: string;
  cache: ModelCache;
  publisher: Redis;
  connection: ConnectionOptions;
  emit: (event: WorkerEvent) => void;
}

export class RunWorker {
  lastOffered: number = performance.now();
  readonly #offer: Offer;
  readonly #host: Host;
  readonly #joined: Promise<void>;
  #answer: Pick<Answer, "state" | "slots" | "reason"> = { state: "loading", slots: 0, reason: null };
  #engines: Engines | null = null;
  #worker: Worker | null = null;
  #left = false;
  #toldMalformed = false;
  readonly #underWay = new Set<string>();

  constructor(offer: Offer, host: Host) {
    this.#offer = offer;
    this.#host = host;
    this.#joined = this.#join().catch((error) => {
      this.#refuse(reasonOf(error));
    });
  }

  get refused(): boolean {
    return this.#answer.state === "refused";
  }

  /** Whether this is what was offered before. */
  isFor(offer: Offer): boolean {
    return JSON.stringify(offer) === JSON.stringify(this.#offer);
  }

  /** The run was offered again. */
  offered(): void {
    this.lastOffered = performance.now();
    this.#answerOffer();
  }

  #answerOffer(): void {
    const { worker, name, publisher } = this.#host;
    const shards = [...this.#underWay];
    publish(publisher, answersTo(this.#offer.run), {
      worker,
      name,
      ...this.#answer,
      shards,
    } satisfies Answer);
  }

  #refuse(reason: string): void {
    if (this.#left) return;
    this.#answer = { state: "refused", slots: 0, reason };
    const { run, model } = this.#offer;
    this.#host.emit({ type: "refused", run, model: model.name, reason });
    this.#answerOffer();
  }

  async #join(): Promise<void> {
    const { run, version, model, settings } = this.#offer;
    const { cache, emit } = this.#host;
    if (version !== this.#host.version)
      return this.#refuse(`it is surprisal ${this.#host.version}, the run is of ${version}`);
    this.#answerOffer();
    emit({ type: "loading", run, model: model.name });
    const { bullmq } = await loadPackages();
    const engines = await cache.acquire(this.#offer);
    const reason = differenceOf(settings, engines.model.settings);
    if (this.#left || reason) {
      await cache.release(engines);
      if (reason) this.#refuse(reason);
      return;
    }
    this.#engines = engines;
    this.#worker = this.#begin(bullmq, engines);
    this.#answer = { state: "working", slots: engines.slots, reason: null };
    emit({ type: "joined", run, model: model.name, slots: engines.slots });
    this.#answerOffer();
  }

  #begin(bullmq: typeof import("bullmq"), engines: Engines): Worker {
    const { run, leaseMs } = this.#offer;
    const score = (job: Job<WireShard>, token: string | undefined, signal: AbortSignal | undefined) =>
      this.#score(bullmq, engines, job, token, signal);
    const worker = new bullmq.Worker<WireShard, WireShardScore>(queueOf(run), score as never, {
      connection: this.#host.connection,
      concurrency: engines.slots,
      lockDuration: leaseMs,
      stalledInterval: leaseMs / 2,
      maxStalledCount: MOST_LOSSES,
      runRetryDelay: RETRY_MS,
      autorun: false,
    });
    worker.on("error", () => {}); // Redis is away, or the shard is somebody else's by now
    worker.on("lockRenewalFailed", (ids) => {
      for (const id of ids) worker.cancelJob(id); // it is done again elsewhere
    });
    void this.#keepRunning(worker);
    return worker;
  }

  /** BullMQ may stop at a job that is not what it writes itself. */
  async #keepRunning(worker: Worker): Promise<void> {
    while (!this.#left) {
      await worker.run().catch(() => {});
      if (!this.#left) await sleep(RETRY_MS, undefined, { ref: false });
    }
  }

  async #score(
    { UnrecoverableError, WaitingError }: typeof import("bullmq"),
    engines: Engines,
    job: Job<WireShard>,
    token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<WireShardScore> {
    const start = performance.now();
    const { run } = this.#offer;
    const { emit } = this.#host;
    const id = visible(job.id!.slice(0, LONGEST_ID));
    let shard: Shard;
    try {
      shard = decodeShard(job.data);
    } catch (error) {
      if (!this.#toldMalformed) emit({ type: "malformed", what: `shard ${id}` });
      this.#toldMalformed = true;
      throw new UnrecoverableError(encodeError(error));
    }
    if (isShardName(id)) this.#underWay.add(id);
    const tokens = shard.parts.reduce((sum, { plan }) => sum + tokensOf(plan), 0);
    emit({ type: "begun", run, shard: id, tokens });
    try {
      const onSpan = progressOf(shard, (progress) => void job.updateProgress(progress).catch(() => {}));
      const score = await engines.run(shard, { onSpan, signal });
      emit({ type: "done", run, shard: id, tokensRun: score.tokensRun, ms: performance.now() - start });
      return encodeScore(score, job.data.check);
    } catch (error) {
      if (signal?.aborted) {
        emit({ type: "given-back", run, shard: id });
        await job.moveToWait(token).catch(() => {}); // it may be another's
        throw new WaitingError();
      }
      const reason = encodeError(error);
      emit({ type: "failed", run, shard: id, reason: error instanceof Error ? error.message : reason });
      // What the model says about the shard it says everywhere.
      const lasting = SurprisalError.isInstance(error) && !OWN_TROUBLE.includes(error.code);
      throw lasting ? new UnrecoverableError(reason) : new Error(reason);
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** Shards under way have so long to be finished, then they are given back. */
  async leave(reason: "over" | "silent" | "stopped", graceMs: number): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    const worker = this.#worker;
    if (worker) {
      const closed = worker.close().catch(() => {});
      await waitAtMost(graceMs, closed);
      worker.cancelAllJobs();
      await waitAtMost(LEAVE_MS, closed);
    }
    await this.#joined;
    if (this.#engines) await this.#host.cache.release(this.#engines);
    if (this.#answer.state !== "refused") this.#host.emit({ type: "left", run: this.#offer.run, reason });
    this.#answer = { state: "gone", slots: 0, reason: null };
    this.#answerOffer();
  }
}

/** Of other kernels also what this machine has: whoever begins the run can choose. */
function reasonOf(error: unknown): string {
  if (!SurprisalError.isInstance(error)) return String(error);
  return error.code === "KERNELS_UNAVAILABLE" ? `${error.what}. ${error.wayOut}` : error.what;
}

/** Gathers what a shard has come to, and passes it on every now and then. Short shards say nothing. */
function progressOf(
  { parts }: Shard,
  send: (progress: ReturnType<typeof encodeProgress>) => void,
): ((span: { start?: number | undefined; logprobs: Float64Array; tokensRun: number }) => void) | undefined {
  if (parts.length > 1) return undefined;
  let gathered: Float64Array[] = [];
  let [start, next, run, last] = [0, 0, 0, performance.now()];
  return ({ logprobs, tokensRun }) => {
    gathered.push(logprobs);
    next += logprobs.length;
    run += tokensRun;
    if (performance.now() - last < PROGRESS_MS) return;
    last = performance.now();
    send(encodeProgress(start, gathered, run));
    [gathered, start] = [[], next];
  };
}
