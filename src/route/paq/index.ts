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
export type { PaqArtefact, PaqArtefactLevel } from "./artefact.ts";
export type { PaqGoal, PaqPoint } from "./decide.ts";
export type { PaqDecider, PaqDecision } from "./decision.ts";
export type { PaqFeatures, PaqVector } from "./features/index.ts";
export type { CrossFitted, PaqFitOptions } from "./fit.ts";
export type { LevelCurve, PaqCosts, PaqHead, PaqHeadLevel } from "./head/index.ts";
export {
  bitsOf,
  type ChosenTau,
  casesOf,
  isEnough,
  joinedGroups,
  labelAt,
  type PaqCase,
  type PaqCases,
  requireTau,
  type TauPoint,
} from "./labels.ts";
export { type LadderProgress, type MadeLadder, type MakeLadderOptions, makeLadder } from "./ladder.ts";
export { ladderFile, parseLadder, readLadder, writeLadder } from "./ladder-file.ts";
export type { LadderText } from "./measure-level.ts";
/** PAQ: `paq.fit(records, paq.encoder(model))`, `router.decide(prompt)`, labels and features. */
export * as paq from "./namespace.ts";
export {
  type LevelsProgress,
  type PaqAsking,
  type PaqPrompt,
  type RecordedLevels,
  type RecordLevelsOptions,
  recordLevels,
} from "./record-levels.ts";
export { type DecideAllOptions, PaqRouter, type PaqRouterDecision } from "./router.ts";
export { fixedLevel, type PaqAnswer, type PaqRunOptions, PaqServer, type PaqServerOptions } from "./serve.ts";
export { paqFault, paqShape } from "./shape.ts";
export { describeLeftOut, type PaqTable, type PaqTableOptions } from "./table.ts";
