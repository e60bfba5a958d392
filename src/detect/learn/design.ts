/** How numbers become columns of a linear model: clipped, standardised, what is missing at the mean. */
import { quantileOf } from "../../core/index.ts";
import type { FeatureTable } from "./table.ts";

/** How one number is read. */
export interface ReadFeature {
  name: string;
  /** Numbers beyond are taken for these: outliers of the fit, and what it has never seen. */
  low: number;
  high: number;
  /** Of the clipped ones; what is missing is taken for the mean. */
  mean: number;
  /** Standard deviation of the clipped ones, > 0. */
  scale: number;
  /** Whether that it is missing is a column of its own. */
  hasIndicator: boolean;
}

/** A name that no column was made of. */
export interface DroppedFeature {
  name: string;
  why: "always missing" | "rarely there" | "constant" | "same as another";
}

/** Rows of a table as columns. */
export interface Design {
  features: readonly ReadFeature[];
  dropped: readonly DroppedFeature[];
  /** [m] rows of the table. */
  rows: readonly number[];
  /** q: one column for each feature, then one for each indicator. */
  columns: number;
  /** [m*q] */
  x: Float64Array;
}

/** Of each tail this share is clipped, unless nothing would be left that varies. */
const TAIL = 0.005;

/** Larger ones would not have a square. */
const LARGEST = 1e100;

/** What is known, or missing, in fewer answers than this says nothing. */
const FEWEST = 5;

/**
 * Columns of some rows. Numbers are clipped at their 0.5 % and 99.5 % quantiles (rare marks, which these would level, at their
 * ends), and standardised. What is missing is at the mean and so adds nothing; with `indicators` that it is missing is a column
 * of its own, one for all numbers that are missing together.
 */
export function designOf(table: FeatureTable, rows: readonly number[], indicators: boolean): Design {
  const p = table.names.length;
  const features: ReadFeature[] = [];
  const dropped: DroppedFeature[] = [];
  const places: number[] = [];
  const seen = new Map<string, string>();
  const patterns = new Set<string>();
  for (const [k, name] of table.names.entries()) {
    const column = rows.map((row) => table.values[row * p + k]!);
    const known = Float64Array.from(column.filter((value) => !Number.isNaN(value))).sort();
    const why = known.length === 0 ? "always missing" : known.length < FEWEST ? "rarely there" : null;
    const range = why === null ? rangeOf(known) : null;
    if (range === null) {
      dropped.push({ name, why: why ?? "constant" });
      continue;
    }
    const digest = digestOf(column);
    if (isTaken(seen, digest, name, table, rows)) {
      dropped.push({ name, why: "same as another" });
      continue;
    }
    const missing = rows.length - known.length;
    const pattern =
      indicators && missing >= FEWEST ? digestOf(column.map((value) => +Number.isNaN(value))) : "";
    const hasIndicator = pattern !== "" && !patterns.has(pattern);
    if (hasIndicator) patterns.add(pattern);
    features.push({ name, ...range, hasIndicator });
    places.push(k);
  }
  const q = features.length + features.filter(({ hasIndicator }) => hasIndicator).length;
  const x = new Float64Array(rows.length * q);
  for (const [m, row] of rows.entries()) {
    let next = m * q + features.length;
    for (const [j, feature] of features.entries()) {
      const value = table.values[row * p + places[j]!]!;
      x[m * q + j] = standardised(feature, value);
      if (feature.hasIndicator) x[next++] = Number.isNaN(value) ? 1 : 0;
    }
  }
  return { features, dropped, rows, columns: q, x };
}

/** Where a number lies, in standard deviations from the mean; NaN (missing) is at the mean. */
export function standardised(
  { low, high, mean, scale }: Pick<ReadFeature, "low" | "high" | "mean" | "scale">,
  value: number,
): number {
  return Number.isNaN(value) ? 0 : (Math.min(high, Math.max(low, value)) - mean) / scale;
}

/** Ends, mean and deviation of sorted numbers; `null`: they do not vary. */
function rangeOf(sorted: Float64Array): Omit<ReadFeature, "name" | "hasIndicator"> | null {
  const finite = sorted.filter(Number.isFinite);
  if (finite.length === 0) return null;
  const within = (from: number, to: number) => {
    const [low, high] = [Math.max(from, -LARGEST), Math.min(to, LARGEST)];
    if (!(high > low)) return null;
    let sum = 0;
    for (const value of sorted) sum += Math.min(high, Math.max(low, value));
    const mean = sum / sorted.length;
    let squares = 0;
    for (const value of sorted) squares += (Math.min(high, Math.max(low, value)) - mean) ** 2;
    const scale = Math.sqrt(squares / sorted.length);
    return scale > 1e-12 * Math.max(Math.abs(low), Math.abs(high)) ? { low, high, mean, scale } : null;
  };
  const hasInfinite = finite.length < sorted.length;
  const [first, last] = [finite[0]!, finite.at(-1)!];
  // What is infinite goes a step beyond all others where these do not vary.
  const room = hasInfinite && first === last ? Math.max(1, Math.abs(first)) : 0;
  return (
    within(quantileOf(finite, TAIL), quantileOf(finite, 1 - TAIL)) ??
    within(sorted[0] === -Infinity ? first - room : first, sorted.at(-1) === Infinity ? last + room : last)
  );
}

/** Two columns that have one are compared number by number. */
function digestOf(column: readonly number[]): string {
  let [sum, hash] = [0, 0];
  for (const [i, value] of column.entries()) {
    if (Number.isFinite(value)) sum += value * (1 + (i % 97));
    hash = (Math.imul(hash, 31) + (Number.isNaN(value) ? 1 : value === 0 ? 2 : 3)) | 0;
  }
  return `${sum},${hash}`;
}

function isTaken(
  seen: Map<string, string>,
  digest: string,
  name: string,
  { names, values }: FeatureTable,
  rows: readonly number[],
): boolean {
  const other = seen.get(digest);
  if (other === undefined) {
    seen.set(digest, name);
    return false;
  }
  const [a, b] = [names.indexOf(other), names.indexOf(name)];
  return rows.every((row) => Object.is(values[row * names.length + a], values[row * names.length + b]));
}
