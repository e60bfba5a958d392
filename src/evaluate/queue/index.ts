/** A run on many machines: shards in a queue in Redis, workers that do them. See docs/distributed.md. */
export { type QueueExecutorOptions, queueExecutor } from "./executor.ts";
export { type WorkOptions, work } from "./worker.ts";
export type { WorkerEvent } from "./worker-event.ts";
