/** Training runs as one self-contained page: their curves over one another, and what is said of each. */
import { type Chart, renderFigure, renderSvg, trainingCurves } from "../../charts/server.ts";
import { escapeMarkup, formatPlural, visible } from "../../text/index.ts";
import { htmlDetails, htmlPage, htmlSection, oneLine } from "../page/skeleton.ts";
import type { TrainView } from "../train/view.ts";
import { trainFacts } from "../train/words.ts";

/** Pictures of single runs, at most. */
const MOST_PICTURES = 8;

const chartOf = ({ runs }: Pick<TrainView, "runs">): Chart =>
  trainingCurves(
    runs.map(({ run, analysis }) => ({
      name: run.name,
      train: run.train,
      valid: run.valid,
      best: analysis.best,
      phases: analysis.phases,
    })),
    runs[0]?.run.axis,
  );

/** One HTML page (see `htmlPage`). */
export function trainPage(view: TrainView): string {
  const { title, runs, formats } = view;
  const several = runs.length > 1;
  const sections = runs.map((each, i) =>
    htmlSection(
      `h-run-${i + 1}`,
      escapeMarkup(visible(each.run.name)),
      [
        several && i >= MOST_PICTURES ? "" : renderFigure(chartOf({ runs: [each] }), { number: i + 2 }),
        htmlDetails(named(trainFacts(each))),
        each.run.notes.length > 0
          ? `<details><summary>${formatPlural(each.run.notes.length, "note")} on the log</summary>${each.run.notes.map((note) => `<p class="soft">${oneLine(note)}</p>`).join("")}</details>`
          : "",
      ].join("\n"),
    ),
  );
  return htmlPage({
    title: `Training: ${title}`,
    lead: oneLine(
      `${formatPlural(runs.length, "run")}${formats.length > 0 ? ` (${formats.join(", ")})` : ""}. Perplexity is exp of the loss in nats; bits are the loss divided by ln 2.`,
    ),
    main: [
      several ? htmlSection("h-all", "All runs", renderFigure(chartOf(view), { number: 1 })) : "",
      ...sections,
    ].join("\n"),
  });
}

/** Facts without a name belong to the one before. */
function named(facts: readonly (readonly [name: string, value: string])[]): [string, string][] {
  const out: [string, string][] = [];
  for (const [name, value] of facts) {
    const before = out.at(-1);
    if (name === "" && before !== undefined) before[1] += ` · ${value}`;
    else out.push([name, value]);
  }
  return out;
}

/** The curves of all runs, as an SVG file. */
export function trainPicture(view: TrainView): string {
  return renderSvg(chartOf(view), { id: "training" });
}
