/**
 * A Redis that others write into: real messages, changed at random, in the channels and in the keys of the queue, while real
 * runs go on. The numbers of a run must be those of a run without a queue, bit by bit, or there must be an error with a code.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { seededRandom } from "../../src/core/index.ts";
import { type Shard, scoreShard } from "../../src/evaluate/harness/shard.ts";
import { queueExecutor, work } from "../../src/evaluate/index.ts";
import { TableModel } from "../../src/models/test/index.ts";
import { slowModel, someShards } from "../queue-shards.ts";
import { RedisServer } from "../redis-server.ts";
import { attack, type Trial } from "./attack.ts";
import { QUEUE_POISONS } from "./queue-poisons.ts";
import { isClear } from "./refused.ts";

const SHA256 = "a".repeat(64);
const OFFERS = "surprisal:offers";
const RUNS = "surprisal:runs";
const SHARDS = 12;
/** Messages for each run. */
const PER_RUN = 50;
const MOST_MS = 60_000;

attack({ name: "messages", short: 200, long: 2000, trials });

/** A trial is a poisoned message; its run decides. */
async function* trials({ count, seed }: { count: number; seed: number }): AsyncGenerator<Trial> {
  const random = seededRandom(seed);
  const shards = someShards(SHARDS);
  await using table = TableModel.bytes();
  const expected = JSON.stringify(
    await Promise.all(shards.map((shard) => numbersOf(scoreShard(table, shard)))),
  );
  const died: unknown[] = [];
  const onDeath = (error: unknown) => died.push(error);
  process.on("uncaughtException", onDeath);
  process.on("unhandledRejection", onDeath);
  try {
    for (let done = 0; done < count; done += PER_RUN) {
      const wanted = Math.min(PER_RUN, count - done);
      const { verdict, told, sent } = await poisonedRun(random, shards, expected, wanted, died);
      for (let i = 0; i < wanted; i++)
        yield { verdict, detail: `run ${done / PER_RUN} of seed ${seed}: ${told}; ${sent[i] ?? ""}` };
    }
  } finally {
    process.off("uncaughtException", onDeath);
    process.off("unhandledRejection", onDeath);
  }
}

async function poisonedRun(
  random: () => number,
  shards: readonly Shard[],
  expected: string,
  messages: number,
  died: unknown[],
): Promise<{ verdict: Trial["verdict"]; told: string; sent: string[] }> {
  const sent: string[] = [];
  await using server = await RedisServer.start();
  const stop = new AbortController();
  const worker = work(server.url, { models: [slowModel(60)], graceMs: 500, signal: stop.signal });
  const workerEnd = worker.then(
    () => null,
    (error: unknown) => error,
  );
  const poisoner = server.client();
  let over = false;
  try {
    const run = async () => {
      await using executor = await queueExecutor(server.url, {
        model: slowModel(60),
        reference: "table",
        leaseMs: 500,
        patienceMs: 20_000,
      });
      const poisoning = (async () => {
        for (let i = 0; i < messages && !over; i++) {
          sent.push(await poison(poisoner, random));
          await sleep(10);
        }
      })();
      const scores = await Promise.all(shards.map((shard) => numbersOf(executor.run(shard))));
      await poisoning;
      return JSON.stringify(scores);
    };
    const late = sleep(MOST_MS, "late" as const, { ref: false });
    const outcome = await Promise.race([
      run().then(
        (text) => ({ text }),
        (error: unknown) => ({ error }),
      ),
      late,
    ]);
    over = true;
    const dead = died.splice(0);
    if (outcome === "late") return { verdict: "crashed", told: `not done after ${MOST_MS} ms`, sent };
    if (dead.length > 0)
      return { verdict: "crashed", told: String((dead[0] as Error).stack ?? dead[0]), sent };
    if ("error" in outcome) {
      const { error } = outcome;
      const told = error instanceof Error ? `${error.message}` : String(error);
      return isClear(error) ? { verdict: "refused", told, sent } : { verdict: "wrong", told, sent };
    }
    return outcome.text === expected
      ? { verdict: "held", told: "the same numbers", sent }
      : { verdict: "wrong", told: "other numbers", sent };
  } finally {
    over = true;
    stop.abort();
    await workerEnd;
    poisoner.disconnect();
  }
}

