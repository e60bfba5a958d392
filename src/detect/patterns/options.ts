/** What the detector of patterns can be told. */
import { invalidArgument } from "../../core/index.ts";
import { nearestNames } from "../../text/index.ts";
import { PATTERN_KINDS, type PatternKind } from "./kinds.ts";

/** Options of `detectPatterns`. */
export interface PatternOptions {
  /** Kinds that are looked for. Default: all. */
  kinds?: readonly PatternKind[] | undefined;
}

/** @throws SurprisalError INVALID_ARGUMENT for a kind that there is not */
export function checkPatternOptions({ kinds = PATTERN_KINDS }: PatternOptions): ReadonlySet<PatternKind> {
  for (const kind of kinds)
    if (!PATTERN_KINDS.includes(kind)) {
      const [near] = nearestNames(kind, PATTERN_KINDS);
      throw invalidArgument(
        `There is no pattern "${String(kind)}"`,
        "kinds",
        near ? `Did you mean "${near}"?` : `There are ${PATTERN_KINDS.join(", ")}.`,
      );
    }
  return new Set(kinds);
}
