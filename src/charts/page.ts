/** Pictures as one self-contained page. */
import type { Chart, ChartTable } from "./chart.ts";
import { type ChartDocument, escapeMarkup, serialise } from "./dom.ts";
import { PAGE_STYLE, PAGE_STYLE_HASH } from "./page-style.ts";
import { drawChart } from "./svg.ts";
import { visible } from "./text.ts";

/** A part of a page; what is left out is not there. */
export interface PageSection {
  /** Default: the title of the chart. */
  heading?: string | undefined;
  /** Paragraphs above the picture. */
  text?: string | readonly string[] | undefined;
  chart?: Chart | undefined;
  /** A table of its own; the chart's stands under the picture anyway. */
  table?: ChartTable | undefined;
  /** Names and values, such as what a number was measured with. */
  details?: readonly (readonly [name: string, value: string])[] | undefined;
}

/** Options of `renderPage`. */
export interface PageOptions {
  /** As for `drawChart`. */
  document?: ChartDocument | undefined;
  /** Stands under the title. */
  lead?: string | undefined;
}

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
 * One HTML page: sections with pictures, what they show in words, and their numbers as a table.
 *
 * It has no script, asks the network for nothing, and its content security policy would allow neither. Follows the
 * reader's light or dark preference, has each picture for a screen and for a phone, and prints. Every text is
 * shown as text: no name can bring markup.
 * @throws SurprisalError INVALID_ARGUMENT when there is no document.
 */
export function renderPage(
  title: string,
  sections: readonly PageSection[],
  options: PageOptions = {},
): string {
  const policy = `default-src 'none'; style-src '${PAGE_STYLE_HASH}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="surprisal">
<title>${oneLine(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${oneLine(title)}</h1>
${options.lead === undefined ? "" : `<p class="soft">${oneLine(options.lead)}</p>`}
</header>
<main>
${sections.map((section, i) => renderSection(section, i + 1, options)).join("\n")}
</main>
<footer><p>Made by surprisal. Surprisal is −log₂ of the probability that a model gave to what stands there: 1 bit is an even chance, 10 bits one in a thousand.</p></footer>
</body>
</html>
`;
}

const oneLine = (text: string): string => escapeMarkup(visible(text));

function renderSection(section: PageSection, number: number, options: PageOptions): string {
  const { text = [], chart, table, details } = section;
  // What a chart says is safe to show; its marks of direction are to stay.
  const heading = section.heading === undefined ? chart?.title : visible(section.heading);
  const label = heading === undefined ? "" : ` aria-labelledby="h-${number}"`;
  return `<section${label}>
${heading === undefined ? "" : `<h2 id="h-${number}">${escapeMarkup(heading)}</h2>`}
${[text]
  .flat()
  .map((paragraph) => `<p>${oneLine(paragraph)}</p>`)
  .join("\n")}
${chart ? renderFigure(chart, { ...options, number }) : ""}
${table ? renderTable(table, `Table ${number}: ${escapeMarkup(heading ?? "")}`) : ""}
${details ? `<dl>${details.map(([name, value]) => `<dt>${oneLine(name)}</dt><dd>${oneLine(value)}</dd>`).join("")}</dl>` : ""}
</section>`;
}

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
      : `<details><summary>The numbers as a table</summary>${renderTable(chart.table, `Numbers ${number}: ${title}`)}</details>`;
  return `<p class="soft">${escapeMarkup(chart.summary)}</p><figure>${picture("wide")}${picture("narrow")}</figure>${numbers}`;
}

const FIGURE = /^(?:[<>]?[−-]?\d.*|[–∞]|−∞)$/;

/** @param label as an attribute's value. */
function renderTable({ columns, rows }: ChartTable, label: string): string {
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
  return `<div class="numbers scroll" role="region" tabindex="0" aria-label="${label}"><table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}
