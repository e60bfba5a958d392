/** A picture or a table inside a page: markup, whose style sheet is `FIGURE_STYLE`. */
import { escapeMarkup, visible } from "../text/index.ts";
import type { Chart, ChartTable } from "./chart.ts";
import { type ChartDocument, serialise } from "./dom.ts";
import { drawChart } from "./svg.ts";

/** Options of `renderFigure`. */
export interface FigureOptions {
  /** As for `drawChart`. */
  document?: ChartDocument | undefined;
  /** Of the picture on its page, from 1; ids and labels have it, so that no two are the same. Default 1. */
  number?: number | undefined;
}

/** Width of the pictures, pixels: on a screen, and on a phone of 360. */
const WIDTHS = { wide: 800, narrow: 336 };

/**
 * A picture inside a page of yours: what it shows in words, the picture for a screen and for a phone, and its numbers
 * as a table behind a summary. The heading is the page's; `FIGURE_STYLE` is the style sheet that it needs.
 * @throws SurprisalError INVALID_ARGUMENT when there is no document.
 */
export function renderFigure(chart: Chart, { document, number = 1 }: FigureOptions = {}): string {
  const title = escapeMarkup(chart.title);
  const picture = (size: keyof typeof WIDTHS) => {
    const width = WIDTHS[size];
    const svg = drawChart(chart, {
      width,
      heading: false,
      id: `c${number}-${size}`,
      document,
    });
    const scrolls = Number(svg.getAttribute("width")) > width;
    const region = scrolls ? ` role="region" tabindex="0" aria-label="Picture ${number}: ${title}"` : "";
    return `<div class="${size}${scrolls ? " scroll" : ""}"${region}>${serialise(svg)}</div>`;
  };
  const numbers =
    chart.table.rows.length === 0
      ? ""
      : `<details><summary>The numbers as a table</summary>${renderTable(chart.table, `Numbers ${number}: ${chart.title}`)}</details>`;
  return `<p class="soft">${escapeMarkup(chart.summary)}</p><figure>${picture("wide")}${picture("narrow")}</figure>${numbers}`;
}

const oneLine = (text: string): string => escapeMarkup(visible(text));

/** What reads as a number. */
const FIGURE = /^(?:[<>]?-?\d.*|–|-?∞)$/;

/**
 * A table of texts inside a page of yours: columns of numbers stand to the right, and where it is too wide it scrolls, from
 * the keyboard too.
 * @param label says what it is, safe to show; two of one page need different ones.
 */
export function renderTable({ columns, rows }: ChartTable, label: string): string {
  const isFigure = columns.map((_, i) => i > 0 && rows.every((row) => FIGURE.test(row[i] ?? "")));
  const style = (i: number) => (isFigure[i] ? ' class="figure"' : "");
  const head = columns.map((column, i) => `<th scope="col"${style(i)}>${oneLine(column)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === 0
        ? `<th scope="row"><bdi>${oneLine(cell)}</bdi></th>`
        : `<td${style(i)}><bdi>${oneLine(cell)}</bdi></td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div class="numbers scroll" role="region" tabindex="0" aria-label="${escapeMarkup(label)}"><table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}
