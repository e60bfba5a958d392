/** What is shown of training runs. */
import type { RunAnalysis, TrainingRun } from "../../train/index.ts";

/** One run with what is said of it. */
export interface WatchedRun {
  run: TrainingRun;
  analysis: RunAnalysis;
}

/** Everything that a screen or a page shows. */
export interface TrainView {
  title: string;
  /** Formats that were read, in words. */
  formats: readonly string[];
  runs: readonly WatchedRun[];
}
