/** Curves of training: logs of any trainer as runs, what they say, and runs that are watched while they go on. */
export { type AnalyseOptions, analyseRun, type RunAnalysis } from "./analyse.ts";
export * from "./analysis/index.ts";
export { type CollectorOptions, LogCollector, type LogFields } from "./collector.ts";
export * from "./live/index.ts";
export * from "./logs/index.ts";
export type { CurveChoice } from "./run-state.ts";
export type { CurveUnit, LossUnit, Series, TrainingRun } from "./series.ts";
