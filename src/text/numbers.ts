/**
 * Numbers as a person reads them: the same on a screen, in a page and in a table. Missing numbers are an en dash; nothing
 * is more precise than it can be. Files that programs read (CSV, JSON, Parquet) have numbers in full instead.
 */

const MISSING = "–";
/** From here on numbers are written with an exponent, */
const LARGE = 1e5;
/** and so are those below: 0.0005 is read at a glance, 0.0000005 is not. */
const SMALL = 1e-5;
/** Most decimals of a number that is cut where its error has two digits. */
const MOST_DECIMALS = 6;

/** Neither missing nor NaN; may be infinite. */
export const isNumber = (value: number | null | undefined): value is number =>
  typeof value === "number" && !Number.isNaN(value);

const exponential = (value: number, digits: number): string =>
  value.toExponential(digits - 1).replace("e+", "e");

/** Power of ten of a number that is not 0. */
const magnitude = (value: number): number => Math.floor(Math.log10(Math.abs(value)));

/** A number with `digits` significant digits: 23.59, 0.0005000, 1.070e5, 1.000e-7. Missing: "–". */
export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (!isNumber(value)) return MISSING;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= LARGE || size < SMALL) return exponential(value, digits);
  return value.toFixed(Math.max(0, digits - 1 - magnitude(value)));
}

/**
 * A number and its error, both cut where the error has two significant digits: ["23.59", "0.72"], ["1.073e5", "3.0e3"].
 * Without an error (missing, infinite, 0 or less) four significant digits, and `null`.
 */
export function numberAndError(
  value: number | null | undefined,
  error: number | null | undefined,
): [number: string, error: string | null] {
  const isPair = isNumber(value) && isNumber(error) && Number.isFinite(value) && Number.isFinite(error);
  if (!isPair || error <= 0) return [formatNumber(value), null];
  const decimals = Math.max(0, 1 - magnitude(error));
  if (Math.abs(value) < LARGE && decimals <= MOST_DECIMALS)
    return [value.toFixed(decimals), error.toFixed(decimals)];
  const digits = value === 0 ? 2 : Math.min(8, Math.max(2, magnitude(value) - magnitude(error) + 2));
  return [formatNumber(value, digits), exponential(error, 2)];
}

/** As `numberAndError`, in one text: "23.59 ± 0.72", "1.073e5 ± 3.0e3", "2.30e-7 ± 4.0e-8". */
export function formatWithError(value: number | null | undefined, error: number | null | undefined): string {
  const [number, cut] = numberAndError(value, error);
  return cut === null ? number : `${number} ± ${cut}`;
}

/** A share in [0, 1] and its error as percentages, without the sign: "31.4 ± 1.2". Missing: "–". */
export function formatPercent(share: number | null | undefined, error: number | null | undefined): string {
  return formatWithError(isNumber(share) ? 100 * share : share, isNumber(error) ? 100 * error : error);
}

/** A whole number with separators: 4,211. Missing: "–". */
export function formatCount(value: number | null | undefined): string {
  if (!isNumber(value) || !Number.isFinite(value)) return formatNumber(value);
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ","); // toLocaleString takes 10 ms the first time
}

/** Surprisal in bits, one decimal. Missing: "–". */
export function formatBits(bits: number | null | undefined): string {
  return isNumber(bits) && Number.isFinite(bits) ? bits.toFixed(1) : formatNumber(bits);
}

/** A probability in [0, 1] as a percentage: 31%, 4.2%, 0.05%, <0.01%. Missing: "–". */
export function formatProbability(probability: number | null | undefined): string {
  if (!isNumber(probability)) return MISSING;
  const percent = 100 * probability;
  if (percent > 0 && percent < 0.01) return "<0.01%";
  if (percent > 99 && percent < 100) return percent >= 99.95 ? ">99.9%" : `${percent.toFixed(1)}%`;
  return `${percent >= 9.95 ? percent.toFixed(0) : percent >= 0.995 ? percent.toFixed(1) : Number(percent.toFixed(2))}%`;
}

/** A count and its noun: "1 word", "3 words". */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** "a", "a and b", "a, b and c". */
export function formatList(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

const scaled = (value: number, units: readonly string[]): string => {
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : Number(value.toPrecision(3))} ${units[unit]}`;
};

/** A size in bytes with decimal prefixes: 812 B, 134 MB, 1.02 GB. Missing: "–". */
export function formatBytes(bytes: number | null | undefined): string {
  return !isNumber(bytes) ? MISSING : scaled(bytes, ["B", "kB", "MB", "GB", "TB"]);
}

/** A number of weights: 135M, 6.2M, 1.02B. Missing: "–". */
export function formatParameters(count: number | null | undefined): string {
  return !isNumber(count) ? MISSING : scaled(count, ["", "k", "M", "B", "T"]).replace(" ", "");
}

/** A length of time given in milliseconds: 840 ms, 1.23 s, 2 min 05 s, 1 h 03 min. Missing: "–". */
export function formatDuration(milliseconds: number | null | undefined): string {
  if (!isNumber(milliseconds)) return MISSING;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (x: number) => String(x).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${formatCount(Math.floor(minutes / 60))} h ${two(minutes % 60)} min`;
}

/** Something per second; bytes get a prefix: "305 tokens/s", "1.2 MB/s". */
export function formatRate(perSecond: number, unit: string): string {
  if (!Number.isFinite(perSecond)) return `${MISSING} ${unit}/s`;
  if (unit === "bytes") return `${formatBytes(perSecond)}/s`;
  return `${perSecond >= 9.95 ? formatCount(perSecond) : perSecond.toFixed(1)} ${unit}/s`;
}
