/** A run that is not as it was written. */
import { dirname } from "node:path";
import { SurprisalError } from "../../core/index.ts";

/** What is wrong, and where: a file of the run, with the line or the byte. */
export interface Damage {
  what: string;
  where: string;
  cause?: unknown;
}

const ANEW = "Start the run again in another folder";

/** What has damage scored again. @param where a file in the run's folder, or a place in one. */
export function scoredAgain(where: string): string {
  return `Score what is damaged again: surprisal eval --resume ${dirname(where)} --repair.`;
}

/** RUN_DAMAGED, where what was damaged can be scored again. */
export function damageError({ what, where, cause }: Damage): SurprisalError {
  return new SurprisalError({
    code: "RUN_DAMAGED",
    what,
    where,
    wayOut: `${scoredAgain(where)} ${ANEW} where that does not help.`,
    cause,
  });
}

/** RUN_DAMAGED, where it is not known what was to be scored. */
export function lostRun({ what, where, cause }: Damage): SurprisalError {
  return new SurprisalError({ code: "RUN_DAMAGED", what, where, wayOut: `${ANEW}.`, cause });
}
