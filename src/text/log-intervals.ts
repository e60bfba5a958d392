/**
 * Perplexities, and ratios of them, with what is known of their error.
 *
 * Both are exponentials of a mean. A ± says little of such a number once it is wide: "4910 ± 6885" has a perplexity below 0 in
 * it. What is symmetric is the mean, so a wide error is shown as one standard error either way on the log scale, and one so
 * wide that it says nothing is not shown as a number at all. `errorStyle` is the rule; docs/evaluating.md tells it to readers.
 */
import { logInterval } from "../core/index.ts";
import { formatCount, formatNumber, formatWithError, isNumber, numberAndError } from "./numbers.ts";

/** Largest standard error, as a share of the value, that is shown as ±: there the ends differ by at most 4 % of the value. */
const MOST_PLUS_MINUS = 0.25;
/** One standard error that is more than this factor, up or down, says nothing: the interval spans four powers of ten. */
const MOST_FACTOR = 100;
const DIGITS = 3;

/**
 * How the error of an exponential of a mean is shown: by the standard error as a share of the value, which is the standard
 * error of the mean in nats.
 * - `none`: there is no error, or no finite number
 * - `plus-minus`: up to 0.25
 * - `interval`: up to ln 100 = 4.6; value · exp(± share)
 * - `useless`: beyond
 */
export function errorStyle(
  value: number | null | undefined,
  error: number | null | undefined,
): "none" | "plus-minus" | "interval" | "useless" {
  if (!isNumber(value) || !isNumber(error)) return "none";
  if (!Number.isFinite(value) || !Number.isFinite(error) || value <= 0 || error <= 0) return "none";
  const share = error / value;
  if (share <= MOST_PLUS_MINUS) return "plus-minus";
  return share <= Math.log(MOST_FACTOR) ? "interval" : "useless";
}

/** Three significant digits, thousands apart: 4,910, 1,210, 61.5. */
function rounded(value: number): string {
  return value >= 1000 && value < 1e5
    ? formatCount(Number(value.toPrecision(DIGITS)))
    : formatNumber(value, DIGITS);
}

/**
 * A perplexity and its error apart: ["23.59", "± 0.72"], ["4,910", "(1,210 to 20,000)"], ["1.80e227", "(error over 100×)"];
 * without an error four significant digits and `null`.
 * @param least what the number cannot be below. Default 1, as a perplexity.
 */
export function perplexityAndError(
  value: number | null | undefined,
  error: number | null | undefined,
  least = 1,
): [number: string, error: string | null] {
  const style = errorStyle(value, error);
  if (style === "interval" && isNumber(value)) {
    const { low, high } = logInterval(value, error, 1, least)!;
    return [rounded(value), `(${rounded(low)} to ${rounded(high)})`];
  }
  if (style === "useless" && isNumber(value)) return [rounded(value), `(error over ${MOST_FACTOR}×)`];
  const [number, cut] = numberAndError(value, error);
  return [number, cut === null ? null : `± ${cut}`];
}

const joined = (parts: readonly (string | null)[]): string => parts.filter((part) => part !== null).join(" ");

/** A perplexity with its error, as `perplexityAndError`, in one text. */
export const formatPerplexity = (
  value: number | null | undefined,
  error: number | null | undefined,
): string => joined(perplexityAndError(value, error));

/** A ratio of two perplexities with its error: the same, but it may be below 1. */
export const formatRatio = (value: number | null | undefined, error: number | null | undefined): string =>
  joined(perplexityAndError(value, error, 0));

interface Estimate {
  value: number;
  standardError: number | null;
}

/**
 * A difference of two perplexities. Where one of them has an error too wide for ±, so has their difference, which has no log
 * scale of its own: its ± is left out, and the ratio is named instead.
 */
export function formatPerplexityDifference(
  { value, standardError }: Estimate,
  perplexities: readonly Estimate[],
): string {
  const wide = perplexities.some((one) =>
    ["interval", "useless"].includes(errorStyle(one.value, one.standardError)),
  );
  if (wide && isNumber(value)) return `${formatNumber(value, DIGITS)} (see the ratio)`;
  return formatWithError(value, standardError);
}

/** Whether numbers with this name are perplexities, and so exponentials of a mean; bits per byte are a mean. */
export const isPerplexityName = (measure: string): boolean => /perplexit/i.test(measure);
