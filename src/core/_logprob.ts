/** What is a log-probability, what stands for a missing one, and what is neither. Internal to this room. */
import { quoted } from "./_arguments.ts";
import type { SurprisalError } from "./errors.ts";
import { invalidArgument } from "./errors.ts";

/** A ln p above 0, or an entropy below 0, by no more than this is rounding, and read as 0. */
export const LOGPROB_TOLERANCE = 1e-3;

/** "The source did not say": `null` in records, NaN in columns, `undefined` where a program left it out. */
export function isMissing(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}

/** Whether a value that is not missing cannot be ln p. (What is asked for each token must cost nothing: no error yet.) */
export function isNoLogprob(value: unknown): boolean {
  return typeof value !== "number" || value > LOGPROB_TOLERANCE;
}

/** The INVALID_ARGUMENT error for it. @param where such as "logprob of token 5". */
export function noLogprob(value: unknown, where: string): SurprisalError {
  return invalidArgument(
    `${quoted(value)} is no log-probability`,
    where,
    "Give ln p, which is never above 0, or null where the source did not say.",
  );
}
