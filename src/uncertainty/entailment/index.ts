/** Whether one text follows from another: a model as judge. */

export {
  type EntailmentJudge,
  type EntailmentJudgeOptions,
  type EntailmentPair,
  type Entails,
  entailmentJudge,
} from "./judge.ts";
