export { Engines, type Executor } from "./engines.ts";
export {
  type EvaluateHandlers,
  type EvaluateOptions,
  type EvaluateProgress,
  evaluate,
  resumeEvaluation,
  type TaskProgress,
} from "./evaluate.ts";
export type { PartScore, ScoreShardOptions, Shard, ShardPart, ShardScore } from "./shard.ts";
