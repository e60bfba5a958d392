/** What BullMQ tells of shards, as it came: news that may be wrong, late, or somebody else's. */
import { setTimeout as sleep } from "node:timers/promises";
import type { QueueEvents } from "bullmq";

/** Pause before it is listened again after news that BullMQ could not read, milliseconds. */
const AGAIN_MS = 200;

/**
 * Listens until the events are closed. BullMQ stops at the first entry that is not what it writes itself; what is missed
 * until it is listened again, whoever looks after the shards finds.
 */
export async function listen(events: QueueEvents, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await events.run().catch(() => {});
    await sleep(AGAIN_MS, undefined, { ref: false });
  }
}
