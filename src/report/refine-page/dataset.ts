/** A refined data set: what all samples came to, how they are spread, which were left as they were, and each to open. */
import { renderFigure } from "../../charts/server.ts";
import type { DatasetReport, RefinedSample, UnrefinedSample } from "../../refine/index.ts";
import { formatCount, formatPlural, formatProbability, shorten, visible } from "../../text/index.ts";
import { bar } from "../detect-page/lift.ts";
import { htmlSection, oneLine } from "../page/skeleton.ts";
import { countsText } from "../refine/steps.ts";
import {
  fateOf,
  importanceWords,
  REASONS,
  ratioOf,
  ratioText,
  savedShare,
  savedText,
  worseText,
} from "../refine/words.ts";
import { refinedOf, savedChart } from "./picture.ts";
import { sampleBody, sampleFigures } from "./sample.ts";
import { figures, tableOf, totalsTable } from "./tables.ts";

/** More are not on the page, which says so: a browser has to hold it. */
const MOST_SAMPLES = 500;
const MOST_UNREFINED = 200;
/** Of a name or a message in a table, columns. */
const LONGEST_NAME = 60;
const LONGEST_MESSAGE = 240;

/** The sections of a data set. */
export function datasetSections(report: DatasetReport): string {
  const { samples } = report;
  const chart = savedChart(report);
  const unrefined = samples.filter((sample): sample is UnrefinedSample => sample.outcome !== "refined");
  return [
    totalFigures(report),
    htmlSection("h-saved", oneLine(chart.title), renderFigure(chart, { number: 1 })),
    waysSection(report),
    ...(unrefined.length > 0 ? [unrefinedSection(unrefined, report)] : []),
    samplesSection(refinedOf(samples), report),
  ].join("\n");
}

function totalFigures({ totals, notWritten = [] }: DatasetReport): string {
  const { samples, refined, changed, kept, dropped, steps, tokens, cut, chainChange, answerChange } = totals;
  const left = [
    ...(kept > 0 ? [`${formatCount(kept)} left as ${kept === 1 ? "it was" : "they were"}`] : []),
    ...(dropped > 0 ? [`${formatCount(dropped)} left out`] : []),
    ...(notWritten.length > 0 ? [`${formatCount(notWritten.length)} not written`] : []),
  ];
  const ratio = (change: typeof chainChange) => (change === null ? "–" : ratioText(Math.exp(change.mean)));
  return figures([
    ["Samples", formatCount(samples), [`${formatCount(refined)} weighed`, ...left].join(", ")],
    ["Shorter", formatCount(changed), `of ${formatCount(refined)} weighed`],
    [
      "Tokens of the steps",
      `${formatCount(tokens.before)} → ${formatCount(tokens.after)}`,
      `${savedText(tokens)}${cut === null ? "" : `; of a sample ${formatProbability(cut.mean)}${cut.standardError === null ? "" : ` ± ${(100 * cut.standardError).toFixed(1)}`} on average`}`,
    ],
    [
      "Steps",
      `${formatCount(steps.before)} → ${formatCount(steps.after)}`,
      `${formatCount(steps.removed)} removed, ${formatCount(steps.merged)} merged`,
    ],
    [
      "Perplexity, times the full chains’",
      ratio(chainChange),
      chainChange === null ? "" : `of steps and answer; ln ${worseText(chainChange)} nats`,
    ],
    [
      "Perplexity of the answers, times",
      ratio(answerChange),
      answerChange === null ? "" : `ln ${worseText(answerChange)} nats`,
    ],
  ]);
}

function waysSection({ totals: { baselines } }: DatasetReport): string {
  const words =
    baselines === null
      ? `<p class="soft">Baselines were not scored.</p>`
      : `<p class="soft">The full chains, the shortest steps first, and random removal (${formatPlural(baselines.draws, "draw")} each), with at least as many tokens as are left here: ${formatPlural(baselines.samples, "sample")}. Steps and tokens are means; “worse by” is the mean over samples of ln(perplexity of this way / perplexity of the first), ± its standard error: above 0 this way is worse.</p>${tableOf(totalsTable(baselines.rows), "Ways to cut the data set")}`;
  return htmlSection("h-ways", "Beside other ways", words);
}

