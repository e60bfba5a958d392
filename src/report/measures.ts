/** Measures and estimates as people read them, the same in every table, on the screen and on pages. */
import type { Measure, Unit } from "../evaluate/scoring/index.ts";
import { formatCount, formatPercent, formatPerplexity, formatWithError } from "../text/index.ts";

/** What a comparison gives: a number and one standard error. */
type Estimate = Readonly<{ value: number; standardError: number | null }>;

export const formatEstimate = (
  { value, standardError }: Estimate,
  format: typeof formatWithError = formatWithError,
): string => format(value, standardError);

/** What is said beside numbers with errors; wide errors of perplexities are shown on the log scale, see `errorStyle`. */
export const ERRORS_IN_WORDS =
  "± is one standard error. (a to b): the same on the log scale, where a perplexity's is too wide for ±.";

/** How a ± is made, in words. */
export const ERROR_METHODS: Readonly<Record<"llama.cpp" | "block-bootstrap" | "document-bootstrap", string>> =
  {
    "document-bootstrap": "bootstrap over documents",
    "block-bootstrap": "bootstrap over blocks of tokens",
    "llama.cpp": "llama.cpp's formula, which takes tokens for independent",
  };

function formatterOf(unit: Unit): typeof formatWithError {
  if (unit === "share") return formatPercent;
  if (unit === "perplexity") return formatPerplexity;
  return COUNTED.includes(unit) ? formatCount : formatWithError;
}

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
  return formatterOf(unit)(number(key), number(error));
}
