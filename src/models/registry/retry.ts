/** Attempts at a download, as patient as the settings say. */
import { abortError } from "../../core/index.ts";
import { backoff, repeat } from "../../net/index.ts";
import { TransferFailure } from "./failure.ts";
import type { Settings } from "./settings.ts";

/** An attempt that brings less has failed: one byte at a time, a file has no end. */
const PROGRESS_BYTES = 16_384;

/**
 * Repeats `attempt` while its failures are ones that another attempt may mend, until `patience.attempts` in a row
 * brought nothing new to speak of (16 KiB). `attempt` calls `onAnswer` when the server answered; `achieved` grows with what has arrived.
 */
export async function withRetries<T>(
  { patience, signal }: Settings,
  attempt: (onAnswer: () => void) => Promise<T>,
  achieved: () => number = () => 0,
): Promise<T> {
  let answered = false;
  let failures = 0;
  let most = 0; // also of what was dropped again: a server could go round for ever otherwise
  const once = () => {
    most = Math.max(most, achieved());
    return attempt(() => {
      answered = true;
    });
  };
  const pauseAfter = (error: unknown) => {
    if (!(error instanceof TransferFailure) || error.retry === "never") return null;
    if (error.retry === "connected" && !answered) return null;
    failures = achieved() >= most + PROGRESS_BYTES ? 0 : failures + 1;
    if (failures >= patience.attempts) return null;
    return Math.max(error.retryAfterMs, backoff(patience.backoffMs, failures));
  };
  return repeat(once, pauseAfter, signal).catch((error: unknown) => {
    throw signal?.aborted && error === signal.reason ? abortError("The download", signal) : error;
  });
}
