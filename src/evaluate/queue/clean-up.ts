/** Taking a run out of Redis. */
import type { Redis } from "ioredis";
import { queueOf } from "./protocol.ts";

/** Keys that are looked at and taken away in one command. */
const AT_ONCE = 1000;

/**
 * Takes away the keys of a run's queue, of whatever kind they are. They are found by their names: BullMQ's own `obliterate`
 * follows what it finds in lists and jobs, which others may have written, and ends at the first key of another kind.
 * @param run as `isRunName` has it: no pattern, and no part of another key's name.
 */
export async function removeQueue(redis: Redis, run: string): Promise<void> {
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "MATCH", `bull:${queueOf(run)}:*`, "COUNT", AT_ONCE);
    if (keys.length > 0) await redis.unlink(...keys);
    cursor = next;
  } while (cursor !== "0");
}
