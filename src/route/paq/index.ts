/** PAQ: how many bits a prompt needs. A ladder of one model's levels, labels, a router, and levels served side by side. */
export {
  LADDER_SCHEMA,
  levelFacts,
  levelName,
  type PaqFallback,
  type PaqLadder,
  type PaqLevel,
  type PaqLevelFacts,
  type PaqMachine,
  type PaqPerplexity,
  type PaqSource,
} from "../levels.ts";
export type { PaqDecider, PaqDecision } from "./decision.ts";
export { type LadderProgress, type MadeLadder, type MakeLadderOptions, makeLadder } from "./ladder.ts";
export { ladderFile, parseLadder, readLadder, writeLadder } from "./ladder-file.ts";
export type { LadderText } from "./measure-level.ts";
export {
  type LevelsProgress,
  type PaqAsking,
  type PaqPrompt,
  type RecordedLevels,
  type RecordLevelsOptions,
  recordLevels,
} from "./record-levels.ts";
export { fixedLevel, type PaqAnswer, type PaqRunOptions, PaqServer, type PaqServerOptions } from "./serve.ts";
