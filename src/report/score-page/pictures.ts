/** The pictures of a score's tokens, for its page. */
import {
  type CalibrationColumns,
  type Chart,
  calibrationByRank,
  renderFigure,
  surprisalAlong,
  surprisalDistribution,
} from "../../charts/server.ts";
import { escapeMarkup } from "../../text/index.ts";
import { htmlSection } from "../page/skeleton.ts";
import type { ScoreView } from "../score/index.ts";

/** With fewer scored tokens the text itself says more. */
const FEWEST_TOKENS = 32;

/**
 * Sections with surprisal along the text, its distribution and, if the model gave alternatives, its calibration by rank;
 * "" for a short text.
 */
export function pictures({ model, scored, table }: ScoreView): string {
  if (scored < FEWEST_TOKENS) return "";
  const drawn = [
    surprisalAlong({ ...table, name: "the text" }),
    surprisalDistribution([{ name: model.name, logprobs: table.logprobs }]),
    calibrationByRank({ documents: [choicesOf(table)], name: model.name }),
  ].filter((chart) => chart.table.rows.length > 0);
  const section = (chart: Chart, i: number) =>
    htmlSection(`h-picture-${i + 1}`, escapeMarkup(chart.title), renderFigure(chart, { number: i + 1 }));
  return drawn.map(section).join("\n");
}

/**
 * Which of the model's choices each token is. Not the ranks of the table: some servers give them for first choices
 * only, and of those alone every one is right.
 */
function choicesOf({ length, ids, logprobs, alternatives }: ScoreView["table"]): CalibrationColumns {
  const ranks = new Int32Array(length);
  for (let i = 0; alternatives && i < length; i++) {
    if (Number.isNaN(logprobs[i])) continue;
    const { k } = alternatives;
    const choice = alternatives.ids.subarray(i * k, (i + 1) * k).indexOf(ids[i]!);
    ranks[i] = choice < 0 ? k + 1 : choice + 1;
  }
  return { ranks, alternatives };
}
