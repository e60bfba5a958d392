/** A calibrated probability for every option of a question, without a generated word. */
export {
  type DecisionAnswer,
  type DecisionCall,
  type DecisionMetadata,
  type SurprisalDecisionModel,
  surprisalDecisionModel,
} from "./ai-sdk.ts";
export type { DecidedOption, Decision } from "./answer.ts";
export {
  type CalibrateDecisionsOptions,
  calibrateDecisions,
  type DecisionCalibration,
} from "./calibrate.ts";
export { DECISION_CALIBRATORS, type DecisionCalibrator } from "./calibrated.ts";
export { type DecideOptions, type DecideRequest, type Decisions, decide } from "./decide.ts";
export type { CalibrationChoice, UsedCalibration } from "./identity.ts";
export { checkLabelled, type LabelledState } from "./labelled.ts";
export { Prompter, type PromptOptions } from "./prompt.ts";
export type {
  ChoiceOption,
  ChoiceQuestion,
  PredicateQuestion,
  Question,
  ScoreLevel,
  ScoreQuestion,
} from "./question.ts";
export { checkQuestions } from "./question.ts";
export { DECIDE_RULES, type DecideRule, type RuleOptions } from "./rule.ts";
export type { ProbabilityInterval } from "./top-labels.ts";
export { decideOnServer, type ServedDecisions } from "./upstream.ts";
