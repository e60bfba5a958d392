/** The confident error in a sentence, for page and terminal. */
import type { ConfidentErrorReport } from "../../detect/index.ts";
import { formatCount, formatNumber, formatPlural } from "../../text/index.ts";

/** "Of 40 labelled answers 20 are wrong; 6 of these (30.0 %, 95 % interval 12 to 54) are no more surprising than ..." */
export function confidentErrorText({
  n,
  wrong,
  ofErrors,
  threshold,
  quantile,
  intervals,
}: ConfidentErrorReport): string {
  const percent = (share: number) => formatNumber(100 * share, 3);
  const { count, value, low, high } = ofErrors;
  const interval =
    low === null || high === null
      ? ""
      : `, ${Math.round(100 * intervals.level)} % interval ${percent(low)} to ${percent(high)}`;
  const share = value === null ? "" : ` (${percent(value)} %${interval})`;
  const bound =
    quantile === null
      ? "are no more surprising than that"
      : quantile === 0.5
        ? "are no more surprising than half of the right answers"
        : `are no more surprising than ${percent(quantile)} % of the right answers`;
  return `Of ${formatPlural(n, "labelled answer")} ${formatCount(wrong)} are wrong; ${formatCount(count)} of these${share} ${bound}, perplexity ${formatNumber(threshold)}: perplexity alone lets them pass.`;
}
