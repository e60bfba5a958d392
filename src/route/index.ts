/** How much work an answer is worth: CAR, cascades, early exit, one harness to judge them, and a watch over what they do. */
export {
  ANSWER_SIGNALS,
  type AnswerCounting,
  type AnswerSignals,
  type AnswerSignalsOptions,
  answerSignals,
  type Signals,
} from "./answer-signals.ts";
export {
  type CarAnswer,
  type CarArtefact,
  type CarCounts,
  type CarDecision,
  type CarExample,
  type CarFitOptions,
  type CarGoal,
  type CarInstructions,
  type CarPathOptions,
  type CarPromptOptions,
  type CarRecordOptions,
  CarRouter,
  type CarRule,
  type CarRunOptions,
  car,
  type Gaussian,
  type Gaussians,
  type OperatingPoint,
} from "./car/index.ts";
export {
  type CascadeAnswer,
  type CascadeArtefact,
  type CascadeAttempt,
  type CascadeDecision,
  type CascadeFitOptions,
  type CascadeGoal,
  type CascadeModel,
  type CascadeModelOptions,
  type CascadePoint,
  type CascadeRecordOptions,
  type CascadeReply,
  CascadeRouter,
  type CascadeRunOptions,
  type CascadeStepFit,
  cascade,
  type LaterModel,
  type TokenPrice,
  type WeighedModel,
} from "./cascade/index.ts";
export * from "./early-exit/index.ts";
export * from "./evaluate/index.ts";
export {
  type MonitorQualityOptions,
  monitorQuality,
  type QualityAlarm,
  type QualityLimit,
  type QualityMonitor,
  type QualityObservation,
  type QualityRate,
  type QualityReading,
  type RateReading,
} from "./monitor/quality.ts";
export * from "./paq/index.ts";
export type { MonotonePosterior } from "./posterior.ts";
export {
  type FailedQuestion,
  type RecordedQuestion,
  type RecordingProgress,
  type RecordQuestionsOptions,
  RecordsFile,
  type RecordsFileOptions,
  recordQuestions,
} from "./recorder.ts";
export {
  parseRecords,
  RECORDS_SCHEMA,
  type RecordedAnswer,
  type RecordedThinking,
  type RecordedTrace,
  type RecordsHeader,
  type RouteRecord,
  type RouteRecords,
  readRecords,
  recordLine,
  type ThinkingPlace,
  type ThinkingPlaces,
  writeRecords,
} from "./records.ts";
export { loadRouter, parseRouter, type RouterArtefact, routerText, saveRouter } from "./router-file.ts";
export type { WrittenAnswer } from "./written.ts";
