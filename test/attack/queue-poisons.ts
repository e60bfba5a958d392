/** What others may do to the keys of a queue in Redis. */
import type { Redis } from "ioredis";

/** @param queue the beginning of the queue's keys: "bull:surprisal-..." */
export type QueuePoison = (redis: Redis, queue: string) => Promise<unknown>;

/** Shards that are poisoned by number; the first ones may be done already. */
const SOME = [3, 4, 5, 6, 7];

function ofAnotherKind(key: string): QueuePoison {
  return async (redis, queue) => {
    await redis.del(`${queue}:${key}`);
    await redis.set(`${queue}:${key}`, "x");
  };
}

function fieldOf(field: string, value: string): QueuePoison {
  return async (redis, queue) => {
    for (const i of SOME) await redis.hset(`${queue}:shard-${i}`, field, value);
  };
}

function settings(...fields: string[]): QueuePoison {
  return (redis, queue) => redis.hset(`${queue}:meta`, ...fields);
}

/** Shards of which is said in a list that they have ended. */
function ended(list: "completed" | "failed"): QueuePoison {
  return async (redis, queue) => {
    for (const i of SOME) await redis.zadd(`${queue}:${list}`, 1, `shard-${i}`);
  };
}

export const QUEUE_POISONS: Readonly<Record<string, QueuePoison>> = {
  "events of another kind": ofAnotherKind("events"),
  "waiting shards of another kind": ofAnotherKind("wait"),
  "active shards of another kind": ofAnotherKind("active"),
  "completed shards of another kind": ofAnotherKind("completed"),
  "failed shards of another kind": ofAnotherKind("failed"),
  "settings of another kind": ofAnotherKind("meta"),
  "a marker of another kind": ofAnotherKind("marker"),
  "stalled shards of another kind": ofAnotherKind("stalled"),
  "a shard of another kind": ofAnotherKind("shard-7"),
  "a queue that is paused": settings("paused", "1"),
  "a queue of no concurrency": settings("concurrency", "0"),
  "shards that are said to be worked on": async (redis, queue) => {
    for (const i of SOME) await redis.set(`${queue}:shard-${i}:lock`, "me");
    for (const id of await redis.lrange(`${queue}:wait`, 0, -1)) await redis.lpush(`${queue}:active`, id);
    await redis.del(`${queue}:wait`, `${queue}:marker`);
  },
  "shards that are said to have failed": ended("failed"),
  "shards that are said to be done": ended("completed"),
  "events that are no JSON": async (redis, queue) => {
    for (const event of ["completed", "progress", "error", "close", "failed"]) {
      const fields = ["event", event, "jobId", "shard-7", "data", "{", "returnvalue", "{"];
      await redis.xadd(`${queue}:events`, "*", ...fields);
    }
  },
  "options that are none": fieldOf("opts", '{"attempts":"x","backoff":{"type":7,"delay":"y"}}'),
  "options that are no JSON": fieldOf("opts", "{"),
  "data that is no JSON": fieldOf("data", "{"),
  "a failure that nobody had": fieldOf("defa", 'surprisal.error/1 {"code":7}'),
  "a schedule": fieldOf("rjk", "a:b:c:d:e"),
  "a parent": fieldOf("parentKey", "precious"),
  "names of runs of another kind": async (redis) => {
    await redis.del("surprisal:runs");
    await redis.set("surprisal:runs", "x");
  },
};
