/** Methods against each other, as one self-contained page: a picture and a table for each set of answers. */

import type { MeasureEstimate } from "../../calibrate/index.ts";
import { rankingChart, renderFigure, renderSvg } from "../../charts/server.ts";
import { escapeMarkup, formatCount, formatPlural, visible } from "../../text/index.ts";
import type { Benched, BenchedMethod } from "../../uncertainty/index.ts";
import { htmlDetails, htmlPage, htmlSection, oneLine } from "../page/skeleton.ts";
import { SCORE_STYLE } from "../score-page/style.ts";
import type { BenchSection, BenchView } from "./view.ts";

/** One HTML page (see `htmlPage`). */
export function benchPage({ title, model, sections, families, prices, details, notes }: BenchView): string {
  return htmlPage({
    title: `Uncertainty methods on ${title}`,
    lead: oneLine(
      `${model === null ? "No model was run." : `Model: ${visible(model)}.`} AUROC: how often a right answer is less uncertain than a wrong one; 0.5 says nothing. Methods share a rank where the interval of their paired difference has 0 in it.`,
    ),
    main: [
      ...sections.map((section, i) => sectionOf(section, i, { families, prices })),
      htmlSection(
        "h-made",
        "How this was made",
        htmlDetails([...details, ...notes.map((note): [string, string] => ["note", note])]),
      ),
    ].join("\n"),
    style: SCORE_STYLE + TABLE_STYLE,
  });
}

/** Wide tables scroll by themselves, names break between words alone, an interval stands beneath its value. */
const TABLE_STYLE = `
.scroll{overflow-x:auto;margin-block-start:1.5rem}
.top{overflow-wrap:normal}
.top tbody th{min-inline-size:11rem}
.top small{font-weight:400}
.top .figure small{display:block}
.top .reason{white-space:normal;min-inline-size:12rem;text-align:start}
`;

/** The picture of one set of answers: a dot with its interval for each method, best first. */
export function benchPicture(benched: Benched): string {
  return renderSvg(chartOf(benched), { id: "bench" });
}

const chartOf = ({ methods, n }: Benched) =>
  rankingChart(
    methods
      .flatMap(({ name, auroc: { value, low, high } }) =>
        value === null ? [] : [{ name, auroc: value, low, high, n }],
      )
      .toSorted((a, b) => b.auroc - a.auroc),
  );

function sectionOf(
  { name, benched }: BenchSection,
  i: number,
  { families, prices }: Pick<BenchView, "families" | "prices">,
): string {
  const rows = benched.methods.map((method) => {
    const { tokensRead = null, tokensWritten = null, seconds = null } = prices[method.name] ?? {};
    const tokens =
      tokensRead === null && tokensWritten === null ? null : (tokensRead ?? 0) + (tokensWritten ?? 0);
    const cells = [
      withInterval(method.auroc),
      withInterval(method.auprcWrong),
      withInterval(method.prr),
      eceOf(method),
      tokens === null ? "–" : formatCount(Math.round(tokens)),
      seconds === null ? "–" : seconds.toFixed(seconds < 1 ? 3 : 1),
    ];
    const family = families[method.name] ?? "own";
    return `<tr><td class="figure">${method.rank}</td><th scope="row">${oneLine(method.name)} <small class="soft">${oneLine(family)}</small></th>${cells.map((cell) => `<td class="figure">${cell}</td>`).join("")}</tr>`;
  });
  const { n, right, groups, silent } = benched;
  return htmlSection(
    `h-set-${i}`,
    escapeMarkup(visible(name)),
    `<p class="soft">${oneLine(`${formatPlural(n, "answer")}, ${formatCount(right)} right${groups === null ? "" : `, ${formatPlural(groups, "group")}`}.${silent.length > 0 ? ` Without a number: ${silent.join(", ")}.` : ""}`)}</p>
${renderFigure(chartOf(benched), { number: i + 1 })}
<div class="scroll" role="region" aria-label="${oneLine(`Methods on ${name}`)}" tabindex="0">
<table class="top">
<thead><tr><th scope="col" class="figure">rank</th><th scope="col">method</th>${["AUROC", "AUPRC of wrong ones", "PRR", "ECE, held out", "tokens", "seconds"].map((each) => `<th scope="col" class="figure">${each}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table>
</div>`,
  );
}

const withInterval = ({ value, low, high }: MeasureEstimate): string =>
  value === null
    ? "–"
    : `${value.toFixed(3)}${low === null || high === null ? "" : ` <small class="soft">${low.toFixed(2)} to ${high.toFixed(2)}</small>`}`;

const eceOf = ({ ece, eceReason }: BenchedMethod): string =>
  ece === null ? `<small class="soft reason">${oneLine(eceReason ?? "–")}</small>` : withInterval(ece);