function unrefinedSection(samples: readonly UnrefinedSample[], report: DatasetReport): string {
  const reasons = report.totals.reasons.map(
    ({ code, count }) => `${formatCount(count)} ${REASONS[code] ?? code}${REASONS[code] ? ` (${code})` : ""}`,
  );
  const shown = samples.slice(0, MOST_UNREFINED);
  const more =
    samples.length > shown.length
      ? `<p class="soft">… and ${formatCount(samples.length - shown.length)} more; the manifest has all.</p>`
      : "";
  const table = tableOf(
    {
      columns: ["sample", "what became of it", "why"],
      rows: shown.map((sample) => [
        nameOf(sample),
        fateOf(sample, report),
        `${shorten(visible(sample.message), LONGEST_MESSAGE)} (${sample.code})`,
      ]),
    },
    "Samples that were not refined",
  );
  return htmlSection(
    "h-unrefined",
    `${formatPlural(samples.length, "sample")} not refined`,
    `<p class="soft">${oneLine(`${reasons.join("; ")}.`)}</p>${table}${more}`,
  );
}

const nameOf = ({ id, where, index }: Pick<RefinedSample, "id" | "where" | "index">): string =>
  [
    id === null ? formatCount(index + 1) : shorten(visible(String(id)), LONGEST_NAME),
    shorten(visible(where), LONGEST_NAME, "end"),
  ]
    .filter((part) => part !== "")
    .join(" · ");

/** Each sample as a line that opens. */
function samplesSection(refined: readonly RefinedSample[], report: DatasetReport): string {
  if (refined.length === 0) return htmlSection("h-samples", "Samples", `<p>No sample was refined.</p>`);
  const shown = refined.slice(0, MOST_SAMPLES);
  const words = [
    ...importanceWords(report),
    ...(refined.length > shown.length
      ? [
          `The first ${formatCount(shown.length)} of ${formatCount(refined.length)} are shown; the manifest has all.`,
        ]
      : []),
  ];
  const most = Math.max(0.01, ...shown.map(({ tokens }) => savedShare(tokens) ?? 0));
  const items = shown.map((sample) => sampleItem(sample, most, report));
  return htmlSection(
    "h-samples",
    "Samples",
    `${words.map((each) => `<p class="soft">${oneLine(each)}</p>`).join("")}
<div class="order" hidden><label for="order">Order</label> <select id="order"><option value="index">as in the file</option><option value="saved">most tokens saved first</option><option value="ratio">highest ratio of perplexities first</option></select></div>
<div class="samples" id="samples">${items.join("\n")}</div>`,
  );
}

function sampleItem(sample: RefinedSample, most: number, report: DatasetReport): string {
  const { steps, tokens, index, warnings } = sample;
  const left = steps.filter(({ now }) => now !== null).length;
  const ratio = ratioOf(sample, report.measure);
  const saved = savedShare(tokens);
  const sortable = (value: number | null) =>
    value === null || !Number.isFinite(value) ? "" : value.toFixed(6);
  return `<details class="sample" id="s-${index}" data-index="${index}" data-saved="${sortable(saved)}" data-ratio="${ratio === Number.POSITIVE_INFINITY ? "1e300" : sortable(ratio)}"><summary><span class="name"><bdi>${oneLine(nameOf(sample))}</bdi>${warnings.length > 0 ? ` <small class="warned">with a warning</small>` : ""}</span>
<span class="figure">${bar(saved === null ? 0 : Math.max(0, saved), most)} ${oneLine(savedText(tokens))}</span> <span class="figure">${formatCount(steps.length)} → ${formatPlural(left, "step")}</span> <span class="figure">${ratioText(ratio)} ×</span> <span class="soft">${countsText(steps)}</span></summary>
${sampleFigures(sample, report)}
${sampleBody(sample, report)}</details>`;
}

/** Puts samples into another order; without it they stand as in the file. */
export const ORDER_SCRIPT: string = `
"use strict";
const list = document.getElementById("samples");
const select = document.getElementById("order");
if (list && select) {
  select.parentElement.hidden = false;
  select.addEventListener("change", () => {
    const key = select.value;
    const value = (item) => item.dataset[key] === "" ? -Infinity : Number(item.dataset[key]);
    const sign = key === "index" ? 1 : -1;
    list.append(...[...list.children].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      return x === y ? a.dataset.index - b.dataset.index : sign * (x < y ? -1 : 1);
    }));
  });
}
`;
