import { setTimeout as sleep } from "node:timers/promises";

/** Waits for something, and no longer than so many milliseconds. */
export async function waitAtMost(ms: number, something: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  const late = sleep(ms, undefined, { signal: enough.signal }).catch(() => {});
  await Promise.race([something, late]);
  enough.abort();
}
