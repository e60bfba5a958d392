/** Examined answers, what is suspected in them and why, as one self-contained page. */

import { rankingChart, renderFigure } from "../../charts/server.ts";
import type { ConfidentErrorReport, ShareOf } from "../../detect/index.ts";
import { escapeMarkup, formatCount, formatNumber, formatPlural, visible } from "../../text/index.ts";
import { confidentErrorText } from "../detect/errors.ts";
import type { DetectedAnswer, DetectionView, SignalRanking } from "../detect/view.ts";
import { htmlDetails, htmlPage, htmlSection, oneLine } from "../page/skeleton.ts";
import { SCORE_STYLE } from "../score-page/style.ts";
import { answerList, answerSection, titleOf } from "./answer.ts";
import { DETECT_SCRIPT } from "./script.ts";
import { DETECT_STYLE } from "./style.ts";

/** More are not on the page, which says so: a browser has to hold it. */
const MOST_ANSWERS = 500;
const MOST_LISTED_ERRORS = 20;

/**
 * One HTML page (see `htmlPage`): how well signals tell wrong answers from right ones where labels are known, the confident errors,
 * and each answer with its suspected spans as links to their reasons, the lift of its tokens as heat, and its documents as bars.
 */
export function detectionPage(view: DetectionView): string {
  const { title, model, answers, ranking, confidentErrors, details, notes } = view;
  const shown = answers.slice(0, MOST_ANSWERS);
  const labelled = answers.filter(({ correct }) => correct !== null);
  const wrong = labelled.filter(({ correct }) => !correct).length;
  const suspected = answers.filter(({ spans }) => spans.length > 0).length;
  const lead = [
    `${formatPlural(answers.length, "answer")}${model === null ? ", no model was run" : ` with ${visible(model)}`}; ${formatCount(suspected)} with suspected spans.`,
    ...(labelled.length > 0
      ? [`${formatCount(wrong)} of ${formatCount(labelled.length)} with a label are wrong.`]
      : []),
    ...(answers.length > shown.length ? [`The first ${formatCount(MOST_ANSWERS)} are shown.`] : []),
    "A marked span is a reason to look, not a proof; what is not marked is not thereby true.",
  ].join(" ");
  return htmlPage({
    title: `Suspected in ${title}`,
    lead: oneLine(lead),
    main: [
      ...(ranking === null || ranking.length === 0 ? [] : [rankingSection(ranking)]),
      ...(confidentErrors === null ? [] : [errorSection(confidentErrors, answers, shown.length)]),
      ...(shown.length > 1 ? [`<section>${answerList(shown)}</section>`] : []),
      ...shown.map((answer, i) => answerSection(answer, i, shown.length)),
      htmlSection(
        "h-made",
        "How this was made",
        htmlDetails([...details, ...notes.map((note): [string, string] => ["note", note])]),
      ),
    ].join("\n"),
    style: SCORE_STYLE + DETECT_STYLE,
    script: { code: DETECT_SCRIPT, data: null },
  });
}

function rankingSection(ranking: readonly SignalRanking[]): string {
  const chart = rankingChart(
    ranking.flatMap(({ name, auroc, n }) =>
      auroc.value === null ? [] : [{ name, auroc: auroc.value, low: auroc.low, high: auroc.high, n }],
    ),
  );
  return htmlSection("h-ranking", escapeMarkup(chart.title), renderFigure(chart, { number: 1 }));
}

/** Wrong answers that the model found likely: how many, which, and what else would have caught them. */
function errorSection(
  report: ConfidentErrorReport,
  answers: readonly DetectedAnswer[],
  shown: number,
): string {
  const { signals, errors, any, falseAlarms } = report;
  const row = (name: string, caught: ShareOf, alarms: ShareOf) =>
    `<tr><th scope="row">${oneLine(name)}</th><td class="figure">${countText(caught)}</td><td class="figure">${countText(alarms)}</td></tr>`;
  const rows = [
    ...signals.map((each) => row(each.signal, each.caught, each.falseAlarms)),
    row("any of them", any.caught, any.falseAlarms),
  ];
  const table =
    signals.length === 0 || errors.length === 0
      ? ""
      : `<p>At ${formatNumber(100 * falseAlarms, 3)}% false alarms a signal would have caught:</p>
<div class="scroll" role="region" aria-label="What would have caught the confident errors" tabindex="0"><table class="top caught">
<thead><tr><th scope="col">signal</th><th scope="col" class="figure">confident errors caught</th><th scope="col" class="figure">right answers suspected</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
  const places = errors.map(({ id }) => Number(id)).filter((place) => place < shown);
  const listed = places.slice(0, MOST_LISTED_ERRORS);
  const links = listed.map(
    (place) => `<li><a href="#h-${place}">${escapeMarkup(titleOf(answers[place]!, place))}</a></li>`,
  );
  const rest = errors.length - listed.length;
  const list = links.length === 0 ? "" : `<ul class="answers">${links.join("\n")}</ul>`;
  const more = rest > 0 ? `<p class="soft">... and ${formatCount(rest)} more.</p>` : "";
  return htmlSection(
    "h-errors",
    "Confident errors",
    `<p>${oneLine(confidentErrorText(report))}</p>\n${table}${list}${more}`,
  );
}

const countText = ({ count, of }: ShareOf): string => `${formatCount(count)} of ${formatCount(of)}`;
