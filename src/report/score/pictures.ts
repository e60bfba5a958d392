/** The pictures of a score's tokens, for its page. */
import type { CalibrationColumns } from "../../charts/index.ts";
import type { ScoreView } from "./view.ts";

/** With fewer scored tokens the text itself says more. */
const FEWEST_TOKENS = 32;

/** Sections of a page, and the style sheet that they need. */
interface Pictures {
  html: string;
  style: string;
}

/** Surprisal along the text, its distribution and, if the model gave alternatives, its calibration by rank. */
export async function pictures({ model, scored, table }: ScoreView): Promise<Pictures> {
  if (scored < FEWEST_TOKENS) return { html: "", style: "" };
  // Slow to load, and only pages need it.
  const charts = await import("../../charts/server.ts");
  const drawn = [
    charts.surprisalAlong({ ...table, name: "the text" }),
    charts.surprisalDistribution([{ name: model.name, logprobs: table.logprobs }]),
    charts.calibrationByRank({ documents: [choicesOf(table)], name: model.name }),
  ].filter((chart) => chart.table.rows.length > 0);
  const sections = drawn.map(
    (chart, i) => `<section aria-labelledby="h-picture-${i + 1}">
<h2 id="h-picture-${i + 1}">${chart.title}</h2>
${charts.renderFigure(chart, { number: i + 1 })}
</section>`,
  );
  return { html: sections.join("\n"), style: charts.FIGURE_STYLE };
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