/** Writes one hostile thing into Redis. @returns what, for people. */
async function poison(redis: Redis, random: () => number): Promise<string> {
  const one = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)]!;
  const runs = await redis.smembers(RUNS).catch(() => []);
  const run = one(runs.length > 0 ? runs : ["0".repeat(16)]);
  const queue = `bull:surprisal-${run}`;
  const shard = `shard-${Math.floor(random() * SHARDS)}`;
  const offer = {
    type: one(["offer", "over", "offers", 7]),
    run: one(["f".repeat(16), "*", "../../x", "", "x".repeat(5000), "a b"]),
    version: "0.1.0",
    model: { name: "\u001b[31mm", sha256: SHA256, reference: one(["table", "/dev/zero", "../x", "mini"]) },
    load: {},
    settings: {},
    leaseMs: 1000,
  };
  const answer = {
    worker: `w${random()}`,
    name: "\u001b]0;x\u0007",
    state: "working",
    slots: 1,
    reason: null,
    shards: one([[], [shard], ["x"], null]),
  };
  const score = {
    parts: [{ documentIndex: 0, start: 0, columns: Buffer.alloc(20 * 3).toString("base64") }],
    tokensRun: 3,
  };
  const key = one(Object.keys(QUEUE_POISONS));
  const [kind, say] = one<readonly [string, () => Promise<unknown>]>([
    [key, () => QUEUE_POISONS[key]!(redis, queue)],
    ["offer", () => redis.publish(OFFERS, mutated(offer, random))],
    ["answer", () => redis.publish(`surprisal:answers:${run}`, mutated(answer, random))],
    [
      "noise",
      () =>
        redis.publish(
          one([OFFERS, `surprisal:answers:${run}`]),
          one(["null", "[]", "7", "{", '"x"', "[".repeat(50_000), "\u0000", "{}"]),
        ),
    ],
    ["run name", () => redis.sadd(RUNS, one(["*", "", "x".repeat(1000), "../a", "\u001b[31m"]))],
    [
      "completed",
      () =>
        redis.xadd(
          `${queue}:events`,
          "*",
          "event",
          "completed",
          "jobId",
          shard,
          "returnvalue",
          mutated(score, random),
          "prev",
          "active",
        ),
    ],
    [
      "failed",
      () =>
        redis.xadd(
          `${queue}:events`,
          "*",
          "event",
          "failed",
          "jobId",
          shard,
          "failedReason",
          one([
            "x",
            "surprisal.error/1 {",
            "surprisal.error/1 null",
            'surprisal.error/1 {"code":"__proto__"}',
          ]),
          "prev",
          "active",
        ),
    ],
    [
      "progress",
      () =>
        redis.xadd(
          `${queue}:events`,
          "*",
          "event",
          "progress",
          "jobId",
          shard,
          "data",
          mutated({ start: 0, logprobs: "AAAAAAAAAAA=", tokensRun: 1 }, random),
        ),
    ],
    [
      "event",
      () =>
        redis.xadd(
          `${queue}:events`,
          "*",
          one(["event", "x"]),
          one(["completed", "failed", "__proto__", "drained"]),
          "jobId",
          one([shard, "__proto__", ""]),
        ),
    ],
    [
      "data",
      () =>
        redis.hset(
          `${queue}:${shard}`,
          "data",
          mutated(
            {
              parts: [
                {
                  documentIndex: 0,
                  base: 0,
                  ids: "AAAA",
                  plan: { steps: [] },
                  range: { start: 0, end: 1e9 },
                },
              ],
            },
            random,
          ),
        ),
    ],
    ["result", () => redis.hset(`${queue}:${shard}`, "returnvalue", mutated(score, random))],
    [
      "job",
      async () => {
        await redis.hset(
          `${queue}:evil`,
          "name",
          "shard",
          "data",
          mutated({ parts: [] }, random),
          "opts",
          "{}",
          "timestamp",
          "0",
          "delay",
          "0",
          "priority",
          "0",
        );
        await redis.lpush(`${queue}:wait`, "evil");
      },
    ],
  ]);
  const outcome = await say().then(
    () => "",
    (error: Error) => ` (${error.message})`,
  );
  return `${kind} ${run} ${shard}${outcome}`;
}

/** JSON of a value with one thing changed at random. */
function mutated(value: unknown, random: () => number): string {
  const one = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)]!;
  const odd: readonly unknown[] = [
    null,
    -1,
    1e9,
    1e308,
    0.5,
    "",
    "x",
    [],
    {},
    true,
    "=".repeat(9),
    { __proto__: null },
    [[[[]]]],
    "AAAA".repeat(3),
  ];
  const change = (each: unknown): unknown => {
    if (typeof each !== "object" || each === null || random() < 0.15) return one(odd);
    if (Array.isArray(each))
      return each.length > 0 && random() < 0.8
        ? [change(each[0]), ...each.slice(1)]
        : one([[], [each, each]]);
    const names = Object.keys(each);
    const name = one(names.length > 0 ? names : ["x"]);
    const { [name]: old, ...rest } = each as Record<string, unknown>;
    return random() < 0.25 ? rest : { ...rest, [name]: change(old) };
  };
  return JSON.stringify(random() < 0.1 ? value : change(value)) ?? "null";
}

async function numbersOf(score: ReturnType<typeof scoreShard>): Promise<unknown> {
  const { parts } = await score;
  return parts.map(({ documentIndex, start, columns }) => [
    documentIndex,
    start,
    ...columns.logprobs,
    ...columns.ranks,
  ]);
}
