/** What a text can tell of models, in sentences. */
import {
  type Resolution,
  SMALL_DIFFERENCE,
  type UndecidedPair,
  WIDE_TEXT,
} from "../../evaluate/compare/index.ts";
import { formatCount, formatList, formatNumber, formatPercent } from "../../text/index.ts";

/** As many pairs are named. */
const MOST_NAMED = 3;

/**
 * Sentences that stand under a table of models; none where the text tells them all apart and is long enough.
 * @param tokens scored in each model.
 */
export function resolutionSentences(
  { tooWide, alike, textFactor, isShort, timesAsMuch }: Resolution,
  tokens: number,
): string[] {
  const sentences: string[] = [];
  if (isShort)
    sentences.push(
      `The error bars are too wide to choose by: ${formatCount(tokens)} tokens tell the perplexity of texts of this kind ${
        textFactor === null ? "not at all" : `within a factor of ${formatNumber(textFactor, 3)} only`
      } (95 %), so another text may order the models otherwise. Below ${formatNumber(WIDE_TEXT, 3)} it is worth choosing by.`,
    );
  if (tooWide.length > 0)
    sentences.push(
      `Not told apart on this text: ${pairsText(tooWide)}. ${
        timesAsMuch === null
          ? "A longer text would say more."
          : `A difference of ${percent(SMALL_DIFFERENCE)} would take about ${times(timesAsMuch)} as much text.`
      }`,
    );
  if (alike.length > 0)
    sentences.push(
      `No more than ${percent(SMALL_DIFFERENCE)} apart: ${pairsText(alike)}. The smaller one will do.`,
    );
  return sentences;
}

function pairsText(pairs: readonly UndecidedPair[]): string {
  const named = pairs.slice(0, MOST_NAMED).map(({ better, worse, ratio }) => {
    const range =
      ratio === null ? "" : ` (${formatNumber(ratio.low, 4)} to ${formatNumber(ratio.high, 4)} times)`;
    return `${worse} and ${better}${range}`;
  });
  const more = pairs.length - named.length;
  return more > 0 ? `${named.join("; ")}; and ${formatCount(more)} more` : joined(named);
}

const joined = (named: readonly string[]): string =>
  named.length > 1 ? named.join("; ") : formatList(named);
const percent = (share: number): string => `${formatPercent(share, null)} %`.replace(/\.0+(?= )/, "");

function times(factor: number): string {
  if (factor > 1000) return "more than 1,000 times";
  return `${formatNumber(Math.max(1.1, factor), 2)} times`;
}
