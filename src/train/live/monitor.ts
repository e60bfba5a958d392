/** A run that is watched: what is to be said of it as its points come. */
import {
  OverfitDetector,
  type OverfitOptions,
  type OverfitState,
  PlateauDetector,
  SpikeDetector,
} from "../analysis/index.ts";
import type { TrainingRun } from "../series.ts";

/** What training can be stopped for. */
export const ALARM_KINDS = ["overfit", "plateau", "nan", "spike"] as const;
/** One of `ALARM_KINDS`. */
export type AlarmKind = (typeof ALARM_KINDS)[number];

/** Something has happened to a run. */
export interface TrainingAlarm {
  kind: AlarmKind;
  run: string;
  /** Step at which it could be said. */
  step: number;
  /** Loss at that step, nats; `null`: it is no finite number. */
  loss: number | null;
  /** The best validation so far: the checkpoint to go back to. */
  best: { step: number; loss: number } | null;
  /** In words. */
  what: string;
}

/** Options of `RunMonitor`. */
export interface MonitorOptions extends OverfitOptions {
  /** Points of a plateau. Default 10, or `patience` where it is given. */
  plateauPatience?: number | undefined;
}

/** Points of an interval of training losses, at least, and as a share of those so far: where there is no validation. */
const INTERVAL = { points: 20, share: 0.02 };

/**
 * Watches one run. `update` is given the run as often as it has grown; each kind of alarm is told once. The same points give
 * the same alarms, whether they come one by one or all at once.
 */
export class RunMonitor {
  readonly alarms: TrainingAlarm[] = [];
  spikes: SpikeDetector = new SpikeDetector();
  /** Of the last validation. */
  overfit: OverfitState | null = null;
  private readonly options: MonitorOptions;
  private overfits: OverfitDetector;
  private plateau: PlateauDetector;
  private done = { train: 0, valid: 0 };
  private last = { train: Number.NaN, valid: Number.NaN };
  private tags = "";
  private since = { sum: 0, count: 0 };
  private interval = { sum: 0, count: 0, seen: 0 };

  constructor(options: MonitorOptions = {}) {
    this.options = options;
    this.overfits = new OverfitDetector(options);
    this.plateau = this.newPlateau();
  }

  private newPlateau(): PlateauDetector {
    const { plateauPatience, patience, minDelta } = this.options;
    return new PlateauDetector({ patience: plateauPatience ?? patience, minDelta });
  }

  /** @returns alarms that are new. */
  update(run: TrainingRun): TrainingAlarm[] {
    const { train, valid } = run;
    const told = this.alarms.length;
    const tags = `${train?.tag}\0${valid?.tag}\0${run.units.train?.unit}`;
    const isSame = (of: "train" | "valid") =>
      this.done[of] === 0 || run[of]?.steps[this.done[of] - 1] === this.last[of];
    // Another curve, or one that was cut back: all of it is looked at again.
    if (tags !== this.tags || !isSame("train") || !isSame("valid")) this.again(tags);
    const validSteps = valid?.steps ?? [];
    for (; this.done.valid < validSteps.length; this.done.valid++) {
      const step = validSteps[this.done.valid]!;
      this.trainUntil(run, step);
      this.validation(run, step, valid!.losses[this.done.valid]!);
      this.last.valid = step;
    }
    this.trainUntil(run, Number.POSITIVE_INFINITY);
    return this.alarms.slice(told);
  }

  private again(tags: string): void {
    this.tags = tags;
    this.done = { train: 0, valid: 0 };
    this.since = { sum: 0, count: 0 };
    this.interval = { sum: 0, count: 0, seen: 0 };
    this.spikes = new SpikeDetector();
    this.overfits = new OverfitDetector(this.options);
    this.plateau = this.newPlateau();
    this.overfit = null;
  }

  private trainUntil(run: TrainingRun, until: number): void {
    const { train } = run;
    if (train === null) return;
    for (; this.done.train < train.steps.length; this.done.train++) {
      const step = train.steps[this.done.train]!;
      if (step > until) return;
      this.last.train = step;
      const loss = train.losses[this.done.train]!;
      const found = this.spikes.push(step, loss);
      if (found !== null) this.tell(run, found, step, loss);
      if (!Number.isFinite(loss)) continue;
      this.since.sum += loss;
      this.since.count++;
      if (run.valid === null) this.ofTraining(run, step, loss);
    }
  }

  /** Without validations a plateau is looked for in means of training losses. */
  private ofTraining(run: TrainingRun, step: number, loss: number): void {
    const { interval } = this;
    interval.sum += loss;
    interval.count++;
    interval.seen++;
    if (interval.count < Math.max(INTERVAL.points, INTERVAL.share * interval.seen)) return;
    const mean = interval.sum / interval.count;
    [interval.sum, interval.count] = [0, 0];
    if (this.plateau.push(mean)) this.tell(run, "plateau", step, mean);
  }

  private validation(run: TrainingRun, step: number, loss: number): void {
    const trained = this.since.count === 0 ? Number.NaN : this.since.sum / this.since.count;
    this.since = { sum: 0, count: 0 };
    if (!Number.isFinite(loss)) {
      this.tell(run, "nan", step, loss);
      return;
    }
    this.overfit = this.overfits.push(step, loss, trained);
    if (this.overfit?.alarm) this.tell(run, "overfit", step, loss);
    else if (this.plateau.push(loss)) this.tell(run, "plateau", step, loss);
  }

  private tell(run: TrainingRun, kind: AlarmKind, step: number, loss: number): void {
    if (this.alarms.some((alarm) => alarm.kind === kind)) return;
    const best = this.overfit?.best ?? null;
    const at = `${run.axis} ${step}`;
    const what = {
      overfit: `The validation loss has turned: least at ${run.axis} ${best?.step}, and by ${at} risen by ${(this.overfit?.rise ?? 0).toFixed(3)} nats, ${(this.overfit?.z ?? 0).toFixed(1)} standard errors`,
      plateau: `The loss no longer falls (${at})`,
      nan: `The loss is no number (${at})`,
      spike: `The training loss has jumped to ${loss.toFixed(3)} nats (${at})`,
    }[kind];
    this.alarms.push({ kind, run: run.name, step, loss: Number.isFinite(loss) ? loss : null, best, what });
  }
}
