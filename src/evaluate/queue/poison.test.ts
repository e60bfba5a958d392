/** Keys of the queue that others have written to. test/attack/messages.attack.ts has all of QUEUE_POISONS, and messages. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { QUEUE_POISONS } from "../../../test/attack/queue-poisons.ts";
import { needing } from "../../../test/needing.ts";
import { directly, slowModel, someShards } from "../../../test/queue-shards.ts";
import { RedisServer, withoutRedis } from "../../../test/redis-server.ts";
import { queueExecutor, type WorkerEvent, work } from "./index.ts";
import { queueOf } from "./protocol.ts";

const TRIED = [
  "events of another kind",
  "waiting shards of another kind",
  "a shard of another kind",
  "a queue that is paused",
  "shards that are said to be worked on",
  "shards that are said to be done",
  "events that are no JSON",
  "options that are no JSON",
  "a failure that nobody had",
  "a parent",
  "names of runs of another kind",
];

needing(withoutRedis).describe("a queue that others write to", () => {
  it.concurrent.each(TRIED)("gives the right numbers, and takes away what is its own: %s", async (name) => {
    await using server = await RedisServer.start();
    const redis = server.client();
    await redis.hset("precious", "x", "1");
    await redis.hset("precious:dependencies", "x", "1");
    const stop = new AbortController();
    const events: WorkerEvent[] = [];
    const working = work(server.url, {
      ...{ models: [slowModel(50)], signal: stop.signal, graceMs: 500 },
      onEvent: (event) => events.push(event),
    });
    const shards = someShards(12);
    {
      const model = slowModel(0);
      await using queue = await queueExecutor(server.url, { model, reference: "table", leaseMs: 500 });
      const scores = Promise.all(shards.map((shard) => queue.run(shard)));
      while (events.filter(({ type }) => type === "done").length < 2) await sleep(5);
      const [run] = await redis.smembers("surprisal:runs");
      await QUEUE_POISONS[name]!(redis, `bull:${queueOf(run!)}`);
      expect(await scores).toEqual(await directly(shards));
    }
    stop.abort();
    await working;
    const left = async () => (await redis.keys("*")).filter((key) => key !== "surprisal:runs").sort();
    // BullMQ's mark of a worker that looked for stalled jobs goes by itself, half a lease later.
    for (let i = 0; i < 100 && (await left()).length > 2; i++) await sleep(100);
    expect(await left()).toEqual(["precious", "precious:dependencies"]);
    redis.disconnect();
  });

  it.concurrent("waits where Redis takes nothing in any more, and says why", async () => {
    await using server = await RedisServer.start();
    const redis = server.client();
    const stop = new AbortController();
    const said: string[] = [];
    const events: WorkerEvent[] = [];
    const working = work(server.url, {
      ...{ models: [slowModel(50)], signal: stop.signal, graceMs: 500 },
      onEvent: (event) => events.push(event),
    });
    const shards = someShards(12);
    {
      await using queue = await queueExecutor(server.url, {
        ...{ model: slowModel(0), reference: "table", leaseMs: 500 },
        onMessage: (text) => said.push(text),
      });
      const scores = Promise.all(shards.map((shard) => queue.run(shard)));
      while (events.filter(({ type }) => type === "done").length < 2) await sleep(5);
      await redis.config("SET", "min-replicas-to-write", "1");
      await sleep(3 * 500 + 3000 + 5000); // longer than a run may stand still
      await redis.config("SET", "min-replicas-to-write", "0");
      expect(await scores).toEqual(await directly(shards));
    }
    expect(said.filter((text) => /NOREPLICAS/.test(text))).toEqual([
      expect.stringMatching(/^Redis takes nothing in, and is waited for: NOREPLICAS/),
    ]);
    expect(said.filter((text) => /not what was put there/.test(text))).toEqual([]);
    stop.abort();
    await working;
    redis.disconnect();
  });

  it.concurrent("is given up with a code where it is poisoned again and again", async () => {
    await using server = await RedisServer.start();
    const redis = server.client();
    const stop = new AbortController();
    const working = work(server.url, { models: [slowModel(50)], signal: stop.signal, graceMs: 500 });
    const model = slowModel(0);
    {
      await using queue = await queueExecutor(server.url, { model, reference: "table", leaseMs: 100 });
      let runs: string[] = [];
      for (; runs.length === 0; await sleep(20)) runs = await redis.smembers("surprisal:runs");
      const poison = () => QUEUE_POISONS["settings of another kind"]!(redis, `bull:${queueOf(runs[0]!)}`);
      await poison();
      const poisoning = setInterval(() => void poison(), 5);
      const scored = Promise.all(someShards(12).map((shard) => queue.run(shard)));
      await expect(scored).rejects.toMatchObject({
        code: "QUEUE_DAMAGED",
        where: server.url,
      });
      clearInterval(poisoning);
    }
    stop.abort();
    await working;
    redis.disconnect();
  });
});
