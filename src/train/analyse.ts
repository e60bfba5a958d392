/** All that is said of a run. */
import {
  type Breakdown,
  type LossSpike,
  type Outlook,
  outlookOf,
  type Phase,
  phasesOf,
} from "./analysis/index.ts";
import { type MonitorOptions, RunMonitor, type TrainingAlarm } from "./live/index.ts";
import type { Series, TrainingRun } from "./series.ts";

/** Options of `analyseRun`. */
export interface AnalyseOptions extends MonitorOptions {
  /** Further steps that the gain is for; by default a tenth of those done. */
  ahead?: number | undefined;
}

/** What a run has come to. */
export interface RunAnalysis {
  /** Least validation loss, nats, and where: the checkpoint to keep. `null`: there is no finite one. */
  best: { step: number; loss: number } | null;
  /** Of the last validation; `null`: there is none. */
  overfit: {
    /** It has turned, and the alarm would have been given. */
    turned: boolean;
    /** First step at which that could be said. */
    alarm: number | null;
    /** Last validations above the best, nats, and in standard errors (`null`: too few of them). */
    rise: number;
    z: number | null;
  } | null;
  /** The curve that phases and outlook are of; `null`: too short. */
  of: "train" | "valid" | null;
  phases: Phase[];
  outlook: Outlook;
  /** At most 1,000 of them; `spikeCount` counts all. */
  spikes: LossSpike[];
  spikeCount: number;
  /** Where the training loss is NaN or infinite. */
  breakdowns: Breakdown[];
  /** Each kind once, as it would have been told live. */
  alarms: TrainingAlarm[];
  /** Last finite points, nats. */
  last: { train: { step: number; loss: number } | null; valid: { step: number; loss: number } | null };
}

/** So many validations have phases of their own; with fewer those of training say where they are. */
const DENSE = 24;

/** Everything about a run, as if it had been watched from its beginning. */
export function analyseRun(run: TrainingRun, options: AnalyseOptions = {}): RunAnalysis {
  const monitor = new RunMonitor(options);
  monitor.update(run);
  const { train, valid } = run;
  const state = monitor.overfit;
  const alarm = monitor.alarms.find(({ kind }) => kind === "overfit") ?? null;
  const turned = state?.alarm ?? false;
  const dense = valid !== null && valid.losses.filter(Number.isFinite).length >= DENSE;
  const of = dense ? "valid" : train !== null ? "train" : valid !== null ? "valid" : null;
  const series = of === null ? null : run[of];
  let phases = of === null || series === null ? [] : phasesOf(series, of);
  if (of === "train" && turned && state !== null && valid !== null)
    phases = withOverfitting(phases, state.best, valid);
  return {
    best: state?.best ?? null,
    overfit: state && { turned, alarm: alarm?.step ?? null, rise: state.rise, z: state.z },
    of,
    phases,
    outlook: outlookOf(dense ? valid : train, { ahead: options.ahead, turned }),
    spikes: monitor.spikes.spikes,
    spikeCount: monitor.spikes.count,
    breakdowns: monitor.spikes.breakdowns,
    alarms: monitor.alarms,
    last: { train: lastOf(train), valid: lastOf(valid) },
  };
}

/** Phases of training, up to where few validations say that it went wrong. */
function withOverfitting(
  phases: readonly Phase[],
  best: { step: number; loss: number },
  valid: Series,
): Phase[] {
  const kept = phases
    .filter(({ from }) => from < best.step)
    .map((phase) => ({ ...phase, to: Math.min(phase.to, best.step) }));
  const end = lastOf(valid);
  if (end === null || end.step <= best.step) return kept;
  const at = valid.steps.indexOf(best.step);
  const began = {
    low: valid.steps[Math.max(0, at - 1)]!,
    high: valid.steps[Math.min(valid.steps.length - 1, at + 1)]!,
    confidence: 1,
  };
  return [
    ...kept,
    { kind: "overfitting", from: best.step, to: end.step, change: end.loss / best.loss - 1, began },
  ];
}

function lastOf(series: Series | null): { step: number; loss: number } | null {
  const at = series?.losses.findLastIndex(Number.isFinite) ?? -1;
  return series === null || at < 0 ? null : { step: series.steps[at]!, loss: series.losses[at]! };
}
