/** Named numbers of many answers in one array: what a linear model is fitted to. */
import { invalidArgument } from "../../core/index.ts";

/** Named numbers of one answer; `null` = missing. */
export type NamedNumbers = Readonly<Record<string, number | null>>;

/** Numbers of n answers under p names. */
export interface FeatureTable {
  /** [p] sorted, so that nothing depends on which answer came first. */
  names: readonly string[];
  n: number;
  /** [n*p] answer by answer; NaN = missing, infinite ones as they are. */
  values: Float64Array;
}

/**
 * @param records of each answer; a name that an answer does not have is missing in it.
 * @param where for the error, of answer i.
 * @throws SurprisalError INVALID_ARGUMENT for NaN, and for what is no number.
 */
export function tableOf(records: readonly NamedNumbers[], where: (i: number) => string): FeatureTable {
  const found = new Set<string>();
  for (const record of records) for (const name of Object.keys(record)) found.add(name);
  const names = [...found].toSorted();
  const values = new Float64Array(records.length * names.length).fill(Number.NaN);
  for (const [i, record] of records.entries())
    for (const [k, name] of names.entries()) {
      const value = Object.hasOwn(record, name) ? record[name] : null;
      if (value === null || value === undefined) continue;
      requireNumber(value, name, where(i));
      values[i * names.length + k] = value;
    }
  return { names, n: records.length, values };
}

/** Infinite is a number here: the largest there is. @throws SurprisalError INVALID_ARGUMENT */
export function requireNumber(value: unknown, name: string, where: string): asserts value is number {
  if (typeof value === "number" && !Number.isNaN(value)) return;
  throw invalidArgument(
    `${name} is ${String(value)}, which is no number`,
    where,
    "Give a number, or null where there is none.",
  );
}
