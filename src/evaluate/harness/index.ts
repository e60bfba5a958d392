export { Engines, type Executor } from "./engines.ts";
export { evaluate, resumeEvaluation } from "./evaluate.ts";
export type { EvaluateHandlers, EvaluateOptions, EvaluateProgress, TaskProgress } from "./options.ts";
export type { PartScore, ScoreShardOptions, Shard, ShardPart, ShardScore } from "./shard.ts";
