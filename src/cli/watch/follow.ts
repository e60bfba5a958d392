/** Inputs that are looked at as they grow, and what is told of them. */
import { type FSWatcher, watch } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { SurprisalError } from "../../core/index.ts";
import {
  type CollectorOptions,
  LogSource,
  type MonitorOptions,
  RunMonitor,
  type TrainingAlarm,
  type TrainingRun,
} from "../../train/index.ts";
import type { RunInput } from "./inputs.ts";

/** A log on disk. */
export function logOnDisk(path: string, options: CollectorOptions): RunInput & { formats(): string[] } {
  const source = new LogSource(path, options);
  return {
    name: path,
    poll: (final) => source.poll(final),
    runs: () => source.runs(),
    finish: () => source.finish(),
    formats: () => source.formats,
    ended: false,
    close() {},
  };
}

/** An alarm and the input that it comes of. */
export interface Told {
  alarm: TrainingAlarm;
  log: string;
}

/** A monitor for each run of every input. */
export class Monitors {
  private readonly options: MonitorOptions;
  private readonly monitors = new Map<RunInput, Map<string, RunMonitor>>();
  readonly all: Told[] = [];

  constructor(options: MonitorOptions) {
    this.options = options;
  }

  /** @returns what is new. */
  look(input: RunInput, runs: readonly TrainingRun[] = input.runs()): Told[] {
    let own = this.monitors.get(input);
    if (own === undefined) {
      own = new Map();
      this.monitors.set(input, own);
    }
    const told: Told[] = [];
    for (const run of runs) {
      let monitor = own.get(run.name);
      if (monitor === undefined) {
        monitor = new RunMonitor(this.options);
        own.set(run.name, monitor);
      }
      for (const alarm of monitor.update(run)) told.push({ alarm, log: input.name });
    }
    this.all.push(...told);
    return told;
  }
}

/** Pause between two looks, milliseconds; the file system tells of changes sooner where it can. */
const LOOK_EVERY_MS = 1000;
/** Changes that come together are looked at together, milliseconds. */
const GATHER_MS = 200;

/** What following does. */
export interface Following {
  inputs: readonly RunInput[];
  monitors: Monitors;
  /** @returns true: it is enough. */
  onAlarm(told: Told): Promise<boolean>;
  /** Something has come. */
  onChange(): void;
  signal: AbortSignal;
  /** Alarms that were found elsewhere, while a trainer was answered. */
  waiting: Told[];
}

/**
 * Looks at the inputs until all have ended, `onAlarm` has had enough, or the signal comes. A log that is not there yet is waited
 * for. Each look costs a stat of each file; with nothing new there is nothing else.
 */
export async function follow({
  inputs,
  monitors,
  onAlarm,
  onChange,
  signal,
  waiting,
}: Following): Promise<void> {
  let wake: (() => void) | null = null;
  const watchers = inputs.flatMap(({ name }): FSWatcher[] => {
    try {
      const watcher = watch(name, () => wake?.());
      watcher.on("error", () => watcher.close()); // the looks go on without it
      return [watcher];
    } catch {
      return []; // not there yet, or no file
    }
  });
  const stop = () => wake?.();
  signal.addEventListener("abort", stop);
  try {
    for (;;) {
      let changed = false;
      for (const input of inputs) {
        const came = await polled(input);
        changed ||= came;
        for (const told of came ? monitors.look(input) : []) if (await onAlarm(told)) return;
      }
      for (const told of waiting.splice(0)) if (await onAlarm(told)) return;
      if (changed) onChange();
      if (signal.aborted || inputs.every(({ ended }) => ended)) return;
      const timer = new AbortController();
      await Promise.race([
        sleep(LOOK_EVERY_MS, undefined, { signal: timer.signal }).catch(() => {}),
        new Promise<void>((resolve) => {
          wake = resolve;
        }),
      ]);
      timer.abort();
      wake = null;
      if (!signal.aborted) await sleep(GATHER_MS);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    for (const watcher of watchers) watcher.close();
  }
}

/** A log may come later, or be away while it is written anew. */
async function polled(input: RunInput): Promise<boolean> {
  try {
    return await input.poll(false);
  } catch (error) {
    if (SurprisalError.isInstance(error) && error.code === "FILE_NOT_FOUND") return false;
    throw error;
  }
}
