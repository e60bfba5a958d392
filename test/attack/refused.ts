import { ERROR_CODES, SurprisalError } from "../../src/core/index.ts";
import type { Trial } from "./attack.ts";

/** Whether an error is one that a person can act on: a code that is not INTERNAL, and words. */
export function isClear(error: unknown): boolean {
  if (!SurprisalError.isInstance(error)) return false;
  const known: readonly string[] = ERROR_CODES;
  return error.code !== "INTERNAL" && known.includes(error.code) && error.what !== "";
}

/** A trial that must be refused; `told` says what it did instead. */
export async function refusedOr<Result>(
  what: string,
  attempt: () => Promise<Result>,
  told: (result: Result) => string,
): Promise<Trial> {
  try {
    return { verdict: "wrong", detail: `${what}: ${told(await attempt())}` };
  } catch (error) {
    return isClear(error)
      ? { verdict: "refused", detail: what }
      : { verdict: "wrong", detail: `${what}: ${error instanceof Error ? error.stack : String(error)}` };
  }
}
