/** The line on stderr that says how far a long run has come. */

import { onInterrupt } from "../../files/index.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatRate,
  shorten,
  visible,
} from "../../text/index.ts";

/** The part of a terminal stream that is used. */
export interface TerminalStream {
  isTTY?: boolean | undefined;
  /** Width; 0 and undefined: unknown, taken for 80. */
  columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressOptions {
  /** What is going on, such as "scoring" or "downloading model.gguf". */
  label: string;
  /** What is counted: "tokens", "bytes", ... Bytes are shown with prefixes. */
  unit: string;
  /** Default: `process.stderr`. Nothing is written unless it is a terminal. */
  stream?: TerminalStream | undefined;
  /** Units that were there already when the clock started (a resumed download); they do not count as speed. */
  resumedFrom?: number | undefined;
  /** Nothing is written before this many milliseconds. Default 1000. */
  after?: number | undefined;
  /** Milliseconds of a monotonic clock. Default: `performance.now`. */
  now?: (() => number) | undefined;
}

interface ProgressState {
  /** Units done, and how many there are; `total` is `null` when unknown. */
  done: number;
  total: number | null;
  /** Perplexity of what was scored so far. */
  perplexity?: number | undefined;
}

export interface Progress {
  /** Call it as often as you like. */
  update(state: ProgressState): void;
  /** Removes the line. */
  end(): void;
}

const INTERVAL = 100; // milliseconds between two writes
const CLEAR = "\r\u001b[2K";

/** Starts the clock. Rate and time left are the mean since then. */
export function startProgress({ label, unit, resumedFrom = 0, ...options }: ProgressOptions): Progress {
  const { now = () => performance.now() } = options;
  const started = now();
  const line = startLine(options);
  return {
    update(state) {
      line.show(() => {
        const perSecond = (1000 * (state.done - resumedFrom)) / (now() - started);
        return describe(visible(label), unit, state, perSecond);
      });
    },
    end: () => line.end(),
  };
}

/** A line that moves. */
export interface MovingLine {
  /** Call it as often as you like: `text` is asked for, and written, as often as an eye can follow. */
  show(text: () => string): void;
  /** Removes the line. */
  end(): void;
}

/** The line at the bottom of a terminal; nothing where there is none. */
export function startLine({
  stream = process.stderr,
  after = 1000,
  now = () => performance.now(),
}: Omit<ProgressOptions, "label" | "unit" | "resumedFrom">): MovingLine {
  const started = now();
  let written = Number.NEGATIVE_INFINITY;
  let calledOff: (() => void) | null = null;
  const clear = () => stream.write(CLEAR);
  return {
    show(text) {
      if (!stream.isTTY || process.env.TERM === "dumb") return; // a line that moves needs escape sequences
      const at = now();
      if (at - started < after || at - written < INTERVAL) return;
      written = at;
      calledOff ??= onInterrupt(clear);
      stream.write(CLEAR + shorten(text(), Math.max(1, (stream.columns || 80) - 1)));
    },
    end() {
      if (calledOff === null) return;
      clear();
      calledOff();
      calledOff = null;
      written = Number.NEGATIVE_INFINITY;
    },
  };
}

function describe(
  label: string,
  unit: string,
  { done, total, perplexity }: ProgressState,
  perSecond: number,
): string {
  const amount = (count: number) => (unit === "bytes" ? formatBytes(count) : formatCount(count));
  const percent = total ? `${Math.floor((100 * done) / total)}%` : null;
  const left = total === null ? null : (1000 * (total - done)) / perSecond;
  return [
    label,
    [
      percent,
      total === null ? `${amount(done)}` : `${amount(done)} of ${amount(total)}`,
      unit === "bytes" ? null : unit,
    ]
      .filter((part) => part !== null)
      .join(" "),
    formatRate(perSecond, unit),
    perplexity === undefined ? null : `perplexity ${formatNumber(perplexity)}`,
    left === null || left <= 0 || !Number.isFinite(left) ? null : `${formatDuration(left)} left`,
  ]
    .filter((part) => part !== null)
    .join("  ");
}
