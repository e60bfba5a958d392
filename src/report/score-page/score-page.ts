/** A score as one self-contained page. */
import {
  escapeMarkup,
  formatBits,
  formatCount,
  formatNumber,
  formatPerplexity,
  formatProbability,
  perplexityAndError,
  shorten,
} from "../../text/index.ts";
import { htmlDetails, htmlPage, htmlSection, oneLine } from "../page/skeleton.ts";
import {
  compressors,
  leftOut,
  mostSurprising,
  piecesOf,
  provenance,
  RANK_STYLE,
  type ScoreView,
  type SurprisingToken,
  shadeOf,
  shownMeasures,
  standInLine,
} from "../score/index.ts";
import { dataOf, heatMap } from "./heat-map.ts";
import { pictures } from "./pictures.ts";
import { SCRIPT } from "./script.ts";
import { SCORE_STYLE } from "./style.ts";

export interface ScorePageOptions {
  /** How many of the most surprising tokens to list. Default 20. */
  top?: number | undefined;
}

/**
 * One HTML page (see `htmlPage`): measures, the text with its surprise as colour and an explanation of each token under
 * pointer and keyboard, the most surprising tokens (counted from 1), pictures of them all, and what the score was made with.
 * Its only script is its own; without scripts everything but the explanations is there.
 */
export function scorePage(view: ScoreView, { top = 20 }: ScorePageOptions = {}): string {
  const pieces = piecesOf(view).filter(({ text }) => text !== "");
  const surprising = mostSurprising(view, pieces, top);
  const [number, error] = perplexityAndError(view.perplexity, view.standardError);
  const perplexity = formatPerplexity(view.perplexity, view.standardError);
  const title = [`Perplexity ${perplexity}`, view.model.name, view.title].filter(Boolean).join(" · ");
  const made = provenance(view).map(({ name, value }) => [name, value] as const);
  return htmlPage({
    title,
    heading: `<span class="what">Perplexity</span> <span class="number">${number}</span>${error === null ? "" : ` <span class="error">${error}</span>`}`,
    lead: explanation(view),
    main: [
      measures(view),
      heatMap(view, pieces, surprising),
      surprisingTable(surprising),
      pictures(view),
      compression(view),
      htmlSection("h-made", "How this was measured", htmlDetails(made)),
    ].join("\n"),
    style: SCORE_STYLE + RANK_STYLE,
    script: { code: SCRIPT, data: dataOf(view, pieces, surprising) },
  });
}

const CONTEXT_BEFORE = 36; // columns of text shown beside a surprising token
const CONTEXT_AFTER = 24;

function explanation(view: ScoreView): string {
  const { standIn } = view;
  if (!standIn) return ownWords(view);
  const { name, value } = standInLine(standIn);
  return `${ownWords(view)} It ${name === "estimate" ? "reads in the place of another model: estimate" : name} ${oneLine(value)}.`;
}

function ownWords({ model, perplexity, title }: ScoreView): string {
  const name = oneLine([model.name, model.quantisation].filter(Boolean).join(" "));
  const what = title === undefined ? "this text" : oneLine(title);
  if (perplexity === null) return `${name} has no number for ${what}.`;
  return `To ${name}, each token of ${what} was on average as hard to guess as one of ${formatNumber(perplexity, 3)} equally likely ones.`;
}

function measures(view: ScoreView): string {
  const shown = shownMeasures(view);
  const small = (of: string) =>
    shown.flatMap(({ beside, value }) => (beside?.[0] === of ? [`${beside[1]} ${value}`] : []));
  const cells = [
    ...shown
      .filter(({ beside }) => beside === undefined)
      .map(({ key, name, value }) => [name[0]!.toUpperCase() + name.slice(1), value, small(key).join(" · ")]),
    [
      "Tokens scored",
      formatCount(view.scored),
      [`of ${formatCount(view.tokens)}`, ...leftOut(view)].join("; "),
    ],
  ];
  const cell = ([name, value, more]: string[]) =>
    `<div><dt>${name}</dt><dd>${value}${more && ` <small>${more}</small>`}</dd></div>`;
  return `<dl class="measures">${cells.map(cell).join("")}</dl>`;
}

/** Bits per byte as bars: the model beside the compressors, shortest first. */
function compression(view: ScoreView): string {
  const peers = compressors(view.compression);
  if (peers.length === 0 || view.bitsPerByte === null) return "";
  const model = { name: "this model", bits: view.bitsPerByte, value: formatNumber(view.bitsPerByte, 3) };
  const rows = [model, ...peers].sort((a, b) => a.bits - b.bits);
  const longest = Math.max(...rows.map(({ bits }) => bits));
  const bar = (row: (typeof rows)[number]) =>
    `<div${row === model ? ' class="own"' : ""}><dt>${row.name}</dt><dd><svg aria-hidden="true"><rect rx="3" height="100%" width="${((100 * row.bits) / longest).toFixed(1)}%"/></svg></dd><dd>${row.value}</dd></div>`;
  const bars = `<dl class="bars">${rows.map(bar).join("")}</dl>`;
  return htmlSection("h-compression", "Bits per byte, beside general-purpose compressors", bars);
}

const tokenAsHtml = (label: string): string => `<span class="token">${escapeMarkup(label)}</span>`;

function surprisingTable(tokens: readonly SurprisingToken[]): string {
  if (tokens.length === 0) return "";
  const row = (token: SurprisingToken) => {
    const before = escapeMarkup(shorten(token.before, CONTEXT_BEFORE, "end"));
    const after = escapeMarkup(shorten(token.after, CONTEXT_AFTER));
    const part = token.whole ? "" : ` <span class="soft">(of this, ${tokenAsHtml(token.label)})</span>`;
    const expected = token.expected.map(
      ({ label, probability }) => `<li>${tokenAsHtml(label)} ${formatProbability(probability)}</li>`,
    );
    return `<tr><td class="figure">${formatBits(token.bits)}</td>\
<th scope="row" class="figure"><a href="#t${token.index}">${formatCount(token.index + 1)}</a></th>\
<td class="figure">${formatCount(token.rank || null)}</td>\
<td class="context"><bdi>${before}<mark class="s${shadeOf(token.bits)}">${escapeMarkup(token.text)}</mark>${after}</bdi>${part}</td>\
<td class="expected">${expected.length > 0 ? `<ul>${expected.join(" ")}</ul>` : "–"}</td></tr>`;
  };
  const table = `<div class="scroll" role="region" aria-label="Table of the most surprising tokens" tabindex="0">
<table class="top">
<thead><tr><th scope="col" class="figure">bits</th><th scope="col" class="figure">token</th><th scope="col" class="figure">rank</th><th scope="col">in the text</th><th scope="col">what the model expected instead</th></tr></thead>
<tbody>${tokens.map(row).join("\n")}</tbody>
</table>
</div>`;
  return htmlSection("h-top", "The most surprising tokens", table);
}
