/** The head of a PAQ router: which levels are probably enough. */
export {
  difficultyOf,
  fitHead,
  type LevelCurve,
  type PaqHead,
  type PaqHeadLevel,
  probabilitiesAt,
} from "./head.ts";
export type { PaqCosts } from "./ordinal.ts";
