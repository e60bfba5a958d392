/** Attempts at the network, with growing pauses in between. */
import { setTimeout as sleep } from "node:timers/promises";

const LONGEST_PAUSE_MS = 30_000;

/**
 * Repeats `attempt` until it succeeds.
 *
 * @param pauseAfter the pause before the next attempt, milliseconds; `null` = another would not mend this error, which is
 *   then thrown.
 * @throws the signal's reason when it is aborted during a pause.
 */
export async function repeat<T>(
  attempt: () => Promise<T>,
  pauseAfter: (error: unknown) => number | null,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const pause = pauseAfter(error);
      if (pause === null) throw error;
      await sleep(pause, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

/** Pause after so many failures in a row, milliseconds: twice as long each time, half a minute at most. */
export function backoff(firstMs: number, failures: number): number {
  return Math.min(firstMs * 2 ** Math.max(0, failures - 1), LONGEST_PAUSE_MS);
}
