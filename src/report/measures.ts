/** A measure's number as people read it, the same in every table, on the screen and on pages. */
import type { Measure, Unit } from "../evaluate/scoring/index.ts";
import { formatCount, formatPercent, formatWithError } from "../text/index.ts";

const COUNTED: readonly Unit[] = ["tokens", "documents", "questions"];

/**
 * With its error where there is one; a share in percent, without the sign.
 * @param values what the measures came to, by key.
 */
export function formatMeasure(
  key: string,
  { unit, error }: Pick<Measure<never>, "unit" | "error">,
  values: object,
): string {
  const numbers = new Map<string | undefined, unknown>(Object.entries(values));
  const number = (name: string | undefined) => {
    const value = numbers.get(name);
    return typeof value === "number" ? value : null;
  };
  const format = unit === "share" ? formatPercent : COUNTED.includes(unit) ? formatCount : formatWithError;
  return format(number(key), number(error));
}
