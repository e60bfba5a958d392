/** What a worker does, as it happens. `run` names a coordinator's run of one model. */
export type WorkerEvent =
  | { type: "ready"; queue: string; worker: string }
  | { type: "loading"; run: string; model: string }
  | { type: "joined"; run: string; model: string; slots: number }
  | { type: "refused"; run: string; model: string; reason: string }
  | { type: "begun"; run: string; shard: string; tokens: number }
  | { type: "done"; run: string; shard: string; tokensRun: number; ms: number }
  | { type: "failed"; run: string; shard: string; reason: string }
  | { type: "given-back"; run: string; shard: string }
  | { type: "left"; run: string; reason: "over" | "silent" | "stopped" }
  /** Something in Redis is not what it must be, and is left out; told once of each kind. */
  | { type: "malformed"; what: string }
  | { type: "redis-away"; queue: string }
  | { type: "redis-back"; queue: string };
