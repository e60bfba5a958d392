/** A queue on a real Redis, its coordinator and workers in this process; test/queue.model.test.ts has processes. */
import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import { afterAll, beforeAll, expect, it } from "vitest";
import { altered } from "../../../test/altered-model.ts";
import { needing } from "../../../test/needing.ts";
import { directly, SHA256, slowModel, someShards, TestWorker, until } from "../../../test/queue-shards.ts";
import { RedisServer, withoutRedis } from "../../../test/redis-server.ts";
import { planWindows, SurprisalError } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { shardsOf } from "../harness/shard.ts";
import { packageVersion } from "../runs/version.ts";
import { type QueueExecutorOptions, queueExecutor } from "./index.ts";
import { OFFERS, type Offer, queueOf, SILENCE_MS } from "./protocol.ts";
import { encodeShard } from "./wire.ts";

needing(withoutRedis).describe("a queue on Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const executor = (options: Partial<QueueExecutorOptions> = {}) =>
    queueExecutor(server.url, { model: slowModel(), reference: "table", leaseMs: 1000, ...options });

  const keys = async (): Promise<string[]> => {
    const redis = server.client();
    const found = await redis.keys("*");
    redis.disconnect();
    return found;
  };

  it("gives what this process gives, in the caller's order, and leaves nothing behind", async () => {
    const shards = someShards(40);
    {
      await using queue = await executor();
      await using first = new TestWorker(server.url);
      await using second = new TestWorker(server.url);
      const scores = await Promise.all(shards.map((shard) => queue.run(shard)));
      expect(scores).toEqual(await directly(shards));
      expect(first.count("done") + second.count("done")).toBe(40);
      expect(queue.slots).toBeGreaterThanOrEqual(4);
      await queue[Symbol.asyncDispose]();
      await until(() => first.count("left") === 1);
    }
    expect(await keys()).toEqual([]);
  });

  it("tells while a long shard is worked on what it has come to, each token once", async () => {
    const ids = Int32Array.from({ length: 4000 }, (_, i) => i % 256);
    const window = { method: "cached", context: 600, stride: 200, sinks: 4, prefix: null } as const;
    const [part] = [...shardsOf(0, ids, planWindows(ids.length, window))];
    const shard = { parts: [part!] };
    const worker = slowModel(0, (table) => ({
      async *scoreTokens(tokens, plan, options) {
        for await (const span of table.scoreTokens(tokens, plan, options)) {
          await sleep(200);
          yield span;
        }
      },
    }));
    await using queue = await executor();
    await using _ = new TestWorker(server.url, [worker]);
    const [told, spans]: [number[], number[]] = [[], []];
    const score = await queue.run(shard, {
      onSpan: ({ logprobs, tokensRun }) => {
        told.push(...logprobs);
        spans.push(tokensRun);
      },
    });
    expect(spans.length).toBeGreaterThan(2);
    expect(told).toEqual([...score.parts[0]!.columns.logprobs]);
    expect(spans.reduce((sum, run) => sum + run)).toBe(score.tokensRun);
  });

  it("keeps a bounded number of texts in Redis", async () => {
    await using queue = await executor();
    await using _ = new TestWorker(server.url, [slowModel(5)]);
    const shards = someShards(100);
    let most = 0;
    const running = new Set<Promise<unknown>>();
    for (const shard of shards) {
      while (running.size >= queue.slots) await Promise.race(running);
      const done = queue.run(shard).finally(() => running.delete(done));
      running.add(done);
      most = Math.max(most, (await keys()).filter((key) => /:shard-\d+$/.test(key)).length);
    }
    await Promise.all(running);
    expect(most).toBeLessThanOrEqual(queue.slots + 2);
  });

  it("counts a result that comes twice once", async () => {
    const [shard] = someShards(1);
    await using queue = await executor();
    await using _ = new TestWorker(server.url, [slowModel(200)]);
    const scored = queue.run(shard!);
    const redis = server.client();
    const [name] = await redis.smembers("surprisal:runs").then((runs) => runs.map(queueOf));
    await until(async () => (await redis.exists(`bull:${name}:shard-0`)) === 1);
    const score = await scored;
    const twice = {
      event: "completed",
      jobId: "shard-0",
      returnvalue: JSON.stringify({ parts: [], tokensRun: 9 }),
    };
    await redis.xadd(`bull:${name}:events`, "*", ...Object.entries(twice).flat());
    const [again] = await Promise.all([queue.run(shard!), sleep(50)]);
    expect([score, again]).toEqual([...(await directly([shard!])), ...(await directly([shard!]))]);
    redis.disconnect();
  });

  it("hands the model's error to the coordinator, at once, and goes on", async () => {
    const shards = someShards(4);
    const poisoned = shards[2]!.parts[0]!.plan.tokens;
    let tries = 0;
    const worker = slowModel(0, (table) => ({
      async *scoreTokens(ids, plan, options) {
        if (ids[1] === shards[2]!.parts[0]!.ids[1 + shards[2]!.parts[0]!.range.start - 1] && ++tries)
          throw new SurprisalError({
            code: "CONTEXT_EXCEEDED",
            what: `${poisoned} tokens are too many`,
            wayOut: "Cut.",
          });
        yield* table.scoreTokens(ids, plan, options);
      },
    }));
    await using queue = await executor();
    await using events = new TestWorker(server.url, [worker]);
    const results = await Promise.allSettled([shards[0]!, shards[2]!].map((shard) => queue.run(shard)));
    expect(results[1]).toMatchObject({
      status: "rejected",
      reason: { code: "CONTEXT_EXCEEDED", wayOut: "Cut." },
    });
    expect(SurprisalError.isInstance((results[1] as PromiseRejectedResult).reason)).toBe(true);
    expect(tries).toBe(events.count("failed"));
  });

  it("tries a worker's own trouble again", async () => {
    let tries = 0;
    const worker = slowModel(0, (table) => ({
      async *scoreTokens(ids, plan, options) {
        if (++tries < 3) throw new SurprisalError({ code: "OUT_OF_MEMORY", what: "No memory" });
        yield* table.scoreTokens(ids, plan, options);
      },
    }));
    const shards = someShards(1);
    await using queue = await executor();
    await using _ = new TestWorker(server.url, [worker]);
    expect(await queue.run(shards[0]!)).toEqual((await directly(shards))[0]);
    expect(tries).toBe(3);
  });

  it("gives up a shard that ends in an unknown error each time", async () => {
    const worker = slowModel(0, () => ({
      // biome-ignore lint/correctness/useYield: it fails before
      async *scoreTokens() {
        throw new TypeError("x is not a function");
      },
    }));
    await using queue = await executor();
    await using events = new TestWorker(server.url, [worker]);
    await expect(queue.run(someShards(1)[0]!)).rejects.toMatchObject({
      code: "QUEUE_SHARD_LOST",
      what: expect.stringContaining("x is not a function"),
    });
    expect(events.count("failed")).toBe(3);
  });

  it("gives nothing to workers with another model, engine or setting; those say why", async () => {
    const messages: string[] = [];
    const other = altered((table) => ({ identity: { ...table.identity, sha256: "b".repeat(64) } }));
    const engine = slowModel(0, () => ({ settings: { engine: "table 2", order: 1 } }));
    await using queue = await executor({ patienceMs: 1500, onMessage: (message) => messages.push(message) });
    await using first = new TestWorker(server.url, [other]);
    await using second = new TestWorker(server.url, [engine]);
    await expect(queue.run(someShards(1)[0]!)).rejects.toMatchObject({
      code: "QUEUE_NO_WORKER",
      what: expect.stringMatching(
        /does not have bytes \(sha256 aaaaaaaaaaaa.*engine is table 2 here and table there|engine is table 2 here and table there.*does not have bytes/,
      ),
    });
    expect([first.count("begun"), second.count("begun")]).toEqual([0, 0]);
    expect(messages.join()).toContain("cannot help: this worker does not have bytes");
    await using _ = new TestWorker(server.url);
    const shards = someShards(3);
    expect(await Promise.all(shards.map((shard) => queue.run(shard)))).toEqual(await directly(shards));
  });

  it("waits where there is no worker, and says how to start one without showing the password", async () => {
    await using locked = await RedisServer.start({ password: "s3cret" });
    const messages: string[] = [];
    const shards = someShards(2);
    const options = {
      model: slowModel(),
      reference: "table",
      onMessage: (message: string) => messages.push(message),
    };
    await using queue = await queueExecutor(locked.url, options);
    const scores = Promise.all(shards.map((shard) => queue.run(shard)));
    await until(() => messages.length > 0);
    expect(messages[0]).toMatch(
      /^There is no worker yet; waiting\. Start one: surprisal worker --queue redis:\/\/127/,
    );
    await using worker = new TestWorker(locked.url);
    expect(await scores).toEqual(await directly(shards));
    expect(JSON.stringify([messages, worker.events])).not.toContain("s3cret");
    const wrong = queueExecutor(locked.url.replace("s3cret", "wrong"), options);
    const error = await wrong.then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ code: "UNAUTHORIZED" });
    expect(`${error!.message}${error!.cause}`).not.toContain("wrong");
  });

  it("gives back what a stopped worker has under way", async () => {
    const shards = someShards(1);
    await using queue = await executor();
    const scored = queue.run(shards[0]!);
    {
      await using worker = new TestWorker(server.url, [slowModel(60_000)], 100);
      await until(() => worker.count("begun") === 1);
      await worker[Symbol.asyncDispose]();
      expect(worker.count("given-back")).toBe(1);
    }
    await using _ = new TestWorker(server.url);
    expect(await scored).toEqual((await directly(shards))[0]);
  });

  it("finishes what takes less than the grace time", async () => {
    await using queue = await executor();
    const scored = queue.run(someShards(1)[0]!);
    await using worker = new TestWorker(server.url, [slowModel(300)]);
    await until(() => worker.count("begun") === 1);
    await worker[Symbol.asyncDispose]();
    await scored;
    expect([worker.count("done"), worker.count("given-back")]).toEqual([1, 0]);
  });

  it("stops when its caller does: the worker's shard too", async () => {
    const stop = new AbortController();
    const queue = await executor();
    await using worker = new TestWorker(server.url, [slowModel(60_000)]);
    const scored = queue.run(someShards(1)[0]!, { signal: stop.signal });
    await until(() => worker.count("begun") === 1);
    stop.abort();
    await expect(scored).rejects.toMatchObject({ code: "ABORTED" });
    await queue[Symbol.asyncDispose]();
    await until(() => worker.count("left") === 1);
    await until(async () => (await keys()).length === 0);
  });

  it("is not hindered by what a dead run has left", async () => {
    const dead = new Queue(queueOf("dead"), { connection: { url: server.url } });
    await dead.add("shard", { parts: "nonsense" }, { jobId: "shard-0" });
    await using queue = await executor();
    await using worker = new TestWorker(server.url);
    const shards = someShards(2);
    expect(await Promise.all(shards.map((shard) => queue.run(shard)))).toEqual(await directly(shards));
    expect(worker.count("done")).toBe(2);
    await dead.obliterate({ force: true });
    await dead.close();
  });

  it("is left by a worker whose coordinator has fallen silent, and taken out of Redis", async () => {
    await using own = await RedisServer.start();
    await using worker = new TestWorker(own.url, [slowModel(60_000)]);
    await until(() => worker.count("ready") === 1);
    const run = "511e47511e47511e";
    const queue = new Queue(queueOf(run), { connection: { url: own.url } });
    await queue.add("shard", encodeShard(someShards(1)[0]!), { jobId: "shard-0" });
    const model = { name: "bytes", sha256: SHA256, reference: "table" };
    const { settings } = TableModel.bytes();
    const offer: Offer = {
      type: "offer",
      run,
      version: packageVersion(),
      model,
      load: {},
      settings,
      leaseMs: 1000,
    };
    const redis = own.client();
    await redis.publish(OFFERS, JSON.stringify(offer));
    await until(() => worker.count("begun") === 1);
    await until(() => worker.count("left") === 1, SILENCE_MS * 2);
    expect(worker.count("given-back")).toBe(1);
    await until(async () => (await redis.keys("*")).length === 0);
    redis.disconnect();
    await queue.close();
  });

  it.each([{ persistent: false }, { persistent: true }])(
    "goes on after Redis has restarted, %o",
    async (settings) => {
      await using own = await RedisServer.start(settings);
      const shards = someShards(30);
      await using queue = await queueExecutor(own.url, {
        model: slowModel(),
        reference: "table",
        leaseMs: 1000,
      });
      await using worker = new TestWorker(own.url, [slowModel(50)]);
      const scores = Promise.all(shards.map((shard) => queue.run(shard)));
      await until(() => worker.count("done") > 5);
      await own.kill();
      await sleep(300);
      await own.start();
      expect(await scores).toEqual(await directly(shards));
    },
  );
});
