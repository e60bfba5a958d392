/** Whether one text follows from another: a model as judge. */

export type {
  EntailmentPair,
  EntailmentProbabilities,
  EntailmentVerdict,
  Entails,
} from "../entails.ts";
export { type EntailmentJudge, type EntailmentJudgeOptions, entailmentJudge } from "./judge.ts";
