/** The workers of a run, as its coordinator hears of them. */
import type { Redis } from "ioredis";
import { SurprisalError } from "../../core/index.ts";
import { readAnswer } from "./messages.ts";
import { type Answer, answersTo, SILENCE_MS, subscribe } from "./protocol.ts";
import type { RedisAddress } from "./redis.ts";
import { waitAtMost } from "./wait-at-most.ts";

/** Time without any worker, or any Redis, after which people are told, milliseconds. */
const TELL_AFTER_MS = 3000;
/** Longest time that workers may take to leave, milliseconds. */
const LEAVE_MS = 2000;
/** More do not work on one run: somebody is making them up. */
const MOST_WORKERS = 10_000;
/** Shards at once, of all workers together: so many texts are held in memory here, and in Redis. */
const MOST_SLOTS = 16_384;

export interface KnownWorkersOptions {
  run: string;
  subscriber: Redis;
  address: RedisAddress;
  patienceMs: number;
  onMessage: (message: string) => void;
}

export class KnownWorkers {
  readonly #options: KnownWorkersOptions;
  readonly #workers = new Map<string, { answer: Answer; lastAnswered: number }>();
  #leaving: (() => void) | null = null;
  /** Since when there is nobody who works or may come to, and whether people were told. */
  #withoutWorkers: { since: number; told: boolean } | null = null;
  #away: NodeJS.Timeout | null = null;
  #wasAway = false;

  constructor(options: KnownWorkersOptions) {
    this.#options = options;
    subscribe(
      options.subscriber,
      answersTo(options.run),
      readAnswer,
      (answer) => this.#receive(answer),
      () =>
        options.onMessage("Messages that are none come through this Redis as a worker's; they are left out."),
    );
  }

  /** Shards that all workers together do at once. */
  get slots(): number {
    let slots = 0;
    for (const { answer } of this.#workers.values()) if (answer.state === "working") slots += answer.slots;
    return Math.min(slots, MOST_SLOTS);
  }

  /** Shards that workers say they work on. */
  get claimed(): Set<string> {
    const claimed = new Set<string>();
    for (const { answer } of this.#workers.values())
      if (answer.state === "working") for (const shard of answer.shards) claimed.add(shard);
    return claimed;
  }

  #receive(answer: Answer): void {
    if (this.#workers.size >= MOST_WORKERS && !this.#workers.has(answer.worker)) return;
    const before = this.#workers.get(answer.worker)?.answer.state;
    if (answer.state === "gone") this.#workers.delete(answer.worker);
    else this.#workers.set(answer.worker, { answer, lastAnswered: performance.now() });
    if (answer.state !== before && (before || answer.state !== "gone")) this.#report(answer);
    if (this.#workers.size === 0) this.#leaving?.();
  }

  #report({ state, name, slots, reason }: Answer): void {
    if (this.#leaving) return;
    const joined = `has joined, with ${slots} ${slots === 1 ? "shard" : "shards"} at a time`;
    const words = { working: joined, refused: `cannot help: ${reason}`, gone: "has left", loading: null }[
      state
    ];
    if (words) this.#options.onMessage(`Worker ${name} ${words}.`);
  }

  /**
   * To be called every now and then, while Redis is there.
   * @returns an error when there are workers and none of them fits, for longer than one is patient.
   */
  check(waiting: boolean): SurprisalError | null {
    this.#redisBack();
    const now = performance.now();
    for (const [id, { answer, lastAnswered }] of this.#workers) {
      if (now - lastAnswered < SILENCE_MS) continue;
      this.#workers.delete(id);
      this.#options.onMessage(`Worker ${answer.name} has fallen silent; its shards go to others.`);
    }
    const workers = [...this.#workers.values()].map(({ answer }) => answer);
    if (!waiting || workers.some(({ state }) => state !== "refused")) {
      this.#withoutWorkers = null;
      return null;
    }
    this.#withoutWorkers ??= { since: now, told: false };
    const waited = now - this.#withoutWorkers.since;
    if (workers.length > 0 && waited >= this.#options.patienceMs) {
      this.#withoutWorkers = null; // whoever tries again has the same patience
      return this.#noneFits(workers);
    }
    if (workers.length === 0 && waited >= TELL_AFTER_MS && !this.#withoutWorkers.told) {
      this.#withoutWorkers.told = true;
      this.#options.onMessage(
        `There is no worker yet; waiting. Start one: surprisal worker --queue ${this.#options.address.shown}`,
      );
    }
    return null;
  }

  #noneFits(workers: readonly Answer[]): SurprisalError {
    const reasons = workers.map(({ name, reason }) => `${name}: ${reason}`);
    return new SurprisalError({
      code: "QUEUE_NO_WORKER",
      what: `No worker can do this: ${reasons.join("; ")}`,
      where: this.#options.address.shown,
      wayOut:
        "Start one that has the same version, model file, kernels and settings; a build of the CPU code that all machines have, such as SURPRISAL_CPU_BUILD=haswell, is set where the run is begun.",
    });
  }

  /** The connection to Redis was lost. A moment without it is nothing to speak of. */
  redisAway(): void {
    this.#away ??= setTimeout(() => {
      this.#wasAway = true;
      this.#options.onMessage(`Redis is away (${this.#options.address.shown}); waiting for it.`);
    }, TELL_AFTER_MS).unref();
  }

  #redisBack(): void {
    if (this.#away === null) return;
    clearTimeout(this.#away);
    this.#away = null;
    for (const worker of this.#workers.values()) worker.lastAnswered = performance.now(); // nobody could be lastAnswered
    if (this.#wasAway) this.#options.onMessage("Redis is back.");
    this.#wasAway = false;
  }

  /** Resolves when all workers have left, or after a while. */
  async untilGone(): Promise<void> {
    if (this.#away) clearTimeout(this.#away);
    if (this.slots === 0) return;
    const left = new Promise<void>((resolve) => {
      this.#leaving = resolve;
    });
    await waitAtMost(LEAVE_MS, left);
  }
}
