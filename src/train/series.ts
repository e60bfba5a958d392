/** Curves of a training run as columns of numbers. */

/** One curve. Both columns have the same length; steps rise strictly. */
export interface Series {
  /** Name in the log, such as "train/loss". */
  tag: string;
  /** Steps, or epochs where the log has nothing else. */
  steps: number[];
  /** Nats per token (or per byte, see `per`); NaN where the log has a NaN or an infinity. */
  losses: number[];
}

/** What a loss was measured in. */
export type LossUnit = "nats" | "bits" | "perplexity" | "bits-per-byte";

/** How a series was chosen and read. */
export interface CurveUnit {
  unit: LossUnit;
  /** Whether the log says so itself, or it is the usual thing. */
  known: boolean;
}

/** One run: what was logged of its training, in the order of its steps. */
export interface TrainingRun {
  name: string;
  train: Series | null;
  valid: Series | null;
  /** What the losses were written in; `losses` are nats whatever it was. */
  units: { train: CurveUnit | null; valid: CurveUnit | null };
  /** "epoch": the log has no steps. "line": it has neither. */
  axis: "step" | "epoch" | "line";
  /** "byte": a log that has bits per byte alone. */
  per: "token" | "byte";
  /** Tokens that a step reads; `null`: the log does not say. */
  tokensPerStep: number | null;
  /** Bytes of a validation token; `null`: the log does not say. */
  bytesPerToken: number | null;
  /** Lines that were for this run. */
  rows: number;
  /** What had to be decided while reading: restarts, doubles, lines left out, bases taken for granted. */
  notes: string[];
}

/** Index of the first step that is at least `step`; the length where there is none. */
export function firstAt(steps: readonly number[], step: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (steps[middle]! < step) low = middle + 1;
    else high = middle;
  }
  return low;
}
