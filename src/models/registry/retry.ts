/** Attempts at the network, with growing pauses in between. */
import { setTimeout as sleep } from "node:timers/promises";
import { abortError } from "../../core/index.ts";
import { TransferFailure } from "./failure.ts";
import type { Settings } from "./settings.ts";

const LONGEST_PAUSE_MS = 30_000;

/**
 * Repeats `attempt` while its failures are ones that another attempt may mend, until `patience.attempts` in a row
 * brought nothing new. `attempt` calls `onAnswer` when the server answered; `achieved` grows with what has arrived.
 */
export async function withRetries<T>(
  { patience, signal }: Settings,
  attempt: (onAnswer: () => void) => Promise<T>,
  achieved: () => number = () => 0,
): Promise<T> {
  let answered = false;
  for (let failures = 0; ; ) {
    const before = achieved();
    try {
      return await attempt(() => {
        answered = true;
      });
    } catch (error) {
      if (!(error instanceof TransferFailure) || error.retry === "never") throw error;
      if (error.retry === "connected" && !answered) throw error;
      failures = achieved() > before ? 0 : failures + 1;
      if (failures >= patience.attempts) throw error;
      const backoff = Math.min(patience.backoffMs * 2 ** Math.max(0, failures - 1), LONGEST_PAUSE_MS);
      await sleep(Math.max(error.retryAfterMs, backoff), undefined, { signal }).catch(() => {
        throw abortError("The download", signal);
      });
    }
  }
}
