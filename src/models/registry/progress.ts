/** Rate and time left of a transfer, told about ten times a second. */
import { performance } from "node:perf_hooks";
import type { TransferProgress } from "./types.ts";

const REPORT_EVERY_MS = 100;
/** The rate is that of the last few seconds: a resumed file's old bytes and a past stall do not distort it. */
const RATE_WINDOW_MS = 5000;

export class ProgressMeter {
  readonly #report: (progress: TransferProgress) => void;
  readonly #samples: { time: number; bytes: number }[] = [];
  #reported = Number.NEGATIVE_INFINITY;

  constructor(report: (progress: TransferProgress) => void) {
    this.#report = report;
  }

  /** `bytes` and `total` of the whole job. Only bytes that arrived over the line count for the rate: call `restart` after others. */
  update(phase: TransferProgress["phase"], file: string, bytes: number, total: number | null): void {
    const time = performance.now();
    if (time - this.#reported < REPORT_EVERY_MS && bytes !== total) return;
    this.#reported = time;
    this.#samples.push({ time, bytes });
    while (this.#samples.length > 2 && time - this.#samples[0]!.time > RATE_WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0]!;
    const rate =
      time - first.time < REPORT_EVERY_MS ? null : ((bytes - first.bytes) / (time - first.time)) * 1000;
    const eta = rate && total !== null ? Math.max(0, total - bytes) / rate : null;
    this.#report({ phase, file, bytes, total, rate, eta });
  }

  /** Forget the rate: another phase begins, or bytes were counted that did not arrive just now. */
  restart(): void {
    this.#samples.length = 0;
  }
}
